"""Let refused events be tried again: what may be, what may not and why, and the person's word.

Nothing is sent from here. The next run reads the client or the reward of each first, and sends what nothing speaks
against (`flows.loader.try_again`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.review.deciding import deciding
from flows.review.files import find_file
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql.event_decisions import NobodySaidIt, last_word, say
from sql.identity import knows_run
from sql.retries import ChangedSince, Which, events_to_retry, refused_codes, refused_ids, retry
from sql.trace import find_event
from transforms.vocabulary import Action, Kind, State, Target

_EXAMPLES = 5
_DECIDED_ELSEWHERE = {
    State.HELD: "`tieout approve` or `tieout discard` decides",
    State.READY: "the next run sends it by itself",
    State.SENDING: "it may be on its way",
    State.POSTED: "it took effect",
    State.UNKNOWN: "`tieout settle` reads it back",
    State.DISCARDED: "a person ruled that it is never sent",
}


@dataclass(frozen=True)
class Asked:
    """What a person asks for: events by their ids, or what is refused of a file, with a code, by a run."""

    event_ids: Sequence[str] = ()
    file: str | None = None  # a path, a name or a hash that the ledger knows
    site_id: str | None = None  # which of several files of that name
    code: str | None = None
    run_id: str | None = None

    @property
    def about(self) -> str:
        """The words of the decision."""
        if not self.event_ids:
            parts = {"file": self.file, "code": self.code, "run": self.run_id}
            return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
        named = ", ".join(self.event_ids[:_EXAMPLES])
        more_count = len(self.event_ids) - _EXAMPLES
        return f"event {named} and {more_count} more" if more_count > 0 else f"event {named}"


@dataclass(frozen=True)
class Retry:
    """What would be tried again, in the order of posting, and what of it would not, each with the reason."""

    about: str
    events: Sequence[Row[Any]]
    left_out: Sequence[tuple[str, str]]  # event id, and why it stays as it is
    nothing: str  # why there is nothing at all; "" where there is something

    def to_json(self) -> dict[str, Any]:
        """Return the documented object; ``decision_id`` is added once a person has decided."""
        updates = [event for event in self.events if event.kind == Kind.REWARD_UPDATE]
        return {
            "about": self.about,
            "retried": len(self.events),
            "earned": _sums(self.events, Action.EARNED),
            "redeemed": _sums(self.events, Action.REDEEMED),
            "reward_updates": len(updates),
            "events": [event.event_id for event in self.events],
            "left_out": [{"event_id": event_id, "why": why} for event_id, why in self.left_out],
        }


def _sums(events: Sequence[Row[Any]], action: Action) -> dict[str, int]:
    points = [event.points for event in events if event.action == action]
    return {"count": len(points), "points": sum(points)}


def find_refused(settings: Settings, ledger: Ledger, asked: Asked) -> Retry:
    """Return what may be tried again of what was asked for; nothing is changed.

    `WrongUsage` where it names an event, a file or a run that the ledger does not know.
    """
    with ledger.begin() as connection:
        event_ids = list(dict.fromkeys(asked.event_ids)) or _refused_of(connection, asked)
        found = events_to_retry(connection, event_ids)
        _refuse_unknown(connection, event_ids, {event.event_id for event in found})
        # Each by itself: one that must not be tried again keeps none of the others back, and is told with its reason.
        judged = [(event, _why_not(connection, settings, event)) for event in found]
        nothing = "" if found else _say_nothing(connection, asked)
    return Retry(
        about=asked.about,
        events=[event for event, why in judged if why is None],
        left_out=[(event.event_id, why) for event, why in judged if why is not None],
        nothing=nothing,
    )


def _refused_of(connection: Connection, asked: Asked) -> list[str]:
    """Return what is refused of the file, with the code, by the run that is asked for."""
    if asked.run_id is not None and not knows_run(connection, asked.run_id):
        raise WrongUsage(f"The ledger knows no run {asked.run_id}: its reports are named by their runs.")
    file_id = None
    if asked.file is not None:
        file_id = find_file(connection, asked.file, asked.site_id).file_id
    which = Which(file_id=file_id, code=asked.code, run_id=asked.run_id)
    return refused_ids(connection, which)


def _refuse_unknown(connection: Connection, event_ids: Sequence[str], known: set[str]) -> None:
    unknown = [event_id for event_id in event_ids if event_id not in known]
    if not unknown:
        return
    close = get_close_matches(unknown[0], _all_refused(connection), n=1, cutoff=0.8)
    hint = f"did you mean {close[0]}?" if close else "the sheet Refused of a report lists what may be tried again."
    raise WrongUsage(f"The ledger has no event {unknown[0]}: {hint}")


def _all_refused(connection: Connection) -> list[str]:
    codes = [row.code for row in refused_codes(connection) if row.code]
    return [event_id for code in codes for event_id in refused_ids(connection, Which(code=code))]


def _say_nothing(connection: Connection, asked: Asked) -> str:
    said = f"Nothing that is refused now fits {asked.about}: there is nothing to retry."
    if not asked.code:
        return said
    # Whoever asked for a code may have misread it: the codes that there are help.
    codes = [f"{row.code or 'without a code'} ({row.events_count:,})" for row in refused_codes(connection)]
    return f"{said} What is refused bears {', '.join(codes)}." if codes else said


def _why_not(connection: Connection, settings: Settings, event: Row[Any]) -> str | None:
    """Return why the event cannot be tried again; None where it can.

    To send it once more beside whatever stands in its place by now would pay it twice.
    """
    state = State(event.state)
    if state is not State.REFUSED:
        return f"it is {state}{last_word(connection, event.event_id)}: {_DECIDED_ELSEWHERE[state]}"
    # It would set the reward back to values that were replaced since.
    if event.superseding_id is not None:
        return f"update {event.superseding_id} of the same reward came after it, and sets what counts"
    # Both would be posted: the row as it was, and as it was mended.
    if event.correcting_id is not None:
        return f"its row was corrected: event {event.correcting_id} stands for it"
    # Two opposites of one entry would take its points twice.
    if event.rival_id is not None:
        return f"event {event.rival_id} takes back the same entry"
    # What it would take back is gone by now, or a person said that it is meant.
    if event.settled_break_id is not None:
        return f"it takes back the extra entry of break {event.settled_break_id}, which is settled by now"
    return _why_unreachable(settings, event)


def _why_unreachable(settings: Settings, event: Row[Any]) -> str | None:
    if event.target == Target.REFERRAL_ROCK:
        is_set = bool(settings.referral_rock.public_key)
        return None if is_set else "Referral Rock is not in the settings"
    is_known = any(site.site_id == event.site_id for site in settings.mindbody.sites)
    return None if is_known else f"site {event.site_id} is not in the settings"


def let_try_again(settings: Settings, ledger: Ledger, shown: Retry, *, by: str, reason: str) -> int:
    """Let what was shown be tried again by the next run; return the decision's id.

    `WrongUsage` where one of the events is not as it was shown any more, and says what became of it: then nothing is
    moved.
    """
    # By the attempt that was refused: one that was tried since, and refused again, is not what was shown.
    attempts = {event.event_id: event.attempt_id for event in shown.events}
    try:
        said = say(by, mask(reason), utc_now(), needs_reason=True)
        with deciding(settings, ledger) as connection:
            return retry(connection, attempts, said, about=shown.about)
    except NobodySaidIt as error:
        raise WrongUsage(str(error)) from None
    except ChangedSince as error:
        raise WrongUsage(_say_changed(ledger, error.event_ids)) from None


def _say_changed(ledger: Ledger, event_ids: Sequence[str]) -> str:
    first, *others = event_ids
    with ledger.begin() as connection:
        event = find_event(connection, first)
        told = last_word(connection, first)
    state = event.state if event else "gone"
    more = f" and {len(others)} more are not as shown" if others else ""
    return f"Event {first} is {state} by now{told}{more}: nothing was let try again; look again."


def retry_lines(shown: Retry) -> Iterator[str]:
    """Tell a person what would be tried again, why it was refused, and what would not be."""
    if shown.nothing:
        yield shown.nothing
        return
    yield f"{shown.about}: {len(shown.events):,} refused to be tried again."
    yield from _what_goes_again(shown.events)
    yield from _why_refused(shown.events)
    yield from _left_out_lines(shown.left_out)


def _what_goes_again(refused: Sequence[Row[Any]]) -> Iterator[str]:
    for action in (Action.EARNED, Action.REDEEMED):
        sums = _sums(refused, action)
        count, points = sums["count"], sums["points"]
        if count:
            yield f"  {count:>8,} {action}, {points:,} points"
    updates_count = sum(event.kind == Kind.REWARD_UPDATE for event in refused)
    if updates_count:
        yield f"  {updates_count:>8,} reward updates"
    lanes_count = len({event.lane for event in refused})
    if lanes_count:
        yield f"  {lanes_count:>8,} clients and rewards to be read first"


def _why_refused(refused: Sequence[Row[Any]]) -> Iterator[str]:
    reasons = Counter(_refusal(event) for event in refused)
    for why, count in reasons.most_common(_EXAMPLES):
        yield f"  {count:>8,} were refused with {why}"


def _refusal(event: Row[Any]) -> str:
    message = event.message or event.state_reason
    return f"{event.code}: {message}" if event.code else f"{message}"


def _left_out_lines(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not left_out:
        return
    yield f"  {len(left_out):>8,} stay as they are:"
    for event_id, why in left_out[:_EXAMPLES]:
        yield f"           event {event_id}: {why}"
    if len(left_out) > _EXAMPLES:
        yield f"           and {len(left_out) - _EXAMPLES:,} more: --json lists all"
