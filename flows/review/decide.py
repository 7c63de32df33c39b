"""Approve what is held, discard what was not sent: the one door, with its guards, for command line and pages."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.review.deciding import deciding
from flows.review.shown import refuse_changed
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql import approvals, plans
from sql.approvals import NotHeld, Superseded
from sql.event_decisions import NobodySaidIt, last_word_about, say, state_of_event
from sql.recovery import is_recovering
from sql.replacements import pending_replacements
from sql.reversals import needless_reversals
from sql.sites import drop_site, site_work
from transforms.destinations import place_of
from transforms.vocabulary import State

_CAME_TO_NOTHING = frozenset({State.DISCARDED, State.REFUSED})


@dataclass(frozen=True)
class Decided:
    """What was decided about: one event, or how many events of a plan."""

    plan_events_count: int | None  # None: the id was an event's
    elsewhere: str = ""  # of a plan: what others had decided about the rest of it, in words
    alike_count: int = 0  # of a plan: what looks like rows of earlier files, and still waits


class _OfEvent(Protocol):
    def __call__(self, connection: Connection, event_id: str, *, by: str, now: datetime, reason: str) -> None:
        """Decide about one event."""


class _OfPlan(Protocol):
    def __call__(self, connection: Connection, plan_id: str, *, by: str, now: datetime, reason: str) -> int:
        """Decide about all that is left of the plan; return how many."""


def approve(
    settings: Settings,
    ledger: Ledger,
    held_id: str,
    by: str,
    reason: str = "",
    seen: str | None = None,
    *,
    spares_own: bool = False,
) -> Decided:
    """Let a held event, or all that a plan still holds, be posted by the next run.

    It is about what was shown (`flows.review.shown`): exactly what bears the code ``seen``, or what this person saw
    last. `WrongUsage` where the file, the ledger or the settings changed since, where nothing of that id waits, or
    where it would take back an entry whose break is settled by now; it says who was faster.
    """
    with deciding(settings, ledger) as connection:
        # All of it in one turn of the ledger: what a guard has seen is what is let go.
        fingerprint = refuse_changed(connection, settings, held_id, by=by.strip(), seen=seen)
        _refuse_needless(connection, held_id)
        _refuse_unseen(connection, held_id)
        _refuse_replacing(connection, held_id)
        of_event = partial(approvals.approve, seen=fingerprint)
        of_plan = partial(plans.approve_plan, seen=fingerprint, spares_own=spares_own)
        decided = _decide(connection, held_id, (by, reason), {State.HELD}, of_event, of_plan)
        if decided.plan_events_count is None:
            return decided
        alike_count = plans.lookalikes_of_plan(connection, held_id)
        if decided.plan_events_count == 0:
            raise WrongUsage(_why_none_of_it(held_id, alike_count))
        return dataclasses.replace(decided, alike_count=alike_count)


def _why_none_of_it(plan_id: str, alike_count: int) -> str:
    """Say why nothing of a plan goes with all of it: each of its events has to be looked at by itself."""
    what = "looks like rows of earlier files" if alike_count else "may have been sent by a ledger that is lost"
    return (
        f"What {plan_id} still holds {what}: look at each by itself (`tieout plan` says what is known of it), "
        "and approve it by its own id."
    )


def discard(
    settings: Settings, ledger: Ledger, held_id: str, by: str, reason: str = "", *, waits_still: bool = False
) -> Decided:
    """Rule that an event which was not sent never is, or drop all that was not sent of a plan.

    `WrongUsage` where nothing of that id is left to drop, or where it may have been sent. With ``waits_still`` what
    somebody has let go meanwhile is not dropped either: whoever was shown that it waits is told instead.
    """
    with deciding(settings, ledger) as connection:
        if waits_still:
            _refuse_decided(connection, held_id)
        not_sent = {State.HELD, State.READY}
        return _decide(connection, held_id, (by, reason), not_sent, approvals.discard, plans.discard_plan)


@dataclass(frozen=True)
class OfSite:
    """What was not sent of a site: the events, and how many may have been sent and so cannot be dropped."""

    site_id: str
    event_ids: tuple[str, ...]
    points: int
    in_flight_count: int


def unsent_of_site(ledger: Ledger, site_id: str) -> OfSite:
    """Return what a site has that is held or ready."""
    with ledger.begin() as connection:
        return _of_site(connection, site_id)


def _of_site(connection: Connection, site_id: str) -> OfSite:
    found = site_work(connection, site_id)
    return OfSite(site_id, found.event_ids, found.points, found.in_flight_count)


def discard_site(settings: Settings, ledger: Ledger, shown: OfSite, by: str, reason: str) -> int:
    """Rule that nothing that was shown of a site is ever sent; return how many events that are.

    `WrongUsage` where it is not what was shown any more: a run has sent some of it, or another person has decided.
    """
    with deciding(settings, ledger) as connection:
        if set(_of_site(connection, shown.site_id).event_ids) != set(shown.event_ids):
            raise WrongUsage(
                f"{place_of(shown.site_id)} has other events than were shown: a run or another person was faster. "
                "Nothing was discarded; look again."
            )
        try:
            said = say(by, mask(reason), utc_now(), needs_reason=False)
        except NobodySaidIt as error:
            raise WrongUsage(str(error)) from None
        return drop_site(connection, shown.site_id, shown.event_ids, said)


def _refuse_decided(connection: Connection, held_id: str) -> None:
    """Refuse to take back another person's word unseen: of two who decide at once the second one is told."""
    of_plan = plans.states_of_plan(connection, held_id)
    states = of_plan.keys() or {state_of_event(connection, held_id)}
    if State.HELD not in states or states - {State.HELD, State.DISCARDED}:
        raise WrongUsage("Somebody else has decided about that meanwhile: look at how it stands. Nothing was dropped.")


