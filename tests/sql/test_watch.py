"""What puts an event under watch is the ledger's own: whatever path a second request takes, it has an attempt."""

from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger, connect_ledger, upgrade_ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.migrate import _config
from sql.tables import UtcDateTime
from sql.tables.attempts import answers, attempts
from sql.tables.events import events
from sql.watch import end_watch_of_client, end_watch_of_rewards, watched_clients, watched_events
from tests.registered import EARN, UPDATE, add_events, add_run

NOW = utc_now().replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def event_id(ledger: Ledger, ledger_settings: Settings) -> str:
    add_run(ledger, "run")
    (event,) = add_events(ledger, ledger_settings, [EARN], "run")
    return str(event.event_id)


def attempt(ledger: Ledger, event_id: str, at: Any = NOW, **answer: Any) -> None:
    """Write an attempt, and how it ended if it did."""
    with ledger.begin() as connection:
        row = {"event_id": event_id, "run_id": "run", "claimed_at": at, "lease_until": at, "fingerprint": "f"}
        attempt_id = connection.execute(insert(attempts).values(row).returning(attempts.c.attempt_id)).scalar_one()
        if answer:
            connection.execute(insert(answers).values(attempt_id=attempt_id, answered_at=at, **answer))


def watched(ledger: Ledger) -> dict[str, int]:
    with ledger.begin() as connection:
        return {row.event_id: row.requests for row in watched_events(connection)}


@pytest.mark.parametrize(
    ("first", "is_watched"),
    [
        pytest.param({}, True, id="no answer was recorded"),
        pytest.param({"verdict": "unknown"}, True, id="the answer was lost"),
        pytest.param({"verdict": "unknown", "http_status": 503}, True, id="503"),
        pytest.param({"verdict": "unknown", "http_status": 200}, True, id="an answer that nobody can read"),
        pytest.param({"verdict": "refused", "http_status": 400}, True, id="refused, and tried again by a person"),
        pytest.param({"verdict": "posted", "http_status": 200}, True, id="confirmed, and sent again by whatever fault"),
        pytest.param({"verdict": "retry", "http_status": 400}, True, id="refused with its batch"),
        pytest.param({"verdict": "retry", "http_status": 429}, False, id="429"),
        pytest.param({"verdict": "unauthorized", "http_status": 401}, False, id="401"),
        pytest.param({"verdict": "retry"}, False, id="no connection was made"),
    ],
)
def test_a_second_request_puts_an_event_under_watch_where_the_first_may_have_left(
    ledger: Ledger, event_id: str, first: dict[str, Any], is_watched: bool
) -> None:
    attempt(ledger, event_id, **first)
    assert watched(ledger) == {}
    attempt(ledger, event_id, NOW + HOUR)
    assert watched(ledger) == ({event_id: 2} if is_watched else {})


def test_a_further_request_begins_the_watch_anew(ledger: Ledger, event_id: str) -> None:
    for hours in (0, 1):
        attempt(ledger, event_id, NOW + hours * HOUR)
    span = {"since_at": NOW - timedelta(days=9999), "until_at": NOW, "read_at": NOW + 30 * HOUR}
    with ledger.begin() as connection:
        end_watch_of_client(connection, "-99", EARN["ClientId"], **span, due_at=NOW)
        assert len(watched_clients(connection)) == 1  # its last request is younger than the grace time
        end_watch_of_client(connection, "-99", EARN["ClientId"], **span, due_at=NOW + HOUR)
        assert watched_clients(connection) == []
    attempt(ledger, event_id, NOW + 40 * HOUR)
    assert watched(ledger) == {event_id: 3}


def test_a_watch_never_ends_before_it_began(ledger: Ledger, event_id: str) -> None:
    for hours in (0, 1):
        attempt(ledger, event_id, NOW + hours * HOUR)
    ended = events.update().where(events.c.event_id == event_id).values(watch_over_at=NOW)
    with pytest.raises(DBAPIError, match="watch_begun"), ledger.begin() as connection:
        connection.execute(ended)


def test_all_updates_are_looked_at_by_one_reading(ledger: Ledger, ledger_settings: Settings) -> None:
    add_run(ledger, "run")
    (update,) = add_events(ledger, ledger_settings, [UPDATE], "run")
    for hours in (0, 1):
        attempt(ledger, update.event_id, NOW + hours * HOUR)
    with ledger.begin() as connection:
        end_watch_of_rewards(connection, read_at=NOW + HOUR, due_at=NOW)
        assert len(watched_events(connection)) == 1
        end_watch_of_rewards(connection, read_at=NOW + 30 * HOUR, due_at=NOW + HOUR)
        assert watched_events(connection) == []


def test_a_ledger_of_before_watches_what_it_had_sent_twice(ledger_settings: Settings) -> None:
    with connect_ledger(ledger_settings) as ledger:
        with ledger.begin() as connection:
            command.upgrade(_config(connection), "0016")
            at = bindparam("at", NOW, type_=UtcDateTime())
            for statement in (_RUN, _FILE):
                connection.execute(text(statement).bindparams(at))
            for event_id in ("once", "twice"):
                connection.execute(text(_EVENT).bindparams(at, event_id=event_id))
            for event_id in ("once", "twice", "twice"):
                connection.execute(text(_ATTEMPT).bindparams(at, event_id=event_id))
        upgrade_ledger(ledger)
        with ledger.begin() as connection:
            found = connection.execute(select(events.c.event_id, events.c.watch_from_at).order_by("event_id")).all()
        assert [tuple(row) for row in found] == [("once", None), ("twice", NOW)]


_RUN = "INSERT INTO runs (run_id, kind, started_at) VALUES ('run', 'nightly', :at)"
_FILE = """
INSERT INTO files (sha256, default_site_id, name, run_id, registered_at, rows_read, accepted, duplicate, held, rejected)
VALUES ('a', '', 'a.csv', 'run', :at, 2, 2, 0, 0, 0)
"""
_EVENT = """
INSERT INTO events (event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points,
    action_at, is_dated, file_id, ordinal, row_number, run_id, registered_at, order_at, first_state, state, state_at)
VALUES (:event_id, 'earned', 'mindbody', '-99', :event_id, :event_id, 1, :event_id, 'Earned', 5, :at,
    true, 1, 1, 1, 'run', :at, :at, 'ready', 'ready', :at)
"""
_ATTEMPT = """
INSERT INTO attempts (event_id, run_id, claimed_at, lease_until, fingerprint) VALUES (:event_id, 'run', :at, :at, 'f')
"""
