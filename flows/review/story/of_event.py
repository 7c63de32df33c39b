"""The story of an event."""

from typing import Any

from sqlalchemy import Connection, Row

from flows.reports.wording import BREAKS
from flows.review.clocks import Clock, Clocks
from flows.review.proved import proof_lines
from flows.review.story.described import describe_event
from flows.review.story.happened import answers_told, decisions, recoveries, sent_of, settlements, transitions
from flows.review.story.moment import Moment
from flows.review.story.of_break import class_in_words
from flows.settings.sections import Settings
from sql.trace import breaks_of_event, corrections_of_event, reversals_of_event
from transforms.spoken_times import spoken_day
from transforms.vocabulary import State


def event_lines(settings: Settings, connection: Connection, event: Row[Any], clocks: Clocks) -> list[str]:
    """Return the story of an event, a line each; what was moved out of the ledger is read where it lies."""
    clock = clocks.of(event.site_id)
    moves, answers = sent_of(settings, connection, event)
    moments = [
        Moment(event.registered_at, -1, f"Taken in by run {event.run_id}; registered as {event.first_state}."),
        *transitions(event, moves),
        *answers_told(event, answers),
        *settlements(connection, event),
        *decisions(connection, event),
        *recoveries(connection, event),
    ]
    moments.sort(key=lambda moment: (moment.at, moment.order))
    return [
        f"{_sentence(describe_event(event, clock))}",
        *_origin(event),
        *_reversals(connection, event),
        *_corrections(connection, event),
        f"What happened, by the clock of {clock.name}:",
        *(f"  {clock.tell(moment.at)}: {moment.text}" for moment in moments),
        *_watch(event, clock),
        *proof_lines(settings, connection, event, clock),
        *_breaks(connection, event, clock),
        f"What to do: {_to_do(connection, event)}",
        f"For copying: event {event.event_id}; its equal rows share {event.content_key}",
        f"Where it stands now: {event.state}{_break_of(connection, event)}",
    ]


def _break_of(connection: Connection, event: Row[Any]) -> str:
    rows = breaks_of_event(connection, event.event_id)
    return "".join(f"; break {row._mapping['class']}, {row.state} since {row.opened_on}" for row in rows)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _origin(event: Row[Any]) -> list[str]:
    sheet = f", sheet {event.sheet}" if event.sheet else ""
    lines = [f"It came from {event.file}{sheet}, row {event.row_number}, and passed every check of its cells."]
    if event.occurrence > 1:
        lines.append(f"It is number {event.occurrence} of the equal rows in its file: each of them is an event.")
    return lines


def _reversals(connection: Connection, event: Row[Any]) -> list[str]:
    lines = []
    for row in reversals_of_event(connection, event.event_id):
        asked = f"asked for by {row.requested_by}: {row.reason}"
        if row.event_id != event.event_id:
            lines.append(f"It is taken back by event {row.event_id}, which is {row.state}; {asked}.")
        else:
            extra_entry = f"the extra entry of difference {row.break_id}"
            what = f"event {row.reversed_event_id}" if row.reversed_event_id else extra_entry
            lines.append(f"It takes back {what}; {asked}.")
    return lines


def _corrections(connection: Connection, event: Row[Any]) -> list[str]:
    lines = []
    for row in corrections_of_event(connection, event.event_id):
        if row.event_id == event.event_id:
            lines.append(f"It corrects the row of event {row.corrected_event_id}, as its receipt says.")
        else:
            lines.append(f"Its row was corrected: event {row.event_id} came in its place, as its receipt says.")
    return lines


def _watch(event: Row[Any], clock: Clock) -> list[str]:
    """Tell whether nights look at the event again, since two requests of it may have left."""
    if event.watch_from_at is None:
        return []
    since = f"two requests may have left, the last one at {clock.tell(event.watch_from_at)}"
    if event.watch_over_at is None:
        return [f"It is under watch: {since}; nights look again until the grace time after that is over."]
    return [f"It was under watch: {since}; a reading that began at {clock.tell(event.watch_over_at)} ended it."]


def _breaks(connection: Connection, event: Row[Any], clock: Clock) -> list[str]:
    rows = list(breaks_of_event(connection, event.event_id))
    if not rows and event.state == State.POSTED and event.compared_at is not None:
        return ["The service showed it as it was posted: it matched."]
    return [
        f"Difference {row.break_id}, {class_in_words(row)}: {row.state}, first seen on {spoken_day(row.opened_on)}. "
        f"{clock.retell(row.detail or '')}".rstrip()
        for row in rows
    ]


_TO_DO = {
    State.HELD: "decide: tieout approve {id} or tieout discard {id}.",
    State.READY: "nothing; the next run sends it.",
    State.SENDING: "nothing; it is on its way, and the next run finds out what became of it.",
    State.POSTED: "nothing.",
    State.REFUSED: "mend the row and send it again; or, once the cause is gone, tieout retry {id} --reason TEXT.",
    State.UNKNOWN: (
        "run tieout settle. Where that cannot decide, look at the service: tieout settle {id} --as posted, "
        "or --as not-posted, with --reason TEXT."
    ),
    State.DISCARDED: "nothing; a person left it out.",
}


def _to_do(connection: Connection, event: Row[Any]) -> str:
    open_ones = [row for row in breaks_of_event(connection, event.event_id) if row.state in ("open", "acknowledged")]
    if open_ones and event.state == State.POSTED:
        return BREAKS[open_ones[0]._mapping["class"]].next_step
    return _TO_DO[State(event.state)].format(id=event.event_id)