def _refuse_needless(connection: Connection, held_id: str) -> None:
    """Refuse to take back an entry whose break is settled by now: it would be taken back from nothing."""
    for row in needless_reversals(connection, held_id):
        raise WrongUsage(
            f"Event {row.event_id} takes back the extra entry of break {row.break_id}, which is {row.state} by now: "
            f"`tieout discard {row.event_id}`, or reopen the break first."
        )


def _refuse_unseen(connection: Connection, held_id: str) -> None:
    """Refuse to approve what a recovery has not looked at yet: it may have been sent long ago."""
    if is_recovering(connection, held_id):
        raise WrongUsage(
            f"Nobody has looked yet whether {held_id} was sent before: run `tieout recover` to its end, then decide."
        )


def _refuse_replacing(connection: Connection, held_id: str) -> None:
    """Refuse to let an event go that is about to take another's place: that one is being taken back already.

    Both would stand at the service until the other was taken back, and both for good where that came to nothing.
    """
    for row in pending_replacements(connection):
        is_being_taken_back = row.offset_event_id is not None and row.offset_state not in _CAME_TO_NOTHING
        if row.event_id == held_id and is_being_taken_back:
            raise WrongUsage(
                f"Event {held_id} takes the place of event {row.replaced_event_id}, and is posted once event "
                f"{row.offset_event_id} has taken that back, which is {row.offset_state}: there is nothing to decide."
            )


def _decide(
    connection: Connection,
    held_id: str,
    said: tuple[str, str],
    takes: set[State],
    of_event: _OfEvent,
    of_plan: _OfPlan,
) -> Decided:
    """Decide about a plan, where something of it is left in these states, else about the event of this id."""
    by, reason = said[0], mask(said[1])
    states = plans.states_of_plan(connection, held_id)
    is_left = bool(takes & states.keys())
    if states and not is_left:
        last_word = _last_word(connection, held_id)
        raise WrongUsage(f"Nothing of {held_id} waits any more: {_say_states(states)}{last_word}.")
    try:
        # By the states that wait alone: what was sent of the plan meanwhile is none of this decision's.
        if is_left:
            rest = {state: count for state, count in states.items() if state not in takes}
            decided_count = of_plan(connection, held_id, by=by, now=utc_now(), reason=reason)
            return Decided(decided_count, _say_states(rest))
        of_event(connection, held_id, by=by, now=utc_now(), reason=reason)
    except NotHeld as error:
        raise WrongUsage(str(error) if error.state else _say_unknown(connection, held_id)) from None
    except (Superseded, NobodySaidIt) as error:
        raise WrongUsage(str(error)) from None
    return Decided(None)


def _last_word(connection: Connection, plan_id: str) -> str:
    """Return who decided last about the plan, "" where nobody did."""
    said = last_word_about(connection, f"plan {plan_id}")
    return f"; {said}" if said else ""


def _say_states(states: Mapping[State, int]) -> str:
    words = {State.READY: "approved and to be posted", State.UNKNOWN: "in doubt"}
    return ", ".join(f"{count:,} {words.get(state, state)}" for state, count in states.items())


def _say_unknown(connection: Connection, held_id: str) -> str:
    held = plans.held_events(connection)
    known = dict.fromkeys(event.run_id for event in held)
    known |= dict.fromkeys(event.event_id for event in held)
    close = get_close_matches(held_id, known, n=1, cutoff=0.8)
    hint = f"did you mean {close[0]}?" if close else "`tieout plan` lists what waits."
    return f"The ledger has no event and no plan {held_id}: {hint}"
