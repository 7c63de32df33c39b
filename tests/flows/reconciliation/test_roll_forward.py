"""The books close every night: what is changed behind the ledger's back, on whichever side, makes the next run red."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from flows.cli.breaks.deciding import run_decision
from flows.ledger.connection import open_ledger
from flows.ledger.summary import ReconcileSummary
from flows.runs.reconcile import reconcile as reconcile_run
from flows.sandbox import start_sandbox
from sql.break_decisions import Verb
from tests.flows.workplace import Workplace, earned, open_workplace

SEPTEMBER = date(2026, 9, 1), date(2026, 9, 30)


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(faults="phantom=200000002,phantom=200000004", options=("--extra-clients", "9")) as found:
        yield found


def night(folder: Path, ready: dict[str, Any], matched: str, phantom: str) -> Workplace:
    """One night with an event that matches, and a break of 30 points."""
    workplace = open_workplace(folder, ready)
    workplace.put("a.csv", earned(matched), earned(phantom, 30))
    assert workplace.run().totals["ties_out"]
    return workplace


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> Workplace:
    return night(tmp_path_factory.mktemp("night"), ready, "200000001", "200000002")


@pytest.fixture
def workplace(tmp_path: Path, shared: Workplace) -> Workplace:
    """A copy of the night that each test may spoil."""
    shutil.copytree(shared.folder, tmp_path, dirs_exist_ok=True)
    return Workplace(tmp_path, shared.ready)


def change(workplace: Workplace, table: str, values: str) -> None:
    """Change a table as somebody with the database in hand can: past tieout and its triggers."""
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
        for name in connection.execute(named, {"table": table}).scalars().all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.exec_driver_sql(f"UPDATE {table} SET {values}")  # noqa: S608 - the tests' own words


def reconcile(workplace: Workplace) -> ReconcileSummary:
    return reconcile_run(workplace.settings)


@pytest.mark.long
def test_an_unchanged_ledger_ties_out_night_after_night(workplace: Workplace) -> None:
    first, again = reconcile(workplace), reconcile(workplace)
    assert [(ended.ties_out, ended.opening, ended.open) for ended in (first, again)] == [(True, 1, 1), (True, 1, 1)]


@pytest.mark.parametrize(
    ("table", "values", "told"),
    [
        pytest.param("breaks", "state = 'closed', closed_run_id = opened_run_id", "Breaks is off", id="a break closed"),
        pytest.param("breaks", "points = 31", "Points in breaks", id="the points of a break"),
        pytest.param("closing_lines", "open_count = 2", "Breaks is off", id="a closing"),
        pytest.param("closing_lines", "points = points + 1", "Points in breaks is off", id="the points of a closing"),
        pytest.param("break_moves", "move = 'closed', move_id = move_id + 9", "Breaks is off", id="a move"),
        pytest.param(
            "files", "accepted = accepted + 1, rows_read = rows_read + 1", "All runs: accepted rows is off", id="file"
        ),
        pytest.param("batches", "points = points + 1", "All runs: accepted points is off", id="batch"),
        pytest.param("batches", "event_count = event_count - 1", "All runs: accepted events is off", id="batch count"),
        pytest.param("events", "points = points + 1", "All runs: accepted points is off", id="ledger"),
    ],
)
def test_a_change_behind_the_ledgers_back_is_red(workplace: Workplace, table: str, values: str, told: str) -> None:
    change(workplace, table, values)
    ended = reconcile(workplace)
    assert (ended.ties_out, int(ended.exit_code)) == (False, 1)
    assert told in ended.lines[0]


def test_what_is_changed_at_the_service_is_a_break_and_the_rest_ties(tmp_path: Path, ready: dict[str, Any]) -> None:
    workplace = night(tmp_path, ready, "200000003", "200000004")
    by_hand = {"ClientId": "200000003", "Action": "Redeemed", "Points": 4, "ActionDateTime": "2026-01-01T00:00:00Z"}
    workplace.talk.post_json("/sandbox/desk/transactions", by_hand)
    ended = reconcile_run(workplace.settings, *SEPTEMBER)
    assert (ended.ties_out, ended.breaks) == (True, {"missing_remote": 1, "unexpected_remote": 1})
    (row,) = workplace.rows("SELECT points, detail FROM breaks WHERE class = 'unexpected_remote'")
    assert row["points"] == 4
    assert "-4 points on days that were not read" in row["detail"]
    assert reconcile_run(workplace.settings, *SEPTEMBER).breaks == ended.breaks


@pytest.mark.long
def test_what_people_decide_in_between_is_a_line_of_the_roll_forward(workplace: Workplace) -> None:
    (break_id,) = workplace.breaks()
    run_decision(workplace.config, Verb.RESOLVE, break_id, "Ann", "entered_by_hand: paid out by hand")
    ended = reconcile(workplace)
    assert (ended.ties_out, ended.opening, ended.opened, ended.closed, ended.open) == (True, 1, 0, 1, 0)
    run_decision(workplace.config, Verb.REOPEN, break_id, "Ann", "mistake: it was not")
    ended = reconcile(workplace)
    assert (ended.ties_out, ended.opening, ended.opened, ended.closed, ended.open) == (True, 0, 1, 0, 1)
