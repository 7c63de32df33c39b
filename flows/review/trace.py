"""Tell the whole life of one row in words: the cell, the checks, the key, each attempt, what reading back showed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.old_attempts import read_moved_out
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql.event_decisions import decisions_about_event
from sql.recovery import recoveries_of_event
from sql.trace import (
    answers_of_event,
    breaks_of_event,
    duplicates_of_row,
    events_of_row,
    find_event,
    rejections_of_row,
    reversals_of_event,
    settlements_of_event,
    skipped_row,
    transitions_of_event,
)
from transforms.vocabulary import EventVerb, State


@dataclass(frozen=True)
class _Moment:
    at: datetime
    order: int  # of what happened at the same moment
    text: str


def trace_lines(settings: Settings, connection: Connection, row: str) -> list[str]:
    """Return the story of an event (by its id) or of a row (``FILE:SHEET:ROW``), a line each, in order of time.

    What was moved out of the ledger is read where it lies. Times are UTC. `WrongUsage` where the ledger knows nothing.
    """
    event = find_event(connection, row)
    if event is not None:
        return _event_lines(settings, connection, event)
    return _row_lines(settings, connection, row)


def _row_lines(settings: Settings, connection: Connection, row: str) -> list[str]:
    file, sheet, number = _split(row)
    lines: list[str] = []
    for event in events_of_row(connection, file, sheet, number):
        lines += _event_lines(settings, connection, event)
    for duplicate in duplicates_of_row(connection, file, sheet, number):
        lines.append(f"{row} is a duplicate of event {duplicate.event_id}: {duplicate.reason}.")
        original = find_event(connection, duplicate.event_id)
        if original is not None:
            lines += _event_lines(settings, connection, original)
    for rejection in rejections_of_row(connection, file, sheet, number):
        where = rejection.cell or rejection.column_heading or "the row"
        value = f' "{rejection.value}"' if rejection.value is not None else ""
        lines.append(f"{row} was rejected: {where}{value}: {rejection.message} ({rejection.code})")
    skipped = skipped_row(connection, file, sheet, number)
    lines += [f"{row} was skipped: {why.reason}." for why in skipped]
    if not lines:
        raise WrongUsage(
            f'The ledger knows no event and no row "{row}": name an event id, or FILE:SHEET:ROW such as '
            '"march.xlsx:Sheet1:14" (for a file without sheets, "march.csv::14").'
        )
    return lines


def _split(row: str) -> tuple[str, str, int]:
    parts = row.rsplit(":", 2)
    if len(parts) != 3 or not parts[2].isdigit():
        raise WrongUsage(
            f'"{row}" is neither the id of an event of this ledger nor FILE:SHEET:ROW, such as "march.xlsx:Sheet1:14" '
            '(for a file without sheets, "march.csv::14").'
        )
    return parts[0], parts[1], int(parts[2])


def _event_lines(settings: Settings, connection: Connection, event: Row[Any]) -> list[str]:
    moves, answers = _sent(settings, connection, event)
    moments = [
        *_transitions(moves),
        *_answers(answers),
        *_settlements(connection, event),
        *_decisions(connection, event),
        *_recoveries(connection, event),
    ]
    moments.sort(key=lambda moment: (moment.at, moment.order))
    story = [f"  {_time(moment.at)}  {moment.text}" for moment in moments]
    return [
        *_heading(event),
        *_reversals(connection, event),
        *story,
        *_watch(event),
        f"  now: {event.state}{_break_of(connection, event)}",
    ]


def _heading(event: Row[Any]) -> list[str]:
    sheet = f", sheet {event.sheet}" if event.sheet else ""
    return [
        f"Event {event.event_id}: {describe_event(event)}",
        f"  from {event.file}{sheet}, row {event.row_number}",
        f"  key {event.content_key}, number {event.occurrence} of the equal rows in its file",
        f"  {_time(event.registered_at)}  registered as {event.first_state} by run {event.run_id}",
    ]


def _reversals(connection: Connection, event: Row[Any]) -> list[str]:
    lines = []
    for row in reversals_of_event(connection, event.event_id):
        asked = f"asked for by {row.requested_by}: {row.reason}"
        if row.event_id != event.event_id:
            lines.append(f"  taken back by event {row.event_id}, which is {row.state}; {asked}")
        else:
            extra_entry = f"the extra entry of break {row.break_id}"
            what = f"event {row.reversed_event_id}" if row.reversed_event_id else extra_entry
            lines.append(f"  takes back {what}; {asked}")
    return lines


def _watch(event: Row[Any]) -> list[str]:
    """Tell whether nights look at the event again, since two requests of it may have left."""
    if event.watch_from_at is None:
        return []
    since = f"two requests may have left, the last one at {_time(event.watch_from_at)}"
    if event.watch_over_at is None:
        return [f"  under watch: {since}; nights look again until the grace time after that is over"]
    return [f"  was under watch: {since}; a reading that began at {_time(event.watch_over_at)} ended it"]


_NOT_ACCEPTED = {State.HELD, State.DISCARDED}


def describe_event(event: Row[Any]) -> str:
    """Return what the event does, in a few words."""
    if event.reward_id:
        amount = f" to {event.amount}" if event.amount is not None else ""
        return f"reward {event.reward_id} set{amount}, payout {event.payout_id}"
    text = f"client {event.client_id} of site {event.site_id}, {event.action} {event.points} points"
    if event.source:
        text += f" for {event.source}"
    if event.source_id:
        text += f" {event.source_id}"
    return f"{text} {_when(event)}"


def _when(event: Row[Any]) -> str:
    if event.is_dated:
        return f"at {_time(event.action_at, event.action_fraction)}"
    # The ledger has a time for it all the same, by which held rows are sorted; it means nothing to a person.
    if event.state in _NOT_ACCEPTED:
        return "without a time yet"
    return f"at {_time(event.action_at)} (given when it was accepted)"


_TRANSITION = {
    "sending": "claimed for sending",
    "posted": "posted",
    "refused": "refused",
    "unknown": "in doubt",
    "ready": "ready again",
    "held": "held",
    "discarded": "discarded by a person",
}


def _sent(settings: Settings, connection: Connection, event: Row[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the moves and the answers of an event, from the ledger or from where they were moved to."""
    moves = transitions_of_event(connection, event.event_id)
    answers = answers_of_event(connection, event.event_id)
    # What was posted has an answer, or a reading back, or was proved by a recovery, which sent nothing.
    if event.state != State.POSTED or answers or not event.attempt_id:
        return moves, answers
    moved_out = read_moved_out(settings, connection, event.attempt_id)
    return (moves, answers) if moved_out is None else ([*moved_out.moves, *moves], [moved_out.answer])


