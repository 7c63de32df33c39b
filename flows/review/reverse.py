"""Take back a whole file that was sent in error.

What is planned here waits for a person and is then posted like any event. What a service cannot express is said, not
invented: an update of a reward has no opposite, and what it replaced is known only where this ledger had set it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.ledger.counted import counted
from flows.ledger.run_id import new_run_id
from flows.readers.files import sha256_of
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.settings.sections import Settings
from sql.reversals import (
    Entry,
    Request,
    events_to_reverse,
    files_known_as,
    plan_reversal,
    update_before,
)
from transforms.vocabulary import Action, State

_EXAMPLES = 5
_IN_FLIGHT = {State.SENDING, State.UNKNOWN}


@dataclass(frozen=True)
class Reversal:
    """What is planned to take a file back, and what of it is not; ``plan_id`` is None where nothing is planned."""

    plan_id: str | None
    file: str
    sha256: str
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
            "reversed": {action.lower(): _sums(self.entries, action) for action in (Action.EARNED, Action.REDEEMED)},
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


def reverse_file(
    settings: Settings, ledger: Ledger, named: str, site_id: str | None, *, by: str, reason: str
) -> Reversal:
    """Plan the opposite of everything that the file brought and that was posted; it waits for a person.

    ``named`` is a path, a name or a hash that the ledger knows. Raises `WrongUsage` where it is none, or several,
    and `CouldNotRun` where an event of it is in doubt: nobody can say whether there is anything to take back.
    """
    by, reason = by.strip(), reason.strip()
    if not reason or not by:
        raise WrongUsage("Taking a file back needs a name and a reason: --by NAME --reason TEXT.")
    with counted(settings, ledger), ledger.begin() as connection:
        file = _find_file(connection, named, site_id)
        events = events_to_reverse(connection, file.file_id)
        _refuse_doubt(file.name, events)
        # Only what took effect can be taken back: an opposite of what was never posted would take points from a client
        # who has none of them.
        posted = [event for event in events if event.state == State.POSTED]
        with_opposite, without_opposite = _part_by_opposite(connection, settings, posted)
        # What has a live opposite already is taken back, or about to be; a second one would take it back twice.
        entries = [_entry(event) for event in with_opposite if event.live_event_id is None]
        plan_id = None
        if entries:
            plan_id = new_run_id("reverse")
            request = Request(name=f"reversal of {file.name}", by=by, reason=reason, now=utc_now())
            plan_reversal(connection, plan_id, entries, request)
    return Reversal(
        plan_id=plan_id,
        file=file.name,
        sha256=file.sha256,
        entries=entries,
        already=len(with_opposite) - len(entries),
        not_posted=dict(Counter(event.state for event in events if event.state != State.POSTED)),
        duplicate=file.duplicate,
        without_opposite=without_opposite,
    )


def _part_by_opposite(
    connection: Connection, settings: Settings, posted: Sequence[Row[Any]]
) -> tuple[list[Row[Any]], list[tuple[Row[Any], str]]]:
    """Part posted events into those that an opposite takes back, and those that none does, each with the reason."""
    with_opposite: list[Row[Any]] = []
    without_opposite: list[tuple[Row[Any], str]] = []
    for event in posted:
        why = _why_without_opposite(connection, settings, event)
        if why is None:
            with_opposite.append(event)
        else:
            without_opposite.append((event, why))
    return with_opposite, without_opposite


def _find_file(connection: Connection, named: str, site_id: str | None) -> Row[Any]:
    path = Path(named)
    content = sha256_of(path) if path.is_file() else ""
    known = files_known_as(connection, path.name, content)
    # The content says it more surely than a name does: every month's export may be called "march.xlsx".
    meant = [file for file in known if file.sha256 == content] or known
    if site_id is not None:
        meant = [file for file in meant if file.default_site_id == site_id]
    if not meant:
        raise WrongUsage(f"The ledger knows no file {named}: give its path, its name or its sha256.")
    # The file was edited after it was sent. What went out stands in the ledger alone, so it has to be named.
    if content and meant[0].sha256 != content:
        raise WrongUsage(
            f"{named} has another content than the ledger knows under that name: give the sha256 of the one that was "
            f"sent, {_list_files(meant)}."
        )
    if len(meant) > 1:
        raise WrongUsage(f"Several files are known as {named}: give --site or the sha256 of one, {_list_files(meant)}.")
    return meant[0]


def _list_files(files: Sequence[Row[Any]]) -> str:
    return ", ".join(_describe_file(file) for file in files[:_EXAMPLES])


def _describe_file(file: Row[Any]) -> str:
    site = f"site {file.default_site_id}, " if file.default_site_id else ""
    return f"{file.sha256[:16]} ({site}{file.registered_at:%Y-%m-%d %H:%M}Z)"


def _refuse_doubt(name: str, events: Sequence[Row[Any]]) -> None:
    doubtful = [event.event_id for event in events if event.state in _IN_FLIGHT]
    if not doubtful:
        return
    examples = ", ".join(doubtful[:_EXAMPLES])
    more = f" and {len(doubtful) - _EXAMPLES} more" if len(doubtful) > _EXAMPLES else ""
    raise CouldNotRun(
        f"{name}: {len(doubtful)} of its events are in doubt ({examples}{more}), so nobody "
        "can say what there is to take back. Run `tieout settle` first."
    )


def _why_without_opposite(connection: Connection, settings: Settings, event: Row[Any]) -> str | None:
    """Return why a posted event cannot be taken back from here; None where it can."""
    if event.reward_id is not None:
        before = update_before(connection, event)
        if before is None:
            return "an update has no opposite, and nothing is known of what it replaced"
        return f"an update has no opposite; before it {before.file} had given {_values(before)}"
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


def _entry(event: Row[Any]) -> Entry:
    return Entry(
        site_id=event.site_id,
        client_id=event.client_id,
        action=Action(event.action),
        points=event.points,
        event_id=event.event_id,
        tries=event.tries or 0,
        sheet=event.sheet,
        row_number=event.row_number,
    )


def reversal_lines(reversal: Reversal) -> Iterator[str]:
    """Tell a person what is planned and what is not."""
    yield f"{reversal.file}:"
    for action, opposite in ((Action.EARNED, Action.REDEEMED), (Action.REDEEMED, Action.EARNED)):
        sums = _sums(reversal.entries, action)
        if sums["count"]:
            yield f"  {sums['count']:>8,} {action} to be taken back by {opposite}, {sums['points']:,} points"
    if reversal.already:
        yield f"  {reversal.already:>8,} taken back before, or about to be"
    if reversal.duplicate:
        yield f"  {reversal.duplicate:>8,} rows repeat events of other files, which stay"
    for state, count in reversal.not_posted.items():
        yield f"  {count:>8,} {_NOT_POSTED.get(State(state), state)}"
    if reversal.without_opposite:
        yield f"  {len(reversal.without_opposite):>8,} cannot be taken back from here:"
    for event, why in reversal.without_opposite[:_EXAMPLES]:
        of_reward = f" of reward {event.reward_id}" if event.reward_id else ""
        yield f"           event {event.event_id}{of_reward}: {why}"
    if len(reversal.without_opposite) > _EXAMPLES:
        yield f"           and {len(reversal.without_opposite) - _EXAMPLES:,} more: --json lists all"


_NOT_POSTED = {
    State.READY: "not sent yet: the next run posts them; `tieout reverse` then takes them back too",
    State.HELD: "held and not sent: `tieout discard` drops them",
    State.REFUSED: "refused by the service: nothing to take back",
    State.DISCARDED: "discarded before they were sent: nothing to take back",
}
