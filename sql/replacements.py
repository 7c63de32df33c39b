"""Let a corrected row take the place of the row that it looks like: by one decision, and in this order.

What was not sent is discarded; what was posted is taken back by an entry of its own; what is in doubt is waited for.
Only when nothing of it is left does the new event go out: otherwise the client would have both, or the entry that takes
back would find points that are not there yet. Each step is a state of the ledger, so that whoever comes next, after a
kill as well, goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row

from sql.approvals import drop_events, let_go
from sql.event_decisions import Said, lock_events, record_decision
from sql.given import given_ids
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.reversals import Request, entry_of, event_to_reverse, plan_reversal
from transforms.vocabulary import EventVerb, State

_NOT_SENT = frozenset({State.HELD, State.READY})
_CAME_TO_NOTHING = frozenset({State.DISCARDED, State.REFUSED})


@dataclass
class Steps:
    """What was done about the places that events take: their ids."""

    offset: list[str] = field(default_factory=list)  # entries that take back
    discarded: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)  # what may go out now

    @property
    def is_any(self) -> bool:
        """Whether something was done."""
        return bool(self.offset or self.discarded or self.released)


def replaced_by(connection: Connection, event_id: str) -> list[Row[Any]]:
    """Return what an event would take the place of, nearest first: event_id and state; empty where it looks like none.

    A correction of a correction takes the place of both, unless a person has said that both of these are right.
    """
    found: list[Row[Any]] = []
    for row in connection.execute(rows_query("chain_of_lookalikes"), {"event_id": event_id}):
        found.append(row)
        if State(row.state) not in (State.HELD, State.DISCARDED) and not row.has_replaced:
            break
    return found


def decide_replacement(connection: Connection, event_id: str, replaced_ids: Sequence[str], said: Said) -> None:
    """Write down that the event takes the place of these; the caller holds the turn, and then goes on."""
    decided = lock_events(connection, [event_id, *replaced_ids])
    # What is decided is written down before anything moves: a crash in between leaves a decision that the next night
    # carries out, and never a move that nobody decided.
    about = f"event {event_id} in the place of {', '.join(replaced_ids)}"
    decision_id = record_decision(connection, EventVerb.REPLACE, said, about=about, decided=decided)
    kept = {
        "event_id": event_id,
        "decision_id": decision_id,
        "given": given_ids(replaced_ids),
    }
    connection.execute(query("keep_replacements"), kept)


def pending_replacements(connection: Connection) -> Sequence[Row[Any]]:
    """Return what still waits to take another's place, a row for each place; see the query."""
    return connection.execute(rows_query("replacements_pending")).all()


def go_on_replacing(connection: Connection, new_run_id: Callable[[str], str], now: datetime) -> Steps:
    """Do for every event that is to take another's place what can be done now; the caller commits."""
    take_turn(connection)
    steps = Steps()
    for event_id, rows in groupby(pending_replacements(connection), key=lambda row: str(row.event_id)):
        places = list(rows)
        # In the order of the ids, as everywhere, so that no two processes wait for each other.
        lock_events(connection, sorted([event_id, *(row.replaced_event_id for row in places)]))
        # All places are worked at, also after one that is not free: what takes back may need a night of its own for
        # each.
        are_free = [_clear(connection, row, new_run_id, now, steps) for row in places]
        if all(are_free):
            let_go(connection, event_id, _said(places[0], now))
            steps.released.append(event_id)
    return steps


def _clear(
    connection: Connection, row: Row[Any], new_run_id: Callable[[str], str], now: datetime, steps: Steps
) -> bool:
    """Take the next step to clear one place; True where nothing stands there any more."""
    state = State(row.state)
    # What takes back has to be posted, and not only planned, before the new one goes out: for a moment the client would
    # have both.
    if state in _CAME_TO_NOTHING or row.offset_state == State.POSTED:
        return True
    if state in _NOT_SENT:
        drop_events(connection, [row.replaced_event_id], _said(row, now))
        steps.discarded.append(row.replaced_event_id)
        return True
    # One whose taking back was refused, or discarded by somebody, is not planned a second time by itself: it would be
    # refused each night.
    if state is State.POSTED and _came_before(row):
        if row.offset_state == State.HELD:  # somebody had planned it already
            let_go(connection, row.offset_event_id, _said(row, now))
            steps.offset.append(row.offset_event_id)
        elif row.offset_event_id is None or row.offset_state in _CAME_TO_NOTHING:
            steps.offset.append(_take_back(connection, row, new_run_id, now))
    return False


def _came_before(row: Row[Any]) -> bool:
    """Tell whether what takes back stands as it did then: what was refused or discarded since is a person's again."""
    return row.offset_event_id is None or row.offset_since_at <= row.decided_at


def _take_back(connection: Connection, row: Row[Any], new_run_id: Callable[[str], str], now: datetime) -> str:
    """Plan the entry that takes back what stands there, and let it go: the person has decided about both."""
    event = event_to_reverse(connection, row.replaced_event_id)
    assert event is not None  # noqa: S101 - a replacement refers to it
    why = f"event {row.event_id} takes its place: {row.reason}"
    request = Request(name=f"reversal of event {event.event_id}", by=row.actor, reason=why, now=now)
    plan_reversal(connection, new_run_id("reverse"), [entry_of(event)], request)
    planned = event_to_reverse(connection, row.replaced_event_id)
    assert planned is not None  # noqa: S101 - as above
    let_go(connection, planned.live_event_id, _said(row, now))
    return str(planned.live_event_id)


def _said(row: Row[Any], now: datetime) -> Said:
    return Said(by=row.actor, now=now, reason=row.reason)
