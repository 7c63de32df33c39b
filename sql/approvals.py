"""What a person decides about an event that was not sent: that it is to be, or that it never will be.

Who decided, and why, stands among the decisions about events and in the event's history. A decision is taken once:
what is in no state that it takes any more, or never was, raises `NotHeld`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from sql.event_decisions import Said, last_word, lock_events, record_decision, say, state_of_event
from sql.given import given_ids
from sql.lock import take_turn
from sql.queries import query, rows_query
from transforms.vocabulary import EventVerb, State

_NOT_SENT = frozenset({State.HELD, State.READY})


class NotHeld(Exception):  # noqa: N818 - it says what the event is
    """The event is in no state that the decision takes: `state`, None where the ledger has no such event."""

    def __init__(self, event_id: str, state: State | None, told: str) -> None:
        super().__init__(told if state else f"The ledger has no event {event_id}.")
        self.state = state


class Superseded(Exception):  # noqa: N818 - it says what the update is
    """A later update of the same reward counts: sending this one again would set the reward back."""

    def __init__(self, event_id: str, by_event_id: str) -> None:
        super().__init__(
            f"Event {event_id} was refused once, and event {by_event_id} came after it for the same reward: to send it "
            f"now would turn the reward back. `tieout discard {event_id}` drops it."
        )


def approve(
    connection: Connection,
    event_id: str,
    *,
    by: str,
    now: datetime,
    run_id: str | None = None,
    reason: str = "",
    seen: str | None = None,
) -> None:
    """Let a held event be sent.

    One without a time is given `now`, to the second. A reward update takes the next place in its reward's history, and
    goes after everything that was accepted for the reward before. ``seen`` is the fingerprint of what the person was
    shown. Raises `NotHeld`, or `Superseded` for an update that was refused once.
    """
    # The next place in the reward's history must be nobody else's.
    take_turn(connection)
    said = replace(say(by, reason, now, needs_reason=False), seen=seen)
    _decide_about(connection, EventVerb.APPROVE, event_id, frozenset({State.HELD}), said)
    let_go(connection, event_id, said, run_id=run_id)


def let_go(connection: Connection, event_id: str, said: Said, *, run_id: str | None = None) -> None:
    """Make a held event ready; that a person decided it is recorded by the caller, who holds the turn."""
    superseding_id = superseding_update(connection, event_id)
    if superseding_id is not None and _was_sent(connection, event_id):
        raise Superseded(event_id, superseding_id)
    last_order_at = connection.execute(rows_query("last_order"), {"event_id": event_id}).scalar()
    # Another machine's clock may have been ahead: going by this one alone, the update would go before an older one.
    now = said.now
    order_at = now if last_order_at is None else max(now, last_order_at + timedelta(microseconds=1))
    values = {
        "event_id": event_id,
        "reason": f"approved by {said.words}",
        "run_id": run_id,
        "now": now,
        "order_at": order_at,
        "pinned_at": now.replace(microsecond=0),
    }
    connection.execute(query("approve_event"), values)


def superseding_update(connection: Connection, event_id: str) -> str | None:
    """Return the later update of the same reward that counts now; None where there is none, or it is no update."""
    found: str | None = connection.execute(query("superseding_update"), {"event_id": event_id}).scalar()
    return found


def _was_sent(connection: Connection, event_id: str) -> bool:
    (event,) = lock_events(connection, [event_id])
    return event.attempt_id is not None


def discard(
    connection: Connection, event_id: str, *, by: str, now: datetime, run_id: str | None = None, reason: str = ""
) -> None:
    """Rule that an event which is held or ready is never sent. Raises `NotHeld`."""
    take_turn(connection)
    said = say(by, reason, now, needs_reason=False)
    _decide_about(connection, EventVerb.DISCARD, event_id, _NOT_SENT, said)
    drop_events(connection, [event_id], said, run_id=run_id)


def drop_events(connection: Connection, event_ids: Sequence[str], said: Said, *, run_id: str | None = None) -> int:
    """Discard those of the events that are held or ready; that a person decided it is recorded by the caller."""
    values = {
        "given": given_ids(event_ids),
        "reason": f"discarded by {said.words}",
        "run_id": run_id,
        "now": said.now,
    }
    return connection.execute(query("discard_events"), values).rowcount


def _decide_about(connection: Connection, verb: EventVerb, event_id: str, takes: frozenset[State], said: Said) -> None:
    """Record the decision about an event in one of the states that it takes; `NotHeld` about any other."""
    decided = lock_events(connection, [event_id])
    # Read once it is locked: between look and word a run may have sent it, and a word that comes too late says so.
    state = State(decided[0].state) if decided else state_of_event(connection, event_id)
    if state not in takes:
        why_not = _why_not(connection, verb, event_id, state)
        raise NotHeld(event_id, state, why_not)
    record_decision(connection, verb, said, about=f"event {event_id}", decided=decided)


def _why_not(connection: Connection, verb: EventVerb, event_id: str, state: State | None) -> str:
    """Say where the event stands, who brought it there, and what may be done instead."""
    where = f"Event {event_id} is {state}"
    told = last_word(connection, event_id)
    match state:
        case State.SENDING | State.UNKNOWN if verb is EventVerb.DISCARD:
            return (
                f"{where}{told}: it may have been sent, so it cannot be discarded. `tieout settle` reads it back; what "
                "then proves not sent can be."
            )
        case State.POSTED if verb is EventVerb.DISCARD:
            return f"{where}{told}: it was sent. `tieout reverse {event_id}` plans the entry that takes it back."
        case State.REFUSED:
            return f"{where}{told}: nothing of it took effect. `tieout retry {event_id}` lets it be tried again."
        case _:
            return f"{where}, not held{told}: there is nothing to decide."
