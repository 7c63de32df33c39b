"""What the database itself refuses while a ledger is recovered, and after."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from flows.settings.sections import Settings
from sql.approvals import approve
from sql.claims import ready_heads
from sql.recovery import hold_unfinished, record_proofs, recovering_events, recovering_left
from tests.registered import EARN, UPDATE, add_events, add_run
from tests.sql.rows import rows_of
from transforms.recover.proofs import Proof
from transforms.vocabulary import How, State, Target

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def hold(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        hold_unfinished(connection, run_id="first", now=NOW)


def prove(ledger: Ledger, state: State, how: How = How.SERVICE, lane: str = "mindbody:-99:100000002") -> None:
    with ledger.begin() as connection:
        events = recovering_events(connection, lane)
        proofs = [Proof(event.event_id, state, how, "because", {"shown": 1}) for event in events]
        record_proofs(connection, events, proofs, run_id="first", now=NOW)


def change(ledger: Ledger, statement: str) -> None:
    with ledger.begin() as connection:
        connection.execute(text(statement))


@pytest.fixture
def event_id(ledger: Ledger, ledger_settings: Settings) -> str:
    (event,) = add_events(ledger, ledger_settings, [EARN], add_run(ledger, "first"))
    return str(event.event_id)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE events SET state = 'held'", id="held without a recovery"),
        pytest.param("UPDATE events SET attempt_id = 0", id="an attempt that nobody knows"),
        pytest.param("UPDATE events SET reward_version = 9", id="another place in the history"),
        pytest.param("UPDATE events SET action_at = '2026-01-01 00:00:00'", id="another time"),
    ],
)
def test_an_event_that_is_to_be_sent_stays_as_it_is(ledger: Ledger, event_id: str, statement: str) -> None:
    with pytest.raises(DBAPIError):
        change(ledger, statement)
    assert rows_of(ledger, "SELECT event_id, state FROM events") == [(event_id, "ready")]


def test_a_held_event_is_posted_by_its_proof_alone(ledger: Ledger, event_id: str) -> None:
    hold(ledger)
    post = "UPDATE events SET state = 'posted', attempt_id = 0, state_run_id = 'first'"
    with pytest.raises(DBAPIError, match="without proof"):
        change(ledger, post)
    prove(ledger, State.POSTED)
    kept = rows_of(ledger, "SELECT state, attempt_id, compared_at IS NULL FROM events")
    assert [(state, attempt, bool(unseen)) for state, attempt, unseen in kept] == [("posted", 0, False)]
    assert rows_of(ledger, "SELECT decided, how FROM recoveries") == [("posted", "service")]
    moves = rows_of(ledger, "SELECT from_state, to_state FROM transitions ORDER BY transition_id")
    assert moves == [("ready", "held"), ("held", "posted")]


def test_a_proof_that_it_is_held_posts_nothing(ledger: Ledger, event_id: str) -> None:
    hold(ledger)
    prove(ledger, State.HELD, How.NOT_SHOWN)
    with pytest.raises(DBAPIError, match="without proof"):
        change(ledger, "UPDATE events SET state = 'posted', attempt_id = 0, state_run_id = 'first'")
    with ledger.begin() as connection:
        approve(connection, event_id, by="Ann", now=NOW)
    assert rows_of(ledger, "SELECT state FROM events") == [("ready",)]


def test_proofs_are_append_only(ledger: Ledger, event_id: str) -> None:
    hold(ledger)
    prove(ledger, State.HELD)
    for statement in ("DELETE FROM recoveries", "UPDATE recoveries SET decided = 'posted'"):
        with pytest.raises(DBAPIError, match="append-only"):
            change(ledger, statement)


def test_nobody_approves_what_was_not_looked_at(ledger: Ledger, event_id: str) -> None:
    hold(ledger)
    with pytest.raises(DBAPIError, match="not looked at it yet"), ledger.begin() as connection:
        approve(connection, event_id, by="Ann", now=NOW)


def test_nothing_of_a_client_is_claimed_before_it_was_looked_at(
    ledger: Ledger, ledger_settings: Settings, event_id: str
) -> None:
    hold(ledger)
    others = [{**EARN, "Points": 11}, {**EARN, "ClientId": "100000003"}]
    of_client, of_another = add_events(ledger, ledger_settings, others, "first", "later.csv")
    with ledger.begin() as connection:
        heads = ready_heads(connection, Target.MINDBODY, "-99", 10, run_id="first")
    assert [head.event_id for head in heads] == [of_another.event_id]
    claim = "UPDATE events SET state = 'sending', attempt_id = 1, lease_until = '2026-03-02 12:00:00'"
    with pytest.raises(DBAPIError, match="not looked at its client yet"):
        change(ledger, f"{claim} WHERE event_id = '{of_client.event_id}'")


def test_an_update_gives_its_place_up_and_gets_the_next_one_when_it_is_proved(
    ledger: Ledger, ledger_settings: Settings
) -> None:
    (event,) = add_events(ledger, ledger_settings, [UPDATE], add_run(ledger, "first"))
    hold(ledger)
    assert rows_of(ledger, "SELECT state, reward_version FROM events") == [("held", None)]
    prove(ledger, State.POSTED, lane=event.lane)
    assert rows_of(ledger, "SELECT state, reward_version FROM events") == [("posted", 1)]


def test_what_a_person_had_discarded_comes_back_by_no_plan(ledger: Ledger, event_id: str) -> None:
    hold(ledger)
    prove(ledger, State.DISCARDED, How.SNAPSHOT)
    assert rows_of(ledger, "SELECT state, state_run_id FROM events") == [("discarded", None)]
    with ledger.begin() as connection:
        assert recovering_left(connection).events == 0
