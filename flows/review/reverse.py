"""Take back a whole file that was sent in error, or one event of it.

What is planned here waits for a person and is then posted like any event. What a service cannot express is said, not
invented: an update of a reward has no opposite, and what it replaced is known only where this ledger had set it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.ledger.counted import counted
from flows.ledger.run_id import new_run_id
from flows.review.files import find_file
from flows.review.shown import keep_shown
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql.event_decisions import NobodySaidIt, Said, last_word, lock_events, record_decision, say
from sql.lock import take_turn
from sql.reversals import (
    Entry,
    Request,
    entry_of,
    event_to_reverse,
    events_to_reverse,
    plan_reversal,
    update_before,
)
from sql.trace import find_event
from transforms.vocabulary import Action, EventVerb, State

_EXAMPLES = 5
_IN_FLIGHT = {State.SENDING, State.UNKNOWN}


@dataclass(frozen=True)
class Reversal:
    """What is planned to take something back, and what of it is not; ``plan_id`` is None where nothing is planned."""

    plan_id: str | None
    file: str  # or what else is taken back, in words
    sha256: str | None  # None: one event, not a file
    entries: Sequence[Entry]
    already: int  # events that are taken back, or about to be
    not_posted: dict[str, int]  # by state: nothing to take back
    duplicate: int  # rows whose events other files brought; those stay
    without_opposite: Sequence[tuple[Row[Any], str]]  # events that cannot be taken back from here, and why

    @property
    def waits(self) -> bool:
        """Whether something is left for a person."""
        still_open = self.not_posted.get(State.HELD) or self.not_posted.get(State.READY)
        return bool(self.plan_id or self.without_opposite or still_open)

    def to_json(self) -> dict[str, Any]:
        """Return the documented object."""
        return {
            "plan_id": self.plan_id,
            "file": self.file,
            "sha256": self.sha256,
            "reversed": {
                "earned": _sums(self.entries, Action.EARNED),
                "redeemed": _sums(self.entries, Action.REDEEMED),
            },
            "already": self.already,
            "not_posted": self.not_posted,
            "duplicate": self.duplicate,
            "without_opposite": [
                {"event_id": event.event_id, "reward_id": event.reward_id, "why": why}
                for event, why in self.without_opposite
            ],
        }


def _sums(entries: Sequence[Entry], action: Action) -> dict[str, int]:
    points = [entry.points for entry in entries if entry.action is action]
    return {"count": len(points), "points": sum(points)}


def reverse(settings: Settings, ledger: Ledger, named: str, site_id: str | None, *, by: str, reason: str) -> Reversal:
    """Plan the opposite of one event, by its id, or of all that a file posted; see `reverse_file`."""
    with ledger.read() as connection:
        is_event = find_event(connection, named) is not None
    if is_event:
        return reverse_event(settings, ledger, named, by=by, reason=reason)
    return reverse_file(settings, ledger, named, site_id, by=by, reason=reason)


def reverse_file(
    settings: Settings, ledger: Ledger, named: str, site_id: str | None, *, by: str, reason: str
) -> Reversal:
    """Plan the opposite of everything that the file brought and that was posted; it waits for a person.

    ``named`` is a path, a name or a hash that the ledger knows. Raises `WrongUsage` where it is none, or several,
    and `CouldNotRun` where an event of it is in doubt: nobody can say whether there is anything to take back.
    """
    said = _say(by, reason)
    with counted(settings, ledger), ledger.begin() as connection:
        # Two people who take the same file back at once must not both find it untouched.
        take_turn(connection)
        file = find_file(connection, named, site_id)
        events = events_to_reverse(connection, file.file_id)
        _refuse_doubt(file.name, events)
        return _plan(connection, settings, events, said, file=file.name, sha256=file.sha256, duplicate=file.duplicate)


def reverse_event(settings: Settings, ledger: Ledger, event_id: str, *, by: str, reason: str) -> Reversal:
    """Plan the opposite of one posted event; it waits for a person.

    Raises `WrongUsage` where it was not posted, so that there is nothing to take back, and `CouldNotRun` while it is in
    doubt.
    """
    said = _say(by, reason)
    with counted(settings, ledger), ledger.begin() as connection:
        take_turn(connection)
        # Looked up in the turn: another one who takes it back at this moment would find it untouched, too.
        event = event_to_reverse(connection, event_id)
        if event is None:
            raise WrongUsage(f"The ledger has no event {event_id}.")
        if event.state in _IN_FLIGHT:
            raise CouldNotRun(
                f"Event {event_id} is in doubt, so nobody can say whether there is anything to take back. Run `tieout "
                "settle` first."
            )
        if event.state != State.POSTED:
            told = last_word(connection, event_id)
            raise WrongUsage(f"Event {event_id} is {event.state}{told}: {_NOTHING_TO_TAKE_BACK[State(event.state)]}.")
        return _plan(connection, settings, [event], said, file=f"event {event_id}", sha256=None, duplicate=0)


def _say(by: str, reason: str) -> Said:
    try:
        return say(by, mask(reason), utc_now(), needs_reason=True)
    except NobodySaidIt as error:
        raise WrongUsage(str(error)) from None


def _plan(
    connection: Connection,
    settings: Settings,
    events: Sequence[Row[Any]],
    said: Said,
    *,
    file: str,
    sha256: str | None,
    duplicate: int,
) -> Reversal:
    """Plan the opposite of those that were posted, have one and are not taken back yet; the caller holds the turn."""
    # Only what took effect can be taken back: an opposite of what was never posted would take points from a client
    # who has none of them.
    posted = [event for event in events if event.state == State.POSTED]
    with_opposite, without_opposite = _part_by_opposite(connection, settings, posted)
    # What has a live opposite already is taken back, or about to be; a second one would take it back twice.
    entries = [entry_of(event) for event in with_opposite if event.live_event_id is None]
    plan_id = _keep_plan(connection, settings, entries, said, file=file, sha256=sha256) if entries else None
    return Reversal(
        plan_id=plan_id,
        file=file,
        sha256=sha256,
        entries=entries,
        already=len(with_opposite) - len(entries),
        not_posted=dict(Counter(event.state for event in events if event.state != State.POSTED)),
        duplicate=duplicate,
        without_opposite=without_opposite,
    )


def _keep_plan(
    connection: Connection,
    settings: Settings,
    entries: Sequence[Entry],
    said: Said,
    *,
    file: str,
    sha256: str | None,
) -> str:
    """Register the opposites, each held for a person, with the decision that asks for them; return the plan's id."""
    plan_id = new_run_id("reverse")
    event_ids = [entry.event_id for entry in entries if entry.event_id]
    decided = lock_events(connection, event_ids)
    record_decision(connection, EventVerb.REVERSE, said, about=_about(file, sha256), decided=decided)
    request = Request(name=f"reversal of {file}", by=said.by, reason=said.reason, now=said.now)
    plan_reversal(connection, plan_id, entries, request)
    # Whoever asked for it has seen it: their approval is about just this.
    keep_shown(connection, settings, plan_id, to=said.by)
    return plan_id


