"""What nobody could look at is told as that, everywhere, and never as "it is not there"."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.cli.report import run_report
from flows.cli.settle import run_ruling
from flows.ledger.summary import Summary
from flows.runs.reconcile import reconcile as reconcile_run
from flows.runtime.errors import ExitCode, WrongUsage
from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace, earned, open_workplace

LOST, DOWN = "200000001", "200000002"
WHO = f"client {LOST} of site -99"


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The answer about one client is lost, and neither of two histories can be read."""
    faults = f"drop_after={LOST}*1,read_503={LOST},read_503={DOWN}"
    with start_sandbox(state=tmp_path / "sandbox.db", faults=faults, options=("--extra-clients", "9")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    return open_workplace(tmp_path, ready, database_url=database_url)


def one_night(workplace: Workplace) -> Summary:
    workplace.put("a.csv", earned(LOST), earned(DOWN), earned("200000003"))
    return workplace.run()


def record(ended: Summary) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ended.report.with_suffix(".json").read_text("utf-8"))
    return told


def event_in_doubt(workplace: Workplace) -> str:
    (row,) = workplace.rows("SELECT event_id FROM events WHERE state = 'unknown'")
    return str(row["event_id"])


@pytest.mark.long
def test_an_event_whose_history_could_not_be_read_is_not_told_as_missing(workplace: Workplace) -> None:
    ended = one_night(workplace)
    told = record(ended)
    (broken,) = [row for row in told["breaks"] if row["class"] == "unknown"]
    assert "Nobody could look" in broken["detail"]
    assert "503" in broken["detail"]
    assert "it could not be read back" in told["waiting"][0]["reason"]
    page = ended.report.with_suffix(".html").read_text("utf-8")
    assert "no such entry" not in page + json.dumps(told)


def test_what_was_not_read_stands_in_headline_json_and_sheets(workplace: Workplace) -> None:
    ended = one_night(workplace)
    not_read = ended.to_json()["not_read"]
    assert [set(one) for one in not_read] == [{"what", "why"}] * 2
    assert {one["what"] for one in not_read} == {WHO, f"client {DOWN} of site -99"}
    assert all("status 503" in one["why"] for one in not_read)
    told = record(ended)
    assert told["not_read"] == not_read
    assert "2 not read" in told["verdict"]
    # It finished, and they wait for a person: the site itself was read.
    assert (ended.exit_code, ended.failures) == (ExitCode.NEEDS_A_PERSON, ())


@pytest.mark.long
def test_a_reconciliation_tells_what_it_could_not_read(workplace: Workplace) -> None:
    one_night(workplace)
    ended = reconcile_run(workplace.settings, since=date(2026, 9, 1))
    assert {one.what for one in ended.not_read} == {WHO, f"client {DOWN} of site -99"}
    assert ended.exit_code is ExitCode.NEEDS_A_PERSON


def test_nobody_rules_not_posted_of_what_nobody_looked_at(workplace: Workplace) -> None:
    one_night(workplace)
    event_id = event_in_doubt(workplace)
    with pytest.raises(WrongUsage, match=r"Nobody has looked .* --looked") as caught:
        run_ruling(workplace.config, event_id, False, "Ann", "the report shows none", as_json=True)
    assert "\n" not in str(caught.value)
    assert event_in_doubt(workplace) == event_id
    run_ruling(workplace.config, event_id, False, "Ann", "not on her card", has_looked=True, as_json=True)
    (kept,) = workplace.rows("SELECT evidence FROM settlements WHERE decided = 'ready'")
    assert json.loads(kept["evidence"])["has_looked"] is True


@pytest.mark.long
def test_what_a_person_saw_as_posted_needs_no_more_words(workplace: Workplace) -> None:
    one_night(workplace)
    run_ruling(workplace.config, event_in_doubt(workplace), True, "Ann", "seen on her card", as_json=True)
    assert workplace.rows("SELECT state FROM events WHERE state = 'unknown'") == []


def test_a_file_that_cannot_be_read_is_not_read_and_ends_in_3(workplace: Workplace) -> None:
    (workplace.inbox / "broken.xlsx").write_bytes(b"PK\x03\x04 broken")
    ended = workplace.run()
    assert [one["what"] for one in ended.to_json()["not_read"]] == ["broken.xlsx"]
    assert ended.exit_code is ExitCode.COULD_NOT_RUN
    assert "1 not read" in record(ended)["verdict"]


@pytest.mark.long
def test_a_report_of_what_was_not_read_is_the_same_again(workplace: Workplace) -> None:
    ended = one_night(workplace)
    before = {path.name: path.read_bytes() for path in ended.report.parent.iterdir() if ".marked." not in path.name}
    assert int(run_report(workplace.config, ended.run_id)) == 1
    assert {name: (ended.report.parent / name).read_bytes() for name in before} == before


@pytest.mark.long
def test_what_is_read_after_all_is_no_more_told_as_not_read(tmp_path: Path, database_url: str) -> None:
    with start_sandbox(state=tmp_path / "s.db", faults=f"drop_after={LOST}*1,read_503={LOST}*2",
                       options=("--extra-clients", "9")) as ready:  # fmt: skip
        workplace = open_workplace(tmp_path, ready, database_url=database_url)
        ended = one_night(workplace)
    assert ended.to_json()["not_read"] == []
