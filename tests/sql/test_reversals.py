"""No entry is taken back twice at once, whatever the code does."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from sql.approvals import approve, discard
from sql.reversals import Entry, Request, plan_reversal
from tests.sql.rows import earned, register, rows_of
from transforms.vocabulary import Action

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def entry(ledger: Ledger) -> Entry:
    register(ledger, "a", [earned()])
    ((event_id,),) = rows_of(ledger, "SELECT event_id FROM events")
    return Entry("-99", "000123", Action.EARNED, 10, event_id=event_id)


def plan(ledger: Ledger, entry: Entry, tries: int = 0) -> str:
    again = Entry(**{**vars(entry), "tries": tries})
    run_id = f"reverse-{tries}"
    with ledger.begin() as connection:
        plan_reversal(connection, run_id, [again], Request("reversal of a", "Ann", "wrong file", NOW))
    ((event_id,),) = rows_of(ledger, "SELECT event_id FROM events WHERE run_id = :run_id", run_id=run_id)
    return str(event_id)


def test_plan_reversal_holds_the_opposite(ledger: Ledger, entry: Entry) -> None:
    event_id = plan(ledger, entry)
    columns = "kind, action, points, source, state, state_reason"
    reason = f"takes back event {entry.event_id}, asked for by Ann: wrong file"
    found = rows_of(ledger, f"SELECT {columns} FROM events WHERE event_id = :e", e=event_id)  # noqa: S608
    assert found == [("redeemed", "Redeemed", 10, None, "held", reason)]


def test_approve_gives_a_reversal_the_time_of_the_approval(ledger: Ledger, entry: Entry) -> None:
    event_id = plan(ledger, entry)
    with ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=datetime(2026, 3, 9, 8, 30, 0, 500_000, tzinfo=UTC))
    ((action_at,),) = rows_of(ledger, "SELECT CAST(action_at AS TEXT) FROM events WHERE event_id = :e", e=event_id)
    assert action_at.startswith("2026-03-09 08:30:00")


@pytest.mark.parametrize("tries", [0, 1])
def test_a_second_reversal_is_refused_while_the_first_is_alive(ledger: Ledger, entry: Entry, tries: int) -> None:
    plan(ledger, entry)
    with pytest.raises(DBAPIError, match=r"taken back already|UNIQUE|unique"):
        plan(ledger, entry, tries)


def test_a_next_try_is_made_where_the_first_was_discarded(ledger: Ledger, entry: Entry) -> None:
    first = plan(ledger, entry)
    with ledger.begin() as connection:
        discard(connection, first, by="Kim", now=NOW)
    assert plan(ledger, entry, 1) != first


@pytest.mark.parametrize("statement", ["DELETE FROM reversals", "UPDATE reversals SET reason = 'x'"])
def test_reversals_are_append_only(ledger: Ledger, entry: Entry, statement: str) -> None:
    plan(ledger, entry)
    with pytest.raises(DBAPIError, match="append-only"):
        rows_of(ledger, statement)