def _about(file: str, sha256: str | None) -> str:
    return file if sha256 is None else f"file {file} ({sha256[:16]})"


def _part_by_opposite(
    connection: Connection, settings: Settings, posted: Sequence[Row[Any]]
) -> tuple[list[Row[Any]], list[tuple[Row[Any], str]]]:
    """Part posted events into those that an opposite takes back, and those that none does, each with the reason."""
    with_opposite: list[Row[Any]] = []
    without_opposite: list[tuple[Row[Any], str]] = []
    for event in posted:
        why = why_without_opposite(connection, settings, event)
        if why is None:
            with_opposite.append(event)
        else:
            without_opposite.append((event, why))
    return with_opposite, without_opposite


def _refuse_doubt(named: str, events: Sequence[Row[Any]]) -> None:
    doubtful = [event.event_id for event in events if event.state in _IN_FLIGHT]
    if not doubtful:
        return
    examples = ", ".join(doubtful[:_EXAMPLES])
    more_count = len(doubtful) - _EXAMPLES
    more = f" and {more_count} more" if more_count > 0 else ""
    raise CouldNotRun(
        f"{named}: {len(doubtful)} of its events are in doubt ({examples}{more}), so nobody "
        "can say what there is to take back. Run `tieout settle` first."
    )


def why_without_opposite(connection: Connection, settings: Settings, event: Row[Any]) -> str | None:
    """Return why a posted event cannot be taken back from here; None where it can."""
    if event.reward_id is not None:
        before = update_before(connection, event)
        if before is None:
            return "an update has no opposite, and nothing is known of what it replaced"
        return f"an update has no opposite; before it {before.file} had given {_values(before)}"
    # What was redeemed is given back by an Earned, and one that names no booking or sale is what the guard is about.
    if event.action == Action.REDEEMED and settings.guards.require_source:
        return "its opposite is an Earned without a Source, which guards.require_source forbids"
    return None


def _values(update: Row[Any]) -> str:
    values = {
        "amount": update.amount,
        "payout": update.payout_id,
        "eligible on": update.eligibility_on,
        "description": update.description,
    }
    return ", ".join(f"{word} {value}" for word, value in values.items() if value is not None)


def reversal_lines(reversal: Reversal) -> Iterator[str]:
    """Tell a person what is planned and what is not."""
    yield f"{reversal.file}:"
    yield from _what_is_taken_back(reversal)
    if reversal.already:
        yield f"  {reversal.already:>8,} taken back before, or about to be"
    if reversal.duplicate:
        yield f"  {reversal.duplicate:>8,} rows repeat events of other files, which stay"
    for state, count in reversal.not_posted.items():
        yield f"  {count:>8,} {_NOT_POSTED.get(State(state), state)}"
    yield from _without_opposite_lines(reversal.without_opposite)


def _what_is_taken_back(reversal: Reversal) -> Iterator[str]:
    for action, opposite in ((Action.EARNED, Action.REDEEMED), (Action.REDEEMED, Action.EARNED)):
        sums = _sums(reversal.entries, action)
        count, points = sums["count"], sums["points"]
        if count:
            yield f"  {count:>8,} {action} to be taken back by {opposite}, {points:,} points"


def _without_opposite_lines(events: Sequence[tuple[Row[Any], str]]) -> Iterator[str]:
    if not events:
        return
    yield f"  {len(events):>8,} cannot be taken back from here:"
    for event, why in events[:_EXAMPLES]:
        of_reward = f" of reward {event.reward_id}" if event.reward_id else ""
        yield f"           event {event.event_id}{of_reward}: {why}"
    more_count = len(events) - _EXAMPLES
    if more_count > 0:
        yield f"           and {more_count:,} more: --json lists all"


_NOT_POSTED = {
    State.READY: "not sent yet: the next run posts them; `tieout reverse` then takes them back too",
    State.HELD: "held and not sent: `tieout discard` drops them",
    State.REFUSED: "refused by the service: nothing to take back",
    State.DISCARDED: "discarded before they were sent: nothing to take back",
}
# The same of one event that a person asks for by its id.
_NOTHING_TO_TAKE_BACK = {
    State.READY: "it was not sent yet. `tieout discard` drops it",
    State.HELD: "it was not sent. `tieout discard` drops it",
    State.REFUSED: "nothing of it took effect, so there is nothing to take back",
    State.DISCARDED: "it was never sent, so there is nothing to take back",
}
