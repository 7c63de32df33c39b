"""Every table says what it is of, and every total leads to the one that it must equal, in every form."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from flows.ledger.connection import open_ledger
from flows.reports.equal_totals.all_totals import equal_totals, unequal
from flows.reports.equal_totals.leads import leads
from flows.reports.figures import by_day
from flows.reports.report import Report
from flows.reports.sheets.tables import tables
from flows.reports.snapshots import read_snapshot
from flows.reports.summary import sections
from flows.reports.table import Block
from flows.reports.terminal import summary_lines
from flows.runs.reconcile import reconcile
from flows.sandbox import start_sandbox
from tests.flows.command import Command
from tests.flows.reports import samples
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

# Sums that no other table counts: of events of several runs, and of balances, which are another thing than points.
ALONE = {
    ("Unknown and held", "earned"),
    ("Unknown and held", "redeemed"),
    ("Unknown and held", "amount"),
    ("Not posted", "earned"),
    ("Not posted", "redeemed"),
    ("Not posted", "amount"),
    ("Under watch", "earned"),
    ("Under watch", "redeemed"),
    ("Under watch", "amount"),
    ("What became of every event", "how_many"),
    *((table, key) for table in ("By client", "Balances") for key in ("others", "taken_back", "without_entry")),
    *(("Balances", key) for key in ("opening", "closing")),
    ("By client", "difference"),
    ("By night", "breaks_events"),
    ("By night", "difference_events"),
    ("By night", "breaks_points"),
    ("By night", "difference_points"),
}
# The first answer of this client is lost: the balance begins after it, and 5 of 40 points stood by the client.
LOST = "200000001"


@dataclass(frozen=True)
class Ended:
    workplace: Workplace
    night: Report
    period: Report
    folder: Path


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    folder = tmp_path_factory.mktemp("totals")
    with start_sandbox(
        state=folder / "sandbox.db", faults=f"mb:drop_after={LOST}*1", options=("--extra-clients", "6")
    ) as ready:
        workplace = open_workplace(folder, ready)
        rows = [earned(LOST, 35), earned(LOST, 5, "2026-09-22T17:00:00Z"), redeemed("200000002", 3)]
        workplace.put("a.csv", *rows, earned("200000002", 9), earned("nobody", 4), "200000003,x,Earned,Sale,,")
        night = workplace.run()
        period = reconcile(workplace.settings, date(2026, 9, 1), date(2026, 9, 30))
        with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
            of_night = read_snapshot(workplace.settings, connection, night.run_id)
            of_period = read_snapshot(workplace.settings, connection, period.run_id)
        yield Ended(workplace, of_night, of_period, night.report.parent)


def blocks(report: Report) -> list[Block]:
    return [*sections(report), *tables(report)]


@pytest.mark.parametrize("made", ["night", "period", "sample"])
def test_every_table_says_its_scope(ended: Ended, made: str) -> None:
    report = samples.report() if made == "sample" else getattr(ended, made)
    assert [block.name for block in blocks(report) if not block.scope] == []


def test_every_total_leads_to_the_one_that_it_must_equal(ended: Ended) -> None:
    found = {(block.name, column.key) for block in blocks(ended.night) for column in block.columns if column.total}
    lead = {(block, column) for block, line, column in leads(ended.night) if not line}
    assert found - lead <= ALONE
    assert len(found & lead) > 20


def test_all_totals_are_equal_and_one_line_that_is_lost_shows(ended: Ended) -> None:
    for report in (ended.night, ended.period):
        assert [one for one in equal_totals(report) if one.difference] == []
    shorter = samples.report(
        **{name: getattr(ended.night, name) for name in ("walk", "posted", "nights", "not_posted", "waiting")}
        | {"totals": ended.night.totals, "balances": ended.night.balances[1:]}
    )
    assert "By client: points earned" in {one["name"] for one in unequal(shorter)}


def test_by_client_adds_up_to_what_was_posted(ended: Ended) -> None:
    by_client = ended.night.balances.set_index("client_id")
    assert by_client["earned"].to_dict() == {LOST: 40, "200000002": 9}
    assert by_client["redeemed"].sum() == 3


def test_a_period_tells_no_zeros_of_files_that_it_did_not_take_in(ended: Ended) -> None:
    names = {block.name for block in sections(ended.period)}
    assert not names & {"Where every row went", "What became of every event", "Source ids"}
    assert not [line for line in summary_lines(ended.period) if re.search("rows read|points earned|accepted", line)]
    proof = ended.period.ties["name"].tolist()
    assert "Accepted rows" not in proof
    assert "All runs: accepted rows" in proof


def test_the_page_and_the_workbook_lead_from_a_total_to_the_other(ended: Ended) -> None:
    page = next(ended.folder.glob("*.html")).read_text(encoding="utf-8")
    (link,) = re.findall(r'<a href="#walk-posted" title="Must equal Walk, = posted, points earned: 49">49</a>', page)
    assert 'id="walk-posted"' in page
    assert link
    book = load_workbook(ended.folder / f"{ended.night.run_id}.xlsx")
    headings = [cell.value for cell in book["Posted"][4]]
    total = book["Posted"].cell(3, headings.index("Points earned") + 1)
    assert total.value.startswith("=SUBTOTAL(109,")
    sheet, _, cell = total.hyperlink.location.replace("'", "").partition("!")
    assert book[sheet][cell].value == 49
    assert book[sheet][cell].hyperlink.location.startswith("'Posted'!")


def test_every_row_behind_a_line_of_the_walk_names_its_cell(ended: Ended) -> None:
    record = json.loads(next(ended.folder.glob("*.json")).read_text(encoding="utf-8"))
    told = [line for name in ("posted", "refused", "rejected", "breaks") for line in record[name]]
    assert len(told) > 5
    assert {(line["file"], line["row"] > 1) for line in told} == {("a.csv", True)}
    walked = next(block for block in sections(ended.night) if block.name == "Walk").frame
    dark = walked[walked["sheet"].eq("") & walked.filter(like="_events").ne(0).any(axis="columns")]
    assert dark["step"].tolist() == []


@pytest.mark.parametrize(
    ("zones", "days"),
    [
        pytest.param((("1", "America/Los_Angeles"), ("2", "Europe/Paris")), ["2026-09-20", "2026-09-21"], id="each"),
        pytest.param((("1", "Europe/Paris"), ("2", "America/Los_Angeles")), ["2026-09-21", "2026-09-20"], id="swapped"),
    ],
)
def test_by_day_is_by_the_clock_of_each_site(zones: tuple[tuple[str, str], ...], days: list[str]) -> None:
    # Half past two at night in UTC: the evening before on one coast, the morning on the other.
    at = datetime(2026, 9, 21, 2, 30, tzinfo=UTC)
    posted = samples.posted(2).assign(site_id=["1", "2"], action_at=pd.Series([at, at]))
    report = samples.report(posted=posted, zones=zones, timezone="UTC")
    assert by_day(report).set_index("site_id")["day"].to_dict() == dict(zip(["1", "2"], days, strict=True))
    shown = next(block for block in tables(report) if block.name == "Posted").frame
    assert shown["action_local"].dt.strftime("%Y-%m-%d").tolist() == days


@pytest.mark.parametrize("asked", [["report", "latest"], ["month", "2026-09"]])
def test_a_night_and_a_month_are_written_for_the_binder(
    ended: Ended, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paper, folder = tmp_path / "b.pdf", tmp_path / "tables"
    tieout = Command(monkeypatch, capsys)
    told = tieout(*asked, "--config", ended.workplace.config, "--pdf", paper, "--csv", folder)
    assert (told.code < 2, f"pdf: {paper}" in told.out) == (True, True)
    assert len(re.findall(rb"/Type /Page\b", paper.read_bytes())) == 2
    assert "= posted" in next(folder.glob("*-walk.csv")).read_text(encoding="utf-8")
