"""The story of an event."""

from collections.abc import Iterator, Sequence
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
    breaks = list(breaks_of_event(connection, event.event_id))
    return [
        _sentence(describe_event(event, clock)),
        *_origin(event),
        *_reversals(connection, event),
        *_corrections(connection, event),
        f"What happened, by the clock of {clock.name}:",
        *(f"  {clock.tell(moment.at)}: {moment.text}" for moment in _moments(settings, connection, event)),
        *_watch(event, clock),
        *proof_lines(settings, connection, event, clock),
        *_breaks(breaks, event, clock),
        f"What to do: {_to_do(breaks, event)}",
        f"For copying: event {event.event_id}; its equal rows share {event.content_key}",
        f"Where it stands now: {event.state}{_break_states(breaks)}",
    ]


def _moments(settings: Settings, connection: Connection, event: Row[Any]) -> list[Moment]:
    """Return what happened to an event, oldest first."""
    moves, answers = sent_of(settings, connection, event)
    moments = [
        Moment(event.registered_at, -1, f"Taken in by run {event.run_id}; registered as {event.first_state}."),
        *transitions(event, moves),
        *answers_told(event, answers),
        *settlements(connection, event),
        *decisions(connection, event),
        *recoveries(connection, event),
    ]
    return sorted(moments, key=lambda moment: (moment.at, moment.order))


def _break_states(breaks: Sequence[Row[Any]]) -> str:
    told = [f"; break {row._mapping['class']}, {row.state} since {row.opened_on}" for row in breaks]
    return "".join(told)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _origin(event: Row[Any]) -> list[str]:
    sheet = f", sheet {event.sheet}" if event.sheet else ""
    lines = [f"It came from {event.file}{sheet}, row {event.row_number}, and passed every check of its cells."]
    if event.occurrence > 1:
        lines.append(f"It is number {event.occurrence} of the equal rows in its file: each of them is an event.")
    return lines


def _reversals(connection: Connection, event: Row[Any]) -> Iterator[str]:
    for row in reversals_of_event(connection, event.event_id):
        asked = f"asked for by {row.requested_by}: {row.reason}"
        is_taken_back = row.event_id != event.event_id
        if is_taken_back:
            yield f"It is taken back by event {row.event_id}, which is {row.state}; {asked}."
        elif row.reversed_event_id:
            yield f"It takes back event {row.reversed_event_id}; {asked}."
        else:
            yield f"It takes back the extra entry of difference {row.break_id}; {asked}."


def _corrections(connection: Connection, event: Row[Any]) -> Iterator[str]:
    for row in corrections_of_event(connection, event.event_id):
        if row.event_id == event.event_id:
            yield f"It corrects the row of event {row.corrected_event_id}, as its receipt says."
        else:
            yield f"Its row was corrected: event {row.event_id} came in its place, as its receipt says."


def _watch(event: Row[Any], clock: Clock) -> list[str]:
    """Tell whether nights look at the event again, since two requests of it may have left."""
    if event.watch_from_at is None:
        return []
    since = f"two requests may have left, the last one at {clock.tell(event.watch_from_at)}"
    if event.watch_over_at is None:
        return [f"It is under watch: {since}; nights look again until the grace time after that is over."]
    return [f"It was under watch: {since}; a reading that began at {clock.tell(event.watch_over_at)} ended it."]


def _breaks(breaks: Sequence[Row[Any]], event: Row[Any], clock: Clock) -> Iterator[str]:
    if not breaks and event.state == State.POSTED and event.compared_at is not None:
        yield "The service showed it as it was posted: it matched."
    for row in breaks:
        first_seen = f"first seen on {spoken_day(row.opened_on)}"
        told = f"Difference {row.break_id}, {class_in_words(row)}: {row.state}, {first_seen}. "
        yield f"{told}{clock.retell(row.detail or '')}".rstrip()


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


def _to_do(breaks: Sequence[Row[Any]], event: Row[Any]) -> str:
    if event.state == State.POSTED:
        for row in breaks:
            if row.state in ("open", "acknowledged"):
                return BREAKS[row._mapping["class"]].next_step
    return _TO_DO[State(event.state)].format(id=event.event_id)
