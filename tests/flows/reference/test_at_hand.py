"""Cross checks on the way of the rows: from a file to the report, against a real sandbox."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from flows.intake.check import check_file
from flows.intake.source_ids import check_again
from flows.intake.source_ids import swept as swept_first
from flows.ledger.connection import open_ledger
from flows.ledger.summary import Summary
from flows.runs.upload import upload as upload_run
from flows.runtime.errors import ExitCode
from flows.sandbox import start_sandbox
from flows.services.mindbody.lookups import Asker
from tests.flows.workplace import Workplace, open_workplace
from transforms.reference.reference import Reference

RIGHT = "100000005,5,Earned,Sale,9002,2026-09-06T20:00:00Z"
ANOTHERS = "100000005,5,Earned,Sale,9001,2026-09-06T20:00:00Z"
MISSING = "100000001,5,Earned,Class Booking,7999,2026-09-06T20:00:00Z"
REVERSED = "100000004,5,Earned,Referral,100000003,2026-09-06T20:00:00Z"
UNNAMED = "100000006,5,Earned,Sale,,2026-09-06T20:00:00Z"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path_factory.mktemp("gather") / "sandbox.db") as ready:
        yield ready


def place(folder: Path, ready: dict[str, Any], reference: str = "", **choices: Any) -> Workplace:
    opened = open_workplace(folder, ready, **choices)
    with opened.config.open("a", encoding="utf-8") as config:
        config.write(f"\n[reference]\n{reference}\n")
    return opened


def put_extract(workplace: Workplace, name: str, text: str, hours_old: float = 0) -> Path:
    path = workplace.folder / "reference" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - 3600 * hours_old,) * 2)
    return path


def codes(workplace: Workplace) -> list[str]:
    return [row["code"] for row in workplace.rows("SELECT code FROM rejections ORDER BY row_number")]


def findings(workplace: Workplace) -> dict[tuple[str, str], int]:
    rows = workplace.rows("SELECT subject, finding, sum(row_count) AS n FROM source_id_checks GROUP BY 1, 2")
    return {(row["subject"], row["finding"]): row["n"] for row in rows}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all reference reads, in order; they are made all the same."""
    paths: list[str] = []
    ask = Asker.ask

    async def note(self: Asker, path: str, params: Any) -> dict[str, Any]:
        paths.append(path)
        return await ask(self, path, params)

    monkeypatch.setattr(Asker, "ask", note)
    return paths


@pytest.mark.long
def test_run_without_reference_data_leaves_all_to_the_service_and_says_so(tmp_path, ready, asked):
    workplace = place(tmp_path, ready)
    workplace.put("rows.csv", ANOTHERS.replace("20:00", "20:01"), UNNAMED)
    ended = workplace.run()
    assert (ended.totals["rejected"], ended.totals["refused"], asked) == (0, 1, [])
    assert "Source ids: all 1 left to the service (no reference data about sales: 1)." in ended.lines
    assert findings(workplace) == {("sales", "no_data"): 1}


@pytest.mark.long
def test_run_rejects_by_an_extract_and_sends_nothing_of_it(tmp_path, ready, asked):
    workplace = place(tmp_path, ready)
    put_extract(workplace, "sales.csv", "Sale ID,Client ID\n9001,000000123\n9002,100000005\n")
    workplace.put("rows.csv", RIGHT, ANOTHERS, MISSING.replace("20:00", "20:02"))
    ended = workplace.run()
    assert (codes(workplace), ended.totals["refused"], asked) == (["source_id_other_client"], 1, [])
    assert findings(workplace) == {
        ("sales", "confirmed"): 1, ("sales", "source_id_other_client"): 1, ("visits", "no_data"): 1,
    }  # fmt: skip


def test_run_sweeps_and_rejects_what_the_service_would_refuse(tmp_path, ready, asked):
    workplace = place(tmp_path, ready, "sweep = true")
    workplace.put("rows.csv", *(row.replace("20:00", "20:03") for row in (RIGHT, ANOTHERS, MISSING, REVERSED, UNNAMED)))
    ended = workplace.run()
    assert codes(workplace) == ["source_id_other_client", "source_id_not_found", "referral_reversed"]
    assert (ended.totals["posted"], ended.totals["refused"], ended.totals["ties_out"]) == (2, 0, True)
    # Sales of the day, and 9001, which is of another; the client's visits around the day, and all; referrals.
    assert sorted(asked) == ["client/clients", *["client/clientvisits"] * 2, *["sale/sales"] * 2]


def test_sweep_is_asked_once_while_it_is_fresh(tmp_path, ready, asked):
    workplace = place(tmp_path, ready, "sweep = true")
    workplace.put("monday.csv", ANOTHERS, MISSING)
    workplace.run()
    first = len(asked)
    workplace.put("tuesday.csv", ANOTHERS.replace("5,Earned", "6,Earned"), MISSING.replace("5,Earned", "6,Earned"))
    workplace.run()
    assert (len(asked), codes(workplace).count("source_id_not_found")) == (first, 2)


@pytest.mark.long
def test_sweep_is_asked_again_when_it_is_no_longer_fresh(tmp_path, ready, asked):
    workplace = place(tmp_path, ready, "sweep = true\nfresh_hours = 0.00001")
    for name, points in (("monday.csv", 5), ("tuesday.csv", 6)):
        workplace.put(name, ANOTHERS.replace("5,Earned", f"{points},Earned"))
        workplace.run()
        time.sleep(0.04)
    assert asked == ["sale/sales", "sale/sales"]


