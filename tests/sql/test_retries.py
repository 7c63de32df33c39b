"""A ledger of the version before goes on: what it has refused can be tried again after its migration."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from flows.ledger.connection import Ledger, connect_ledger, upgrade_ledger
from flows.settings.sections import Settings
from sql.approvals import Superseded, approve
from sql.event_decisions import Said, changed_decision
from sql.lock import take_turn
from sql.migrate import _config
from sql.retries import ChangedSince, Which, events_to_retry, refused_ids, retry
from tests.sql.rows import NOW, earned, later, register, rows_of, update

SENT = """
INSERT INTO attempts (event_id, run_id, claimed_at, lease_until, fingerprint)
SELECT event_id, run_id, registered_at, registered_at, 'f' FROM events
"""
ANSWERED = """
INSERT INTO answers (attempt_id, answered_at, verdict, code, message)
SELECT attempt_id, claimed_at, 'refused', 'ClientNotFound', 'There is no such client.' FROM attempts
"""
# As that version wrote them.
A_RUN = "INSERT INTO runs (run_id, kind, started_at) VALUES ('run', 'nightly', '2026-11-01 03:00:00')"
A_FILE = """
INSERT INTO files (sha256, default_site_id, name, run_id, registered_at, rows_read, accepted, duplicate, held, rejected)
VALUES ('a', '', 'a.csv', 'run', '2026-11-01 03:00:00', 2, 2, 0, 0, 0)
"""
AN_EVENT = """
INSERT INTO events (event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points,
    action_at, is_dated, file_id, ordinal, row_number, run_id, registered_at, order_at, first_state, state, state_at)
VALUES (:event_id, 'earned', 'mindbody', '-99', :event_id, :event_id, 1, :event_id, 'Earned', 5, '2026-11-01 03:00:00',
    true, 1, 1, 1, 'run', '2026-11-01 03:00:00', '2026-11-01 03:00:00', 'ready', 'ready', '2026-11-01 03:00:00')
"""
MOVED = """
UPDATE events SET state = :state, state_reason = 'There is no such client.', lease_until = state_at,
    attempt_id = (SELECT max(attempt_id) FROM attempts WHERE attempts.event_id = events.event_id)
"""


def run(ledger: Ledger, statement: str, **values: Any) -> None:
    with ledger.begin() as connection:
        connection.execute(text(statement), values)


def refuse_all(ledger: Ledger) -> None:
    """Let the service refuse all that is ready."""
    run(ledger, SENT)
    run(ledger, ANSWERED)
    for state in ("sending", "refused"):
        run(ledger, MOVED, state=state)


@pytest.fixture
def old(ledger_settings: Settings) -> Ledger:
    """A ledger as version 0010 left it, with two refused events of one client and one of another."""
    ledger = connect_ledger(ledger_settings)
    with ledger.begin() as connection:
        take_turn(connection)
        command.upgrade(_config(connection), "0010")
    return ledger


def test_a_filled_ledger_of_the_version_before_is_migrated_and_goes_on(old: Ledger) -> None:
    with old:
        for statement in (A_RUN, A_FILE):
            run(old, statement)
        for event_id in ("a", "b"):
            run(old, AN_EVENT, event_id=event_id)
        refuse_all(old)
        upgrade_ledger(old)
        with old.begin() as connection:
            (first, _) = refused_ids(connection, Which(code="clientnotfound"))
            (event,) = events_to_retry(connection, [first])
            retry(connection, {first: event.attempt_id}, Said("Ann", NOW, "made since"), about="event")
        assert rows_of(old, "SELECT state FROM events ORDER BY state") == [("ready",), ("refused",)]


def test_retry_moves_nothing_where_one_event_is_not_as_it_was_shown(ledger: Ledger) -> None:
    register(ledger, "a", [earned("a", points=1), earned("b", points=2)])
    refuse_all(ledger)
    attempts = dict(rows_of(ledger, "SELECT event_id, attempt_id FROM events"))
    shown = {event_id: attempt_id + 7 * (event_id == max(attempts)) for event_id, attempt_id in attempts.items()}
    with pytest.raises(ChangedSince, match=max(attempts)), ledger.begin() as connection:
        retry(connection, shown, Said("Ann", NOW, "made since"), about="two events")
    assert rows_of(ledger, "SELECT DISTINCT state FROM events") == [("refused",)]
    assert rows_of(ledger, "SELECT * FROM event_decisions") == []


def test_an_update_that_is_held_before_another_try_is_not_approved_over_a_later_one(ledger: Ledger) -> None:
    register(ledger, "a", [update(amount="25")])
    refuse_all(ledger)
    ((event_id, attempt_id),) = rows_of(ledger, "SELECT event_id, attempt_id FROM events")
    with ledger.begin() as connection:
        retry(connection, {event_id: attempt_id}, Said("Ann", NOW, "open again"), about="event")
    run(ledger, "UPDATE events SET state = 'held', reward_version = NULL")
    register(ledger, "b", [update(amount="30")], now=later(5))
    with pytest.raises(Superseded, match="came after it for the same reward"), ledger.begin() as connection:
        approve(connection, event_id, by="Kim", now=later(6))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE decided_events SET state = 'held'",
        "DELETE FROM decided_events",
        "UPDATE event_decisions SET reason = 'x'",
    ],
)
def test_a_history_of_decisions_that_was_changed_shows(ledger: Ledger, change: str) -> None:
    register(ledger, "a", [earned("a", points=1), earned("b", points=2)])
    refuse_all(ledger)
    attempts = dict(rows_of(ledger, "SELECT event_id, attempt_id FROM events"))
    with ledger.begin() as connection:
        retry(connection, attempts, Said("Ann", NOW, "made since"), about="two events")
        assert changed_decision(connection) is None
    _drop_guards(ledger)
    run(ledger, change)
    with ledger.begin() as connection:
        assert changed_decision(connection) == 1


def _drop_guards(ledger: Ledger) -> None:
    for table in ("decided_events", "event_decisions"):
        with ledger.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
                continue
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
