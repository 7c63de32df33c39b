"""The life of one row in a studio's words: what it is, what happened to it and when, and how it stands now."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from flows.desk.rows_to_see import row_to_see
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio, points_told
from flows.reports.wording import BREAKS
from flows.review.clocks import clocks_of
from flows.review.story.happened import sent_of
from sql import desk_rows as brought
from sql.balances import balance_known
from sql.event_decisions import decisions_about_event
from sql.reversals import takes_another_back
from sql.trace import (
    breaks_of_event,
    corrections_of_event,
    find_event,
    reversals_of_event,
    settlements_of_event,
)
from transforms.vocabulary import SERVICE_NAMES, EventVerb, Outcome, State, Target


@dataclass(frozen=True)
class Link:
    """A further page about it."""

    href: str
    text: str


@dataclass(frozen=True)
class Story:
    """What became of one row that is an event."""

    what: str
    now: str
    clock: str
    moments: Sequence[tuple[str, str]]  # when, and what happened, oldest first
    links: Sequence[Link]
    differences: Sequence[Link]
    event_id: str


@dataclass(frozen=True)
class _Moment:
    at: datetime
    order: int  # of what happened at the same moment
    text: str


def tell_story(desk: Desk, connection: Connection, event: Row[Any]) -> Story:
    """Tell an event, as `sql.trace` finds it, to whoever may see it."""
    clocks = clocks_of(desk.settings)
    row = brought.row_of_event(connection, event.event_id)
    assert row is not None  # noqa: S101 - it is the same event
    seen = row_to_see(row, clocks)
    clock = clocks.of(event.site_id)
    moments = _moments(desk, connection, event)
    return Story(
        what=_sentence(", ".join(part for part in (seen.who, seen.what, seen.when) if part)),
        now=_sentence(seen.told.rstrip(".")),
        clock=clock.place,
        moments=[(clock.tell_minute(moment.at.replace(microsecond=0)), moment.text) for moment in moments],
        links=[*_whose(connection, event), *_others(connection, event)],
        differences=[_to_difference(row) for row in breaks_of_event(connection, event.event_id)],
        event_id=event.event_id,
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _moments(desk: Desk, connection: Connection, event: Row[Any]) -> list[_Moment]:
    """Return what happened to an event, oldest first."""
    moves, answers = sent_of(desk.settings, connection, event)
    moments = [
        _Moment(event.registered_at, -1, _taken_in(event)),
        *_moves(event, moves),
        *_answers(event, answers),
        *_readings(connection, event),
        *_decisions(connection, event),
    ]
    return sorted(moments, key=lambda moment: (moment.at, moment.order))


def _to_difference(broken: Row[Any]) -> Link:
    return Link(f"/differences/{broken.break_id}", f"{_class(broken)}: {_OF_BREAK[broken.state]}")


def _class(broken: Row[Any]) -> str:
    name = broken._mapping["class"]
    return "Turned down" if name == Outcome.REFUSED else BREAKS[name].short


def _taken_in(event: Row[Any]) -> str:
    # What takes an entry back is registered under the entry's id, which nobody in a studio knows.
    return "Planned." if takes_another_back(event) else f"Taken in from {event.file}."


_OF_BREAK = {
    "open": "open",
    "acknowledged": "somebody works on it",
    "resolved": "explained",
    "closed": "gone by itself",
}


def _whose(connection: Connection, event: Row[Any]) -> Iterator[Link]:
    if event.reward_id:
        yield Link(f"/rewards?reward={event.reward_id}", f"All changes of this reward ({event.reward_id})")
        return
    told = f"All of client {event.client_id}"
    known = balance_known(connection, event.site_id, event.client_id)
    if known is not None:
        told += f"; {points_told(known.balance)} when the balance was last read"
    yield Link(f"/clients?client={event.client_id}", told)


def _others(connection: Connection, event: Row[Any]) -> Iterator[Link]:
    """Lead to the rows that it corrects or that correct it, and to what takes it back or what it takes back."""
    for row in corrections_of_event(connection, event.event_id):
        if row.event_id == event.event_id:
            yield from _link_to(connection, row.corrected_event_id, "It corrects")
        else:
            yield from _link_to(connection, row.event_id, "It was corrected by")
    for row in reversals_of_event(connection, event.event_id):
        if row.event_id == event.event_id:
            yield from _link_to(connection, str(row.reversed_event_id), "It takes back")
        else:
            yield from _link_to(connection, row.event_id, f"{row.requested_by} had it taken back ({row.reason}), by")


def _link_to(connection: Connection, event_id: str, said: str) -> Iterator[Link]:
    """Lead to another event, where the ledger has it: what a ledger that is lost took back it may not have."""
    other = find_event(connection, event_id)
    if other is not None:
        yield Link(f"/rows/{other.event_id}", f"{said} {_named(other)}")


def _named(event: Row[Any]) -> str:
    if takes_another_back(event):
        return "an opposite entry"
    of_sheet = f", {event.sheet}" if event.sheet else ""
    return f"row {event.row_number}{of_sheet} of {event.file}"


_MOVED = {
    State.POSTED: "Posted",
    State.REFUSED: "Turned down",
    State.UNKNOWN: "No answer came, so nobody is sure: it is looked up before anything else",
    State.READY: "It surely did not arrive, and is sent again",
    State.HELD: "It waits for a decision",
    State.DISCARDED: "Left out",
}
_BY_A_PERSON = {(State.HELD, State.READY), (State.REFUSED, State.READY), (State.HELD, State.DISCARDED)}


def _moves(event: Row[Any], rows: Sequence[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    tries = 0
    for row in rows:
        if (row.from_state, row.to_state) in _BY_A_PERSON:
            continue  # the decision tells it
        if row.to_state == State.SENDING:
            tries += 1
            text = f"Sent to {service}" if tries == 1 else f"Sent to {service}, try {tries}"
        else:
            text = _moved_to(row)
        yield _Moment(row.at, 2 * row.transition_id + 1, f"{text}.")


def _moved_to(row: Any) -> str:
    text = _MOVED.get(State(row.to_state), "")
    if row.reason and row.to_state in (State.REFUSED, State.HELD):
        text = f"{text}: {for_a_studio(row.reason)}"
    return text.rstrip(".")


def _answers(event: Row[Any], rows: Sequence[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    for row in rows:
        if row.balance is None:
            continue
        told = f"{service} answered: the client has {points_told(row.balance)} after it."
        yield _Moment(row.answered_at, 0, told)


def _readings(connection: Connection, event: Row[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    for row in settlements_of_event(connection, event.event_id):
        yield _Moment(row.at, 0, _reading(service, json.loads(row.evidence)))


def _reading(service: str, evidence: dict[str, Any]) -> str:
    """Say what a reading came to, by what is kept of it: a person's word, or a look before another try."""
    if "ruled_by" in evidence:
        return f"{evidence['ruled_by']} said what became of it: {evidence['reason']}."
    if "against" not in evidence:
        return f"Looked up at {service}."
    against = "; ".join(for_a_studio(why) for why in evidence["against"])
    if not against:
        return f"Looked up at {service}: nothing speaks against another try."
    return f"Looked up at {service}: it stays, since {against}."


_SAID = {
    EventVerb.APPROVE: "gave the OK",
    EventVerb.DISCARD: "left it out",
    EventVerb.RETRY: "let it be tried again",
    EventVerb.REVERSE: "asked to take it back",
    EventVerb.REPLACE: "let it take the place of an earlier one, or that of this one",
    EventVerb.KEEP: "kept it until its studio is back",
}


def _decisions(connection: Connection, event: Row[Any]) -> Iterator[_Moment]:
    for row in decisions_about_event(connection, event.event_id):
        if row.verb not in _SAID:
            continue
        text = f"{row.actor} {_SAID[EventVerb(row.verb)]}"
        if row.reason:
            text += f": {row.reason.rstrip('.')}"
        yield _Moment(row.at, 0, f"{text}.")