def _transitions(rows: Sequence[Any]) -> list[_Moment]:
    moments = []
    for row in rows:
        is_approval = (row.from_state, row.to_state) == (State.HELD, State.READY)
        text = "ready to be sent" if is_approval else _TRANSITION.get(row.to_state, row.to_state)
        # Of a claim the reason is that it was claimed, which the word says already.
        if row.reason and row.to_state != "sending":
            text += f": {row.reason}"
        if row.run_id:
            text += f" (run {row.run_id})"
        # An answer or a reading back is recorded at the same moment as the move that it led to, and goes before it.
        moments.append(_Moment(row.at, 2 * row.transition_id + 1, text))
    return moments


def _answers(rows: Sequence[Any]) -> list[_Moment]:
    moments = []
    for row in rows:
        text = f"attempt {row.attempt_id}: "
        text += f"answer {row.http_status}" if row.http_status else "no answer"
        if row.duration_ms is not None:
            text += f" after {row.duration_ms:.0f} ms"
        text += f", {row.code}:" if row.code else ","
        text += f" {row.message}"
        if row.balance is not None:
            text += f", balance {row.balance}"
        moments.append(_Moment(row.answered_at, 0, text))
    return moments


def _settlements(connection: Connection, event: Row[Any]) -> list[_Moment]:
    moments = []
    for row in settlements_of_event(connection, event.event_id):
        found = json.loads(row.evidence)
        if "ruled_by" in found:
            moments.append(_Moment(row.at, 0, f"a person rules: {found['ruled_by']}: {found['reason']}"))
            continue
        moments.append(_Moment(row.at, 0, _evidence(found)))
    return moments


def _evidence(found: dict[str, Any]) -> str:
    if "against" in found:
        against = "; ".join(found["against"]) or "nothing speaks against it"
        return f"read before another try: {against}"
    shown = [
        f"{key.replace('_', ' ')} {value}" for key, value in found.items() if value is not None and key != "read_at"
    ]
    return f"read back: {', '.join(shown) or 'nothing'}"


# A ruling is told with its evidence already, as a settlement.
_DECIDED = {
    EventVerb.APPROVE: "a person approves",
    EventVerb.DISCARD: "a person discards",
    EventVerb.RETRY: "a person lets it be tried again",
    EventVerb.REVERSE: "a person asks to take it back",
    EventVerb.REPLACE: "a person lets one row take another's place",
    EventVerb.KEEP: "a person keeps it until its site is back",
}


def _decisions(connection: Connection, event: Row[Any]) -> list[_Moment]:
    """Return what people decided, each before the move that it led to."""
    return [
        _Moment(row.at, 0, f"{_DECIDED[row.verb]}: {row.actor}{_why(row)} (about {row.about})")
        for row in decisions_about_event(connection, event.event_id)
        if row.verb in _DECIDED
    ]


def _why(decision: Row[Any]) -> str:
    return f": {decision.reason}" if decision.reason else ""


def _recoveries(connection: Connection, event: Row[Any]) -> list[_Moment]:
    """Tell by what a recovery knew where the event stands, which no attempt of this ledger can tell."""
    moments = []
    for row in recoveries_of_event(connection, event.event_id):
        found = json.loads(row.evidence)
        shown = [f"{key.replace('_', ' ')} {value}" for key, value in found.items() if value not in (None, [])]
        moments.append(_Moment(row.at, 0, f"looked at by run {row.run_id}: {row.reason} ({', '.join(shown)})"))
    return moments


def _break_of(connection: Connection, event: Row[Any]) -> str:
    rows = breaks_of_event(connection, event.event_id)
    return "".join(f"; break {getattr(row, 'class')}, {row.state} since {row.opened_on}" for row in rows)


def _time(moment: datetime, fraction: str | None = None) -> str:
    second = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{second}.{fraction}Z" if fraction else f"{second}Z"
