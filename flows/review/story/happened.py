"""What happened to an event: sent, answered, read back, decided about, recovered."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.old_attempts import read_moved_out
from flows.review.story.moment import Moment
from flows.settings.sections import Settings
from sql.event_decisions import decisions_about_event
from sql.recovery import recoveries_of_event
from sql.trace import answers_of_event, settlements_of_event, transitions_of_event
from transforms.vocabulary import SERVICE_NAMES, EventVerb, State, Target

_TRANSITION = {
    "posted": "Posted",
    "refused": "Refused",
    "unknown": "In doubt: it may have taken effect, and is not sent again before reading back decides",
    "ready": "Ready again: it surely did not take effect",
    "held": "Held for a person",
    "discarded": "Discarded by a person",
}


def sent_of(settings: Settings, connection: Connection, event: Row[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the moves and the answers of an event, from the ledger or from where they were moved to."""
    moves = transitions_of_event(connection, event.event_id)
    answers = answers_of_event(connection, event.event_id)
    # What was posted has an answer, or a reading back, or was proved by a recovery, which sent nothing.
    is_missing = event.state == State.POSTED and not answers and event.attempt_id
    moved_out = read_moved_out(settings, connection, event.attempt_id) if is_missing else None
    if moved_out is None:
        return moves, answers
    return [*moved_out.moves, *moves], [moved_out.answer]


def transitions(event: Row[Any], rows: Sequence[Any]) -> Iterator[Moment]:
    """Give each move of an event from one state to the next; moments aware UTC."""
    service = SERVICE_NAMES[Target(event.target)]
    tries = 0
    for row in rows:
        if row.to_state == State.SENDING:
            tries += 1
            # Of a try the reason is that it was tried, which the words say already.
            text = f"Sent to {service}" if tries == 1 else f"Sent to {service} for the {_nth(tries)} time"
        else:
            text = _moved_to(row)
        if row.run_id:
            text += f" (run {row.run_id})"
        # An answer or a reading back is recorded at the same moment as the move that it led to, and goes before it.
        yield Moment(row.at, 2 * row.transition_id + 1, text)


def _moved_to(row: Any) -> str:
    text = _TRANSITION.get(row.to_state, row.to_state)
    # What was held and is let go was approved, and needs no other word.
    if row.from_state == State.HELD and row.to_state == State.READY:
        text = "Ready to be sent"
    return f"{text}: {row.reason}" if row.reason else text


def _nth(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def answers_told(event: Row[Any], rows: Sequence[Any]) -> Iterator[Moment]:
    """Give each answer of the service, with all that it returned."""
    service = SERVICE_NAMES[Target(event.target)]
    for row in rows:
        text = f"{_answered(row, service)}{_said(row)}"
        if row.balance is not None:
            text += f"; the client's balance {row.balance}"
        if row.returned:
            returned = "; ".join(_returned(json.loads(row.returned)))
            text += f". It returned: {returned}"
        yield Moment(row.answered_at, 0, text)


def _answered(row: Any, service: str) -> str:
    after = "" if row.duration_ms is None else f" after {row.duration_ms:.0f} ms"
    if row.http_status:
        return f"{service} answered{after} (try {row.attempt_id}, answer {row.http_status})"
    return f"No answer came{after} (try {row.attempt_id})"


def _said(row: Any) -> str:
    return f", {row.code}: {row.message}" if row.code else f": {row.message}"


def _returned(value: Any, name: str = "") -> Iterator[str]:
    """Give every field that came back, however deep, as name and value; an empty one too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _returned(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        is_several = len(value) > 1
        for number, inner in enumerate(value, 1):
            yield from _returned(inner, f"{name} {number}" if is_several else name)
    else:
        is_empty = value in (None, "")
        yield f"{name} {'empty' if is_empty else value}"


_EVIDENCE = {
    "counted": "entries equal to it",
    "confirmed": "of them known before",
    "doubles": "of them known as doubles",
    "requests": "requests that may have left",
    "balance_now": "balance now",
}


def settlements(connection: Connection, event: Row[Any]) -> Iterator[Moment]:
    """Give what reading back showed, and what a person ruled."""
    for row in settlements_of_event(connection, event.event_id):
        found = json.loads(row.evidence)
        if "ruled_by" in found:
            yield Moment(row.at, 0, f"a person rules: {found['ruled_by']}: {found['reason']}")
        else:
            yield Moment(row.at, 0, _evidence(found))


def _evidence(found: dict[str, Any]) -> str:
    if "against" in found:
        against = "; ".join(found["against"]) or "nothing speaks against it"
        return f"Read before another try: {against}"
    shown = []
    for key, value in found.items():
        if key == "is_behind":
            shown.append("what was confirmed before it was not shown, so the reading may be behind")
        elif value is not None and key != "read_at":
            name = _EVIDENCE.get(key, key.replace("_", " "))
            shown.append(f"{name} {value}")
    return f"Read back: {', '.join(shown) or 'nothing'}"


# A ruling is told with its evidence already, as a settlement.
_DECIDED = {
    EventVerb.APPROVE: "a person approves",
    EventVerb.DISCARD: "a person discards",
    EventVerb.RETRY: "a person lets it be tried again",
    EventVerb.REVERSE: "a person asks to take it back",
    EventVerb.REPLACE: "a person lets one row take another's place",
    EventVerb.KEEP: "a person keeps it until its site is back",
}


def decisions(connection: Connection, event: Row[Any]) -> list[Moment]:
    """Return what people decided, each before the move that it led to."""
    rows = decisions_about_event(connection, event.event_id)
    return [Moment(row.at, 0, _decided(row)) for row in rows if row.verb in _DECIDED]


def _decided(decision: Row[Any]) -> str:
    why = f": {decision.reason}" if decision.reason else ""
    return f"{_DECIDED[decision.verb]}: {decision.actor}{why} (about {decision.about})"


def recoveries(connection: Connection, event: Row[Any]) -> Iterator[Moment]:
    """Tell by what a recovery knew where the event stands, which no try of this ledger can tell."""
    for row in recoveries_of_event(connection, event.event_id):
        shown = []
        for key, value in json.loads(row.evidence).items():
            if value not in (None, []):
                name = key.replace("_", " ")
                shown.append(f"{name} {value}")
        evidence = ", ".join(shown)
        yield Moment(row.at, 0, f"looked at by run {row.run_id}: {row.reason} ({evidence})")
