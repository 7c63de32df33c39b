"""Try to break each invariant of the ledger: the database itself must refuse, whatever the code does."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from tests.sql.rows import earned, guards_of, register, rows_of, update
from transforms.vocabulary import TRANSITIONS, State


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """A ledger with two events of client a, one of b, an update (1 accepted, 1 held), a duplicate and a rejection."""
    return fill(ledger)


@pytest.fixture(scope="module")
def untouched(shared_ledger: Ledger) -> Ledger:
    """The same for all tests that leave it as it is: the database refuses what they try."""
    return fill(shared_ledger)


def fill(ledger: Ledger) -> Ledger:
    of_clients = [earned("a", points=1), earned("a", points=2), earned("b", points=3)]
    register(ledger, "first", [*of_clients, update(amount="25")])
    register(ledger, "second", [earned("b", points=3), update(amount="30")], rejected=1)
    register(ledger, "third", [update(amount="25"), {**earned("b"), "receipt": "x"}])
    run(ledger, ATTEMPT)
    run(ledger, "INSERT INTO answers (attempt_id, answered_at, verdict) VALUES (1, '2026-01-01 00:00:00', 'posted')")
    return ledger


ATTEMPT = """
INSERT INTO attempts (event_id, run_id, claimed_at, lease_until, fingerprint)
SELECT event_id, run_id, registered_at, registered_at, 'f' FROM events WHERE points = 1
"""


def run(ledger: Ledger, statement: str, **values: Any) -> None:
    with ledger.begin() as connection:
        connection.execute(text(statement), values)


def run_together(ledger: Ledger, *statements: str) -> None:
    with ledger.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def claim(points: int, state: str = "sending") -> str:
    change = f"state = '{state}', attempt_id = 1, lease_until = state_at"
    return f"UPDATE events SET {change} WHERE points = {points}"  # noqa: S608


COPIED = (
    "kind", "target", "site_id", "client_id", "action", "action_at", "is_dated", "file_id", "run_id", "registered_at",
    "order_at", "first_state", "state", "state_at",
)  # fmt: skip


def new_event(**changed: str) -> str:
    """Insert a copy of the event of 1 point, changed."""
    own = {"event_id": "'new'", "lane": "'lane'", "content_key": "'key'", "occurrence": "1", "points": "5"}
    values = {column: column for column in COPIED} | own | {"ordinal": "99", "row_number": "99"} | changed
    columns, copied = ", ".join(values), ", ".join(values.values())
    return f"INSERT INTO events ({columns}) SELECT {copied} FROM events WHERE points = 1"  # noqa: S608


BREAKERS = [
    pytest.param(new_event(kind="'gift'"), "kind_known", id="a kind that nobody knows"),
    pytest.param(new_event(target="'elsewhere'"), "target_known|shape", id="a service that nobody knows"),
    pytest.param(new_event(state="'lost'", attempt_id="1"), "state_known", id="a state that nobody knows"),
    pytest.param(new_event(state="'held'", held_for="'luck'"), "held_for_known", id="held for what nobody knows"),
    pytest.param(new_event(held_for="'plan'"), "held_for_while_held", id="ready, and held for its plan"),
    pytest.param(new_event(first_state="'posted'"), "first_state_known", id="born as posted"),
    pytest.param(new_event(state="'posted'"), "attempted", id="posted without an attempt"),
    pytest.param(new_event(points="0"), "points_positive", id="no points"),
    pytest.param(new_event(points="-5"), "points_positive", id="negative points"),
    pytest.param(new_event(client_id="NULL"), "shape", id="an earn without a client"),
    pytest.param(new_event(action="'Returned'"), "shape", id="an action that cannot be posted"),
    pytest.param(new_event(action_at="NULL"), "shape", id="an earn without a time"),
    pytest.param(new_event(reward_id="'r'"), "shape", id="an earn that is an update too"),
    pytest.param(
        new_event(action="'Redeemed'", source="'Sale'"), "source_only_when_earned", id="a source when redeemed"
    ),
    pytest.param(new_event(reward_version="1"), "versioned", id="a place in a history of rewards for an earn"),
    pytest.param(new_event(file_id="99"), "file_id|FOREIGN KEY", id="an event of no file"),
    pytest.param(new_event(run_id="'another run'"), "run_id|FOREIGN KEY", id="an event of another run than its file"),
    pytest.param(
        "UPDATE events SET state = 'sending', attempt_id = 1 WHERE points = 1",
        "claimed",
        id="on its way without a claim",
    ),
    pytest.param(claim(1) + " OR points = 2", "one_in_flight|events.lane", id="two of one client in flight"),
    pytest.param(
        "UPDATE events SET state = 'ready', reward_version = 2 WHERE state = 'held'",
        "reward_version",
        id="two updates in one place of the history",
    ),
    pytest.param("UPDATE events SET state = 'ready' WHERE state = 'held'", "versioned", id="approved without a place"),
    pytest.param("UPDATE events SET points = 7 WHERE points = 1", "rewritten", id="other points"),
    pytest.param("UPDATE events SET client_id = 'c' WHERE points = 1", "rewritten", id="another client"),
    pytest.param("UPDATE events SET amount = '99' WHERE amount = '30'", "rewritten", id="another amount"),
    pytest.param("UPDATE events SET action_at = registered_at WHERE points = 1", "rewritten", id="another time"),
    pytest.param("UPDATE events SET reward_version = 9 WHERE amount = '30'", "rewritten", id="another place"),
    pytest.param("DELETE FROM events WHERE points = 3", "rewritten", id="an event gone"),
    pytest.param("UPDATE files SET accepted = accepted + 1", "rows_tie", id="a row lost between file and ledger"),
    pytest.param(
        "INSERT INTO files (sha256, default_site_id, name, run_id, registered_at, rows_read, accepted, duplicate, held,"
        " rejected) SELECT sha256, default_site_id, 'copy', run_id, registered_at, 0, 0, 0, 0, 0 FROM files"
        " WHERE file_id = 1",
        "sha256",
        id="the same content twice",
    ),
    pytest.param(
        "INSERT INTO answers (attempt_id, answered_at, verdict) VALUES (1, '2026-01-01 00:00:00', 'posted')",
        "answers",
        id="two answers to one attempt",
    ),
    pytest.param(
        "INSERT INTO answers (attempt_id, answered_at, verdict) VALUES (2, '2026-01-01 00:00:00', 'fine')",
        "verdict_known|FOREIGN KEY",
        id="a verdict that nobody knows",
    ),
]


@pytest.mark.parametrize(("statement", "refusal"), BREAKERS)
def test_tables_refuse(untouched: Ledger, statement: str, refusal: str) -> None:
    before = rows_of(untouched, "SELECT * FROM events ORDER BY event_id")
    with pytest.raises(DBAPIError, match=refusal):
        run(untouched, statement)
    assert rows_of(untouched, "SELECT * FROM events ORDER BY event_id") == before


def test_tables_take_the_event_that_the_breakers_change(filled: Ledger) -> None:
    run(filled, new_event())
    assert rows_of(filled, "SELECT points FROM events WHERE event_id = 'new'") == [(5,)]


APPEND_ONLY = {
    "transitions": "reason",
    "attempts": "fingerprint",
    "answers": "verdict",
    "duplicates": "reason",
    "rejections": "code",
    "batches": "points",
}


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {column} = {column}"], ids=["delete", "update"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_history_is_append_only(untouched: Ledger, table: str, statement: str) -> None:
    change = statement.format(table, column=APPEND_ONLY[table])
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        # A move to speak of; it is taken back with what is refused.
        run_together(untouched, claim(1), change)


SENT = [State.READY, State.SENDING]
DECISION = """
INSERT INTO event_decisions
(decision_id, at, actor, verb, reason, about, events_count, events_hash, previous_hash, hash)
VALUES (1, '2026-01-01 00:00:00', 'Kim', 'retry', 'client made since', 'event', 1, 'e', '', 'h')
"""
A_PERSONS_WORD = """
INSERT INTO decided_events (decision_id, event_id, state, attempt_id)
SELECT 1, event_id, 'refused', attempt_id FROM events WHERE points = 500
"""
LISTED = """
INSERT INTO recovering (event_id, target, site_id, lane, has_time, around_at)
SELECT event_id, target, site_id, lane, is_dated, action_at FROM events WHERE points = 500
"""
PROOF = """
INSERT INTO recoveries (event_id, run_id, at, decided, how, reason, evidence)
SELECT event_id, run_id, registered_at, 'posted', 'service', 'counted', '{}' FROM events WHERE points = 500
"""
# What the database wants to see before an event moves so.
SEEN_BEFORE = {
    (State.REFUSED, State.READY): A_PERSONS_WORD,
    (State.UNKNOWN, State.HELD): LISTED,
    (State.HELD, State.POSTED): PROOF,
}
REFUSED_AND_READY = [State.READY, State.SENDING, State.REFUSED, State.READY]
OF_WHAT_IS_TRIED_AGAIN = {(State.REFUSED, State.READY), (State.READY, State.HELD)}


def tried_again(state: State) -> str:
    return f"UPDATE events SET state = '{state}', read_run_id = '' WHERE points = 500"  # noqa: S608


WAY_FROM_HELD = {
    State.HELD: [],
    State.DISCARDED: [State.DISCARDED],
    State.READY: [State.READY],
    State.SENDING: SENT,
    State.POSTED: [*SENT, State.POSTED],
    State.REFUSED: [*SENT, State.REFUSED],
    State.UNKNOWN: [*SENT, State.UNKNOWN],
}
NOT_ALLOWED = {
    before: [after for after in State if after is not before and (before, after) not in TRANSITIONS] for before in State
}
LAST_STEP = "SELECT from_state, to_state FROM transitions ORDER BY transition_id DESC LIMIT 1"


@pytest.fixture
def held(filled: Ledger) -> Ledger:
    """A ledger in which the event of 500 points is held."""
    register(filled, "held", [earned("h", points=500)], guards=guards_of(max_points_per_event=400))
    # It goes from state to state below without the queries that end what it waits for.
    run(filled, "UPDATE events SET held_for = NULL WHERE points = 500")
    run(filled, DECISION)
    return filled


def walk(ledger: Ledger, states: Iterable[State]) -> None:
    for before, after in pairwise([State.HELD, *states]):
        if (before, after) in SEEN_BEFORE:
            run(ledger, SEEN_BEFORE[before, after])
        run(ledger, claim(500, after) if (before, after) not in OF_WHAT_IS_TRIED_AGAIN else tried_again(after))


@pytest.mark.parametrize(("before", "after"), sorted(TRANSITIONS))
def test_state_changes_along_the_allowed_transitions_are_recorded(held: Ledger, before: State, after: State) -> None:
    # Only what is to be tried again can be held again.
    way = REFUSED_AND_READY if (before, after) == (State.READY, State.HELD) else WAY_FROM_HELD[before]
    walk(held, [*way, after])
    assert rows_of(held, LAST_STEP) == [(before, after)]


@pytest.mark.parametrize("before", [state for state, refused in NOT_ALLOWED.items() if refused])
def test_state_changes_of_any_other_kind_are_refused(held: Ledger, before: State) -> None:
    walk(held, WAY_FROM_HELD[before])
    for after in NOT_ALLOWED[before]:
        with pytest.raises(DBAPIError, match="transition not allowed"):
            run(held, claim(500, after))
        assert rows_of(held, "SELECT state FROM events WHERE points = 500") == [(before,)]


def test_nothing_ready_is_posted_without_the_proof_of_its_attempt(held: Ledger) -> None:
    run(held, ATTEMPT)  # the second one, and nobody knows what came of it
    walk(held, [State.READY])
    with pytest.raises(DBAPIError, match="without proof"):
        run(held, "UPDATE events SET state = 'posted', attempt_id = 2 WHERE points = 500")
    assert rows_of(held, "SELECT state FROM events WHERE points = 500") == [("ready",)]


def test_what_was_refused_is_ready_by_a_persons_word_alone(held: Ledger) -> None:
    walk(held, [State.READY, State.SENDING, State.REFUSED])
    with pytest.raises(DBAPIError, match="without a person's decision"):
        run(held, tried_again(State.READY))


def test_a_persons_word_is_good_for_one_refusal(held: Ledger) -> None:
    walk(held, REFUSED_AND_READY)
    run(held, "UPDATE events SET state = 'held' WHERE points = 500")
    run(held, ATTEMPT)
    run(held, "UPDATE events SET state = 'ready' WHERE points = 500")
    run(held, A_READING)
    run(held, "UPDATE events SET read_run_id = run_id WHERE points = 500")
    sent_again = "state = 'sending', attempt_id = 2, state_run_id = run_id, lease_until = state_at"
    run(held, f"UPDATE events SET {sent_again} WHERE points = 500")  # noqa: S608
    run(held, "UPDATE events SET state = 'refused' WHERE points = 500")
    with pytest.raises(DBAPIError, match="without a person's decision"):
        run(held, tried_again(State.READY))


A_READING = """
INSERT INTO settlements (event_id, run_id, at, attempt_id, decided, evidence)
SELECT event_id, run_id, registered_at, 1, 'ready', '{}' FROM events WHERE points = 500
"""


def test_what_is_tried_again_is_not_sent_unread(held: Ledger) -> None:
    walk(held, REFUSED_AND_READY)
    with pytest.raises(DBAPIError, match="read_before_another_try"):
        run(held, claim(500))
    with pytest.raises(DBAPIError, match="read again before another try"):
        run(held, "UPDATE events SET read_run_id = run_id WHERE points = 500")
    with pytest.raises(DBAPIError, match="read again before another try"):
        run(held, "UPDATE events SET read_run_id = NULL WHERE points = 500")


def test_what_was_never_refused_is_not_held_again(held: Ledger) -> None:
    walk(held, [State.READY])
    with pytest.raises(DBAPIError, match="but for what is tried again"):
        run(held, claim(500, State.HELD))


@pytest.mark.parametrize("table", ["event_decisions", "decided_events"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET decision_id = decision_id"])
def test_decisions_about_events_are_append_only(held: Ledger, table: str, statement: str) -> None:
    run(held, A_PERSONS_WORD)
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        run(held, statement.format(table))
