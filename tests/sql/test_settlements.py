from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, update

from flows.ledger.connection import Ledger
from sql.breaks import update_breaks
from sql.runs import start_run
from sql.settlements import double_times
from sql.tables.attempts import attempts
from sql.tables.decisions import reversals
from sql.tables.events import events
from tests.sql.rows import earned, register, rows_of

ACTED_AT = datetime(2026, 2, 1, 10, tzinfo=UTC)
FOUND = {
    "break_id": "b1",
    "class": "unexpected_remote",
    "target": "mindbody",
    "site_id": "-99",
    "client_id": "000123",
    "points": 10,
    "action_at": ACTED_AT,
}


class Doubtful:
    """What settling knows of the one event that `night` has registered."""

    site_id, client_id, action, points, source, source_id = "-99", "000123", "Earned", 10, "Sale", None
    event_id = "e1"


def doubles(connection: Connection) -> list[datetime]:
    around = timedelta(days=1)
    return double_times(connection, Doubtful(), ACTED_AT - around, ACTED_AT + around)  # type: ignore[arg-type]


@pytest.fixture
def night(ledger: Ledger) -> Ledger:
    with ledger.begin() as connection:
        start_run(connection, "night-1", "nightly", ACTED_AT)
        update_breaks(connection, [FOUND], [], run_id="night-1", now=ACTED_AT)
    return ledger


def test_an_entry_that_is_nobodys_may_be_a_double(night: Ledger) -> None:
    with night.begin() as connection:
        assert doubles(connection) == [ACTED_AT]


def test_an_entry_that_is_there_no_more_is_no_double(night: Ledger) -> None:
    with night.begin() as connection:
        update_breaks(connection, [], ["b1"], run_id="night-1", now=ACTED_AT)
        assert doubles(connection) == []


def test_an_entry_that_was_offset_is_still_there(night: Ledger) -> None:
    register(night, "offset.csv", [earned("000124")])
    ((event_id,),) = rows_of(night, "SELECT event_id FROM events")
    with night.begin() as connection:
        update_breaks(connection, [], ["b1"], run_id="night-1", now=ACTED_AT)
        attempt = {"event_id": event_id, "run_id": "night-1", "claimed_at": ACTED_AT, "lease_until": ACTED_AT}
        connection.execute(insert(attempts), {**attempt, "fingerprint": "f"})
        connection.execute(update(events).values(state="sending", attempt_id=1, lease_until=ACTED_AT))
        connection.execute(update(events).values(state="posted"))
        offset = {"event_id": event_id, "break_id": "b1", "nth": 1, "requested_at": ACTED_AT}
        connection.execute(insert(reversals), {**offset, "requested_by": "tieout", "reason": "offset"})
        assert doubles(connection) == [ACTED_AT]
