"""Let a held row take the place of the row that it looks like: the one door for command line and pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.ledger.run_id import new_run_id
from flows.review.deciding import deciding
from flows.review.reverse import why_without_opposite
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql.event_decisions import NobodySaidIt, last_word, say, state_of_event
from sql.recovery import is_recovering
from sql.replacements import decide_replacement, go_on_replacing, replaced_by
from sql.reversals import event_to_reverse
from transforms.vocabulary import State

_MAY_HAVE_TAKEN_EFFECT = frozenset({State.POSTED, State.SENDING, State.UNKNOWN})


@dataclass(frozen=True)
class Replaced:
    """What becomes of the rows whose place a held one takes: ids of events."""

    event_id: str
    replaces: tuple[str, ...]
    offset: tuple[str, ...]  # the entries that take back what was posted
    discarded: tuple[str, ...]  # what was not sent, and never is
    in_doubt: tuple[str, ...]  # nobody knows yet whether it took effect: settling decides what becomes of it
    is_released: bool  # nothing is to be waited for: the next run posts it

    def to_json(self) -> dict[str, Any]:
        """Return the documented object."""
        return {
            "id": self.event_id,
            "replaces": list(self.replaces),
            "offset": list(self.offset),
            "discarded": list(self.discarded),
            "in_doubt": list(self.in_doubt),
            "released": self.is_released,
        }


def replace(settings: Settings, ledger: Ledger, event_id: str, by: str, reason: str) -> Replaced:
    """Decide that a held event takes the place of what it looks like; nothing is sent before the next run.

    What was posted is taken back, what was not sent is discarded, and what is in doubt is waited for; the event stays
    held until nothing of it is left. Raises `WrongUsage` where it looks like nothing, is not held, or takes the place
    of what cannot be taken back.
    """
    try:
        said = say(by, mask(reason), utc_now(), needs_reason=True)
    except NobodySaidIt as error:
        raise WrongUsage(str(error)) from None
    with deciding(settings, ledger) as connection:
        places = _places(connection, settings, event_id)
        replaced_ids = [row.event_id for row in places]
        decide_replacement(connection, event_id, replaced_ids, said)
        steps = go_on_replacing(connection, new_run_id, said.now)
        in_doubt = [row.event_id for row in places if row.state in (State.SENDING, State.UNKNOWN)]
        return Replaced(
            event_id=event_id,
            replaces=tuple(replaced_ids),
            offset=tuple(steps.offset),
            discarded=tuple(steps.discarded),
            in_doubt=tuple(in_doubt),
            is_released=event_id in steps.released,
        )


def _places(connection: Connection, settings: Settings, event_id: str) -> Sequence[Row[Any]]:
    """Return what the event would take the place of; `WrongUsage` where it cannot."""
    state = state_of_event(connection, event_id)
    if state is None:
        raise WrongUsage(f"The ledger has no event {event_id}: `tieout plan` lists what waits.")
    if state is not State.HELD:
        told = last_word(connection, event_id)
        raise WrongUsage(f"Event {event_id} is {state}, not held{told}: there is nothing to decide.")
    if is_recovering(connection, event_id):
        raise WrongUsage(f"Nobody has looked yet whether {event_id} was sent before: run `tieout recover` to its end.")
    places = replaced_by(connection, event_id)
    if not places:
        raise WrongUsage(
            f"Event {event_id} looks like no earlier row, so there is none whose place it could take: "
            "`tieout approve` lets it be posted, `tieout discard` leaves it out."
        )
    for row in places:
        _refuse_without_opposite(connection, settings, row)
    return places


def _refuse_without_opposite(connection: Connection, settings: Settings, row: Row[Any]) -> None:
    """Refuse to take the place of what took effect, or may have, and that nothing can take back: both would stand."""
    event = event_to_reverse(connection, row.event_id)
    if event is None or State(event.state) not in _MAY_HAVE_TAKEN_EFFECT:
        return
    # Something takes it back already.
    if event.live_event_id is not None:
        return
    why = why_without_opposite(connection, settings, event)
    if why is not None:
        raise WrongUsage(
            f"Event {row.event_id} cannot be taken back from here: {why}. Put it right at the service, then approve "
            "the new row."
        )


def replacement_lines(replaced: Replaced) -> list[str]:
    """Tell a person what was decided, and what comes of it."""
    lines = [f"Event {replaced.event_id} takes the place of {', '.join(replaced.replaces)}."]
    lines += [f"  event {event_id} was not sent, and never is" for event_id in replaced.discarded]
    lines += [f"  the next run takes back what was posted, by event {event_id}" for event_id in replaced.offset]
    lines += [
        f"  event {event_id} is in doubt: when it is settled, it is taken back if it was posted"
        for event_id in replaced.in_doubt
    ]
    if replaced.is_released:
        return [*lines, "The next run posts it."]
    return [*lines, "It is posted once that has happened; until then it stays held."]


def pending_words(pending: Sequence[Row[Any]]) -> dict[str, str]:
    """Say by event id what each that takes another's place still waits for."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in pending:
        found[row.event_id].append(_waits_for(row))
    return {event_id: "; ".join(places) for event_id, places in found.items()}


def _waits_for(row: Row[Any]) -> str:
    what = f"takes the place of event {row.replaced_event_id}, as {row.actor} decided"
    match row.offset_state, row.state:
        case State.REFUSED | State.DISCARDED, _:
            return (
                f"{what}; but event {row.offset_event_id}, which takes that back, is {row.offset_state}: replace it "
                "again, approve it if both are right, or discard it"
            )
        case None, State.SENDING | State.UNKNOWN:
            return f"{what}; that one is in doubt, and has to be settled first"
        case None, _:
            return f"{what}; the next run goes on"
        case _:
            return f"{what}; event {row.offset_event_id}, which takes that back, is {row.offset_state}"