@pytest.mark.long
def test_sweep_asks_nothing_about_events_that_the_ledger_has(tmp_path, ready, asked):
    workplace = place(tmp_path, ready)
    row = RIGHT.replace("20:00", "20:04")
    workplace.put("monday.csv", row)
    workplace.run()
    switched_on = workplace.config.read_text(encoding="utf-8").replace("[reference]", "[reference]\nsweep = true")
    workplace.configure(switched_on)
    workplace.put("tuesday.csv", row, UNNAMED.replace("20:00", "20:04"))
    assert (workplace.run().totals["duplicate"], asked) == (1, [])


@pytest.mark.long
def test_sweep_leaves_the_calls_that_posting_needs(tmp_path, ready, asked):
    workplace = place(tmp_path, ready, "sweep = true", calls_per_day=8)
    workplace.put("rows.csv", RIGHT.replace("20:00", "20:05"), UNNAMED.replace("20:00", "20:05"))
    ended = workplace.run()
    assert (ended.totals["posted"], asked) == (2, [])
    assert any("the rest of today's calls is kept for posting" in line for line in ended.lines)


@pytest.mark.long
def test_sweep_that_fails_leaves_the_check_to_the_service(tmp_path):
    with start_sandbox(state=tmp_path / "sandbox.db", faults="read_503=9002*1") as ready:
        workplace = place(tmp_path, ready, "sweep = true", max_tries=1)
        workplace.put("rows.csv", RIGHT)
        ended = workplace.run()
    assert (ended.totals["posted"], ended.failures) == (1, ())
    assert any(line.startswith("reference data could not be read: Mindbody could not be read") for line in ended.lines)


@pytest.mark.long
def test_wrong_extract_is_a_failure_of_its_own_and_the_run_goes_on(tmp_path, ready):
    workplace = place(tmp_path, ready)
    put_extract(workplace, "sales.csv", "SaleId,ClientId\nten,100000005\n")
    workplace.put("rows.csv", RIGHT.replace("20:00", "20:06"))
    ended = workplace.run()
    assert (ended.totals["posted"], ended.exit_code) == (1, ExitCode.COULD_NOT_RUN)
    assert ended.failures[0].startswith("reference/sales.csv: SaleId must be a whole number")


@pytest.mark.long
def test_old_extract_is_not_used_and_the_report_says_so(tmp_path, ready):
    workplace = place(tmp_path, ready, "fresh_hours = 2")
    put_extract(workplace, "sales.csv", "SaleId,ClientId\n9002,100000009\n", hours_old=3)
    workplace.put("rows.csv", RIGHT.replace("20:00", "20:07"))
    ended = workplace.run()
    assert (ended.totals["rejected"], findings(workplace)) == (0, {("sales", "too_old"): 1})
    assert any("sales.csv was last changed 3 hours ago" in line for line in ended.lines)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> tuple[Workplace, Summary]:
    workplace = place(tmp_path_factory.mktemp("swept"), ready, "sweep = true")
    rows = [row.replace("20:00", "20:08") for row in (RIGHT, ANOTHERS, UNNAMED)]
    file = workplace.put("../rows.csv", *rows)
    return workplace, upload_run(workplace.settings, file)


@pytest.mark.long
def test_upload_sweeps_too(swept: tuple[Workplace, Summary]):
    workplace, ended = swept
    assert (ended.totals["posted"], codes(workplace)) == (2, ["source_id_other_client"])
    assert "Source ids: 2 of 2 checked, 1 of them wrong." in ended.lines


@pytest.mark.long
def test_report_shows_what_was_checked(swept: tuple[Workplace, Summary]):
    _, ended = swept
    cells = [
        str(cell.value) for row in load_workbook(ended.report)["Summary"].iter_rows() for cell in row if cell.value
    ]
    assert "Source ids: the rows of the files that this run took in" in cells
    assert {"Checked, right", "Checked, another's"} <= set(cells)
    told = json.loads(ended.report.with_suffix(".json").read_text(encoding="utf-8"))["source_ids"]
    assert {(line["finding"], line["row_count"]) for line in told} == {("confirmed", 1), ("source_id_other_client", 1)}


@pytest.mark.long
def test_what_a_person_is_asked_about_was_swept_before(tmp_path, ready, asked):
    workplace = place(tmp_path, ready, "sweep = true")
    file = workplace.put("../rows.csv", ANOTHERS.replace("20:00", "20:09"), UNNAMED.replace("20:00", "20:09"))
    with open_ledger(workplace.settings) as ledger:
        checked, notes = swept_first(workplace.settings, ledger, check_file(workplace.settings, file, None))
        assert (checked.file_totals.rejected, notes, asked) == (1, (), ["sale/sales"])
    upload_run(workplace.settings, file, approved=checked)
    assert (codes(workplace), asked) == (["source_id_other_client"], ["sale/sales"])


def test_check_again_keeps_what_it_was_where_the_file_is_another_by_now(tmp_path, ready):
    workplace = place(tmp_path, ready)
    file = workplace.put("rows.csv", RIGHT)
    checked = check_file(workplace.settings, file, None)
    workplace.put("rows.csv", RIGHT, UNNAMED)
    assert check_again(workplace.settings, checked, Reference()) is checked
    file.unlink()
    assert check_again(workplace.settings, checked, Reference()) is checked
