"""The story of a difference."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row

from flows.reports.wording import BREAKS
from flows.review.clocks import Clocks
from flows.review.story.moment import Moment
from sql.break_decisions import decisions_about
from sql.trace import moves_of_break, parts_of_break
from transforms.spoken_times import spoken_day
from transforms.vocabulary import COUNTED_IN, Target

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
    is_open = broken.state in ("open", "acknowledged")
    lines = [
        f"A difference about {_about(broken)}: {class_in_words(broken)}, {value_in_words(broken)}.",
        f"What it means: {word.meaning}",
    ]
    if broken.detail:
        lines.append(f"What both sides say: {clock.retell(broken.detail)}")
    lines += _parts(connection, broken)
    lines.append(f"First seen on {spoken_day(broken.opened_on)}, by run {broken.opened_run_id}.")
    lines.append(f"What happened, by the clock of {clock.name}:")
    lines += [f"  {clock.tell(moment.at)}: {moment.text}" for moment in _moments(connection, broken)]
    lines.append(f"What to do: {word.next_step if is_open else 'nothing.'}")
    of_event = f"; event {broken.event_id}" if broken.event_id else ""
    lines.append(f"For copying: difference {broken.break_id}{of_event}")
    decided = f", {broken.owner}: {broken.reason}" if broken.owner else ""
    lines.append(f"Where it stands now: {broken.state}{decided}")
    return lines


def _about(broken: Row[Any]) -> str:
    if broken.reward_id:
        return f"reward {broken.reward_id}"
    return f"client {broken.client_id} of site {broken.site_id}"


def _moments(connection: Connection, broken: Row[Any]) -> list[Moment]:
    """Return what happened to a difference, and what people decided, oldest first."""
    moments = []
    for move in moves_of_break(connection, broken.break_id):
        text = _MOVES[move.move].format(value=value_in_words(move))
        moments.append(Moment(move.moved_at, move.move_id, text))
    for decided in decisions_about(connection, broken.break_id):
        text = f"{decided.actor} {_VERBS[decided.verb]}: {decided.reason}"
        moments.append(Moment(decided.at, 0, text))
    return sorted(moments, key=lambda moment: (moment.at, moment.order))


def value_in_words(row: Row[Any]) -> str:
    """Return what a difference is about: an amount, or points."""
    if COUNTED_IN[Target(row.target)] == "amount":
        return f"amount {row.amount}"
    return f"{row.points or 0:,} points"


def _parts(connection: Connection, broken: Row[Any]) -> Iterator[str]:
    for row in parts_of_break(connection, broken.break_id):
        if row.break_id != broken.break_id:
            yield f"Of it {row.more:+,} points are the entry of difference {row.break_id}, which was read later."
        elif row.gap_id is not None:
            yield f"The balance told of it before: it is {row.more:+,} points of difference {row.gap_id}."


def class_in_words(broken: Row[Any]) -> str:
    """Return what kind of difference it is, with its code."""
    name = broken._mapping["class"]
    return f"{BREAKS[name].short} ({name})"
