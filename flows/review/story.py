"""Tell the whole life of one event, difference or client in sentences: where it came from, what happened, what to do.

The cell, the checks, what makes it the same event again, each try, each answer with all that it brought, what reading
back showed, and what people decided; ids stand at the end, for copying.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.old_attempts import read_moved_out
from flows.reports.wording import BREAKS
from flows.review.clocks import IN_UTC, Clock, Clocks
from flows.review.proved import proof_lines
from flows.settings.sections import Settings
from sql.balances import balance_known
from sql.break_decisions import decisions_about
from sql.event_decisions import decisions_about_event
from sql.recovery import recoveries_of_event
from sql.trace import (
    answers_of_event,
    breaks_of_event,
    corrections_of_event,
    events_of_client_at,
    moves_of_break,
    open_breaks_of_client,
    parts_of_break,
    reversals_of_event,
    settlements_of_event,
    transitions_of_event,
)
from transforms.vocabulary import SERVICE_NAMES, EventVerb, State, Target

_LATEST_OF_CLIENT = 20


@dataclass(frozen=True)
class _Moment:
    at: datetime
    order: int  # of what happened at the same moment
    text: str


def event_lines(settings: Settings, connection: Connection, event: Row[Any], clocks: Clocks) -> list[str]:
    """Return the story of an event, a line each; what was moved out of the ledger is read where it lies."""
    clock = clocks.of(event.site_id)
    moves, answers = sent_of(settings, connection, event)
    moments = [
        _Moment(event.registered_at, -1, f"Taken in by run {event.run_id}; registered as {event.first_state}."),
        *_transitions(event, moves),
        *_answers(event, answers),
        *_settlements(connection, event),
        *_decisions(connection, event),
        *_recoveries(connection, event),
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
        f"Difference {row.break_id}, {_class(row)}: {row.state}, first seen on {row.opened_on:%a %-d %b %Y}. "
        f"{clock.retell(row.detail or '')}".rstrip()
        for row in rows
    ]


def _class(broken: Row[Any]) -> str:
    name = broken._mapping["class"]
    return f"{BREAKS[name].short} ({name})"


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


_NOT_ACCEPTED = {State.HELD, State.DISCARDED}


def describe_event(event: Row[Any], clock: Clock | None = None) -> str:
    """Return what the event does, in a few words."""
    clock = clock or IN_UTC.of(None)
    if event.reward_id:
        amount = f" to {event.amount}" if event.amount is not None else ""
        text = f"reward {event.reward_id} set{amount}, payout {event.payout_id}"
        day = f", eligible on {event.eligibility_on}" if event.eligibility_on is not None else ""
        words = f", description {event.description!r}" if event.description is not None else ""
        return f"{text}{day}{words}"
    text = f"client {event.client_id} of site {event.site_id}, {event.action} {event.points} points"
    if event.source:
        text += f" for {event.source}"
    if event.source_id:
        text += f" {event.source_id}"
    return f"{text} {_when(event, clock)}"


def _when(event: Row[Any], clock: Clock) -> str:
    is_utc = clock.zone is UTC
    told = _utc(event) if is_utc else clock.tell_with_utc(event.action_at, event.action_fraction)
    if event.is_dated:
        return f"at {told}"
    # The ledger has a time for it all the same, by which held rows are sorted; it means nothing to a person.
    if event.state in _NOT_ACCEPTED:
        return "without a time yet"
    return f"at {told} (given when it was accepted)"


def _utc(event: Row[Any]) -> str:
    second = event.action_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{second}.{event.action_fraction}Z" if event.action_fraction else f"{second}Z"


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
    if event.state != State.POSTED or answers or not event.attempt_id:
        return moves, answers
    moved_out = read_moved_out(settings, connection, event.attempt_id)
    return (moves, answers) if moved_out is None else ([*moved_out.moves, *moves], [moved_out.answer])


def _transitions(event: Row[Any], rows: Sequence[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    tries = 0
    for row in rows:
        is_approval = (row.from_state, row.to_state) == (State.HELD, State.READY)
        text = "Ready to be sent" if is_approval else _TRANSITION.get(row.to_state, row.to_state)
        if row.to_state == State.SENDING:
            tries += 1
            # Of a try the reason is that it was tried, which the words say already.
            text = f"Sent to {service}" if tries == 1 else f"Sent to {service} for the {_nth(tries)} time"
        elif row.reason:
            text += f": {row.reason}"
        if row.run_id:
            text += f" (run {row.run_id})"
        # An answer or a reading back is recorded at the same moment as the move that it led to, and goes before it.
        yield _Moment(row.at, 2 * row.transition_id + 1, text)


def _nth(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _answers(event: Row[Any], rows: Sequence[Any]) -> Iterator[_Moment]:
    service = SERVICE_NAMES[Target(event.target)]
    for row in rows:
        after = "" if row.duration_ms is None else f" after {row.duration_ms:.0f} ms"
        if row.http_status:
            text = f"{service} answered{after} (try {row.attempt_id}, answer {row.http_status})"
        else:
            text = f"No answer came{after} (try {row.attempt_id})"
        text += f", {row.code}: {row.message}" if row.code else f": {row.message}"
        if row.balance is not None:
            text += f"; the client's balance {row.balance}"
        if row.returned:
            text += f". It returned: {'; '.join(_returned(json.loads(row.returned)))}"
        yield _Moment(row.answered_at, 0, text)


def _returned(value: Any, name: str = "") -> Iterator[str]:
    """Give every field that came back, however deep, as name and value; an empty one too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _returned(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _returned(inner, f"{name} {number}" if len(value) > 1 else name)
    else:
        yield f"{name} {'empty' if value in (None, '') else value}"


_EVIDENCE = {
    "counted": "entries equal to it",
    "confirmed": "of them known before",
    "doubles": "of them known as doubles",
    "requests": "requests that may have left",
    "balance_now": "balance now",
}


def _settlements(connection: Connection, event: Row[Any]) -> Iterator[_Moment]:
    for row in settlements_of_event(connection, event.event_id):
        found = json.loads(row.evidence)
        if "ruled_by" in found:
            yield _Moment(row.at, 0, f"a person rules: {found['ruled_by']}: {found['reason']}")
        else:
            yield _Moment(row.at, 0, _evidence(found))


def _evidence(found: dict[str, Any]) -> str:
    if "against" in found:
        against = "; ".join(found["against"]) or "nothing speaks against it"
        return f"Read before another try: {against}"
    shown = [
        f"{_EVIDENCE.get(key, key.replace('_', ' '))} {value}"
        for key, value in found.items()
        if value is not None and key != "read_at"
    ]
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


def _decisions(connection: Connection, event: Row[Any]) -> list[_Moment]:
    """Return what people decided, each before the move that it led to."""
    return [
        _Moment(row.at, 0, f"{_DECIDED[row.verb]}: {row.actor}{_why(row)} (about {row.about})")
        for row in decisions_about_event(connection, event.event_id)
        if row.verb in _DECIDED
    ]


def _why(decision: Row[Any]) -> str:
    return f": {decision.reason}" if decision.reason else ""


def _recoveries(connection: Connection, event: Row[Any]) -> Iterator[_Moment]:
    """Tell by what a recovery knew where the event stands, which no try of this ledger can tell."""
    for row in recoveries_of_event(connection, event.event_id):
        found = json.loads(row.evidence)
        shown = [f"{key.replace('_', ' ')} {value}" for key, value in found.items() if value not in (None, [])]
        yield _Moment(row.at, 0, f"looked at by run {row.run_id}: {row.reason} ({', '.join(shown)})")


_MOVES = {
    "new": "It was open, for {value}.",
    "reopened": "A person opened it again.",
    "closed": "It closed, or counts for something else from here on.",
    "resolved": "A person said that it is explained.",
}
_VERBS = {"acknowledge": "works on it", "resolve": "resolved it", "reopen": "opened it again"}


def break_lines(connection: Connection, broken: Row[Any], clocks: Clocks) -> list[str]:
    """Return the story of a difference, a line each."""
    clock = clocks.of(broken.site_id)
    word = BREAKS[broken._mapping["class"]]
    moments = [
        _Moment(row.moved_at, row.move_id, _MOVES[row.move].format(value=_value(row)))
        for row in moves_of_break(connection, broken.break_id)
    ]
    decided = decisions_about(connection, broken.break_id)
    moments += [_Moment(row.at, 0, f"{row.actor} {_VERBS[row.verb]}: {row.reason}") for row in decided]
    moments.sort(key=lambda moment: (moment.at, moment.order))
    is_open = broken.state in ("open", "acknowledged")
    about = f"reward {broken.reward_id}" if broken.reward_id else f"client {broken.client_id} of site {broken.site_id}"
    return [
        f"A difference about {about}: {_class(broken)}, {_value(broken)}.",
        f"What it means: {word.meaning}",
        *([f"What both sides say: {clock.retell(broken.detail)}"] if broken.detail else []),
        *_parts(connection, broken),
        f"First seen on {broken.opened_on:%a %-d %b %Y}, by run {broken.opened_run_id}.",
        f"What happened, by the clock of {clock.name}:",
        *(f"  {clock.tell(moment.at)}: {moment.text}" for moment in moments),
        f"What to do: {word.next_step if is_open else 'nothing.'}",
        f"For copying: difference {broken.break_id}" + (f"; event {broken.event_id}" if broken.event_id else ""),
        f"Where it stands now: {broken.state}" + (f", {broken.owner}: {broken.reason}" if broken.owner else ""),
    ]


def _value(row: Row[Any]) -> str:
    return f"amount {row.amount}" if row.target == Target.REFERRAL_ROCK else f"{row.points or 0:,} points"


def _parts(connection: Connection, broken: Row[Any]) -> Iterator[str]:
    for row in parts_of_break(connection, broken.break_id):
        if row.break_id != broken.break_id:
            yield f"Of it {row.more:+,} points are the entry of difference {row.break_id}, which was read later."
        elif row.gap_id is not None:
            yield f"The balance told of it before: it is {row.more:+,} points of difference {row.gap_id}."


def client_lines(connection: Connection, site_id: str, client_id: str, clocks: Clocks) -> list[str]:
    """Return what is known of a client of a site, the latest events first; a statement is `tieout client`."""
    clock = clocks.of(site_id)
    events = events_of_client_at(connection, site_id, client_id)
    shown = events[-_LATEST_OF_CLIENT:][::-1]
    counts = {state: sum(event.state == state for event in events) for state in State}
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    known = balance_known(connection, site_id, client_id)
    lines = [f"Client {client_id} of site {site_id}: {len(events):,} events ({told or 'none'})."]
    if known is not None:
        lines.append(f"The balance was {known.balance:,} points when it was last read, {clock.tell(known.read_at)}.")
    lines += [
        f"An open difference: {_class(broken)}, {_value(broken)}; tieout trace {broken.break_id}"
        for broken in open_breaks_of_client(connection, site_id, client_id)
    ]
    lines += [f"  {describe_event(event, clock)}: {event.state}; event {event.event_id}" for event in shown]
    if len(events) > len(shown):
        lines.append(f"  and {len(events) - len(shown):,} before.")
    lines.append(f"What to do: tieout client {client_id} --site {site_id} is the whole statement.")
    return lines
