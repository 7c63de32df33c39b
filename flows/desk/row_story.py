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
from sql import desk_sheets as kept
from sql.balances import balance_known
from sql.event_decisions import decisions_about_event
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
    clock = clocks_of(desk.settings).of(event.site_id)
    row = kept.row_of_event(connection, event.event_id)
    assert row is not None  # noqa: S101 - it is the same event
    seen = row_to_see(row, clocks_of(desk.settings))
    moves, answers = sent_of(desk.settings, connection, event)
    moments = [
        _Moment(event.registered_at, -1, _taken_in(event)),
        *_moves(event, moves),
        *_answers(event, answers),
        *_readings(connection, event),
        *_decisions(connection, event),
    ]
    moments.sort(key=lambda moment: (moment.at, moment.order))
    who = f"{seen.who[:1].upper()}{seen.who[1:]}"
    return Story(
        what=f"{who}, {seen.what}" + (f", {seen.when}" if seen.when else "") + ".",
        now=f"{seen.told[:1].upper()}{seen.told[1:]}".rstrip(".") + ".",
        clock=clock.place,
        moments=[(clock.tell_minute(moment.at.replace(microsecond=0)), moment.text) for moment in moments],
        links=[*_whose(connection, event), *_others(connection, event)],
        differences=[
            Link(f"/differences/{one.break_id}", f"{_class(one)}: {_OF_BREAK[one.state]}")
            for one in breaks_of_event(connection, event.event_id)
        ],
        event_id=event.event_id,
    )


def _class(broken: Row[Any]) -> str:
    name = broken._mapping["class"]
    return "Turned down" if name == Outcome.REFUSED else BREAKS[name].short


def _taken_in(event: Row[Any]) -> str:
    return "Planned." if event.file.startswith(_OPPOSITE) else f"Taken in from {event.file}."


# What takes an entry back is registered under the entry's id, which nobody in a studio knows.
_OPPOSITE = "reversal of "
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
    known = balance_known(connection, event.site_id, event.client_id)
    balance = "" if known is None else f"; {points_told(known.balance)} when the balance was last read"
    yield Link(f"/clients?client={event.client_id}", f"All of client {event.client_id}{balance}")


def _others(connection: Connection, event: Row[Any]) -> Iterator[Link]:
    """Lead to the rows that it corrects or that correct it, and to what takes it back or what it takes back."""
    for row in corrections_of_event(connection, event.event_id):
        is_later = row.event_id == event.event_id
        other = find_event(connection, row.corrected_event_id if is_later else row.event_id)
        if other is not None:
            said = "It corrects" if is_later else "It was corrected by"
            yield Link(f"/rows/{other.event_id}", f"{said} {_named(other)}")
    for row in reversals_of_event(connection, event.event_id):
        is_later = row.event_id == event.event_id
        other = find_event(connection, str(row.reversed_event_id if is_later else row.event_id))
        if other is not None:
            said = "It takes back" if is_later else f"{row.requested_by} had it taken back ({row.reason}), by"
            yield Link(f"/rows/{other.event_id}", f"{said} {_named(other)}")


def _named(event: Row[Any]) -> str:
    if event.file.startswith(_OPPOSITE):
        return "an opposite entry"
    return f"row {event.row_number}" + (f", {event.sheet}" if event.sheet else "") + f" of {event.file}"


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
        text = _MOVED.get(State(row.to_state), "")
        if row.to_state == State.SENDING:
            tries += 1
            text = f"Sent to {service}" + (f", try {tries}" if tries > 1 else "")
        elif (row.from_state, row.to_state) in _BY_A_PERSON:
            continue  # the decision tells it
        elif row.reason and row.to_state in (State.REFUSED, State.HELD):
            text += f": {for_a_studio(row.reason)}"
        yield _Moment(row.at, 2 * row.transition_id + 1, f"{text.rstrip('.')}.")


def _answers(event: Row[Any], rows: Sequence[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    for row in rows:
        if row.balance is not None:
            told = f"{service} answered: the client has {points_told(row.balance)} after it."
            yield _Moment(row.answered_at, 0, told)


def _readings(connection: Connection, event: Row[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    for row in settlements_of_event(connection, event.event_id):
        found = json.loads(row.evidence)
        if "ruled_by" in found:
            yield _Moment(row.at, 0, f"{found['ruled_by']} said what became of it: {found['reason']}.")
        elif "against" in found:
            against = "; ".join(for_a_studio(why) for why in found["against"])
            said = f"it stays, since {against}" if against else "nothing speaks against another try"
            yield _Moment(row.at, 0, f"Looked up at {service}: {said}.")
        else:
            yield _Moment(row.at, 0, f"Looked up at {service}.")


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
        if row.verb in _SAID:
            why = f": {row.reason.rstrip('.')}" if row.reason else ""
            yield _Moment(row.at, 0, f"{row.actor} {_SAID[EventVerb(row.verb)]}{why}.")
