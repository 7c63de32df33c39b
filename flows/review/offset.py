"""Take back an entry that a service has and that nobody sent, or sent only once: planned, and held for another word."""

from typing import Any, Final

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.ledger.counted import counted
from flows.ledger.run_id import new_run_id
from flows.review.shown import keep_shown
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql.break_decisions import DecisionRefused, find_break
from sql.event_decisions import NobodySaidIt, Said, say
from sql.lock import take_turn
from sql.reversals import Entry, Request, breaks_with_reversals, plan_reversal
from transforms.outcomes import OFFSETS
from transforms.vocabulary import Action, Outcome, State

_CAME_TO_NOTHING: Final = (State.DISCARDED, State.REFUSED)
_OPEN: Final = ("open", "acknowledged")


def offset_of(ledger: Ledger, break_id: str) -> Row[Any] | None:
    """Return the entry that was last proposed to offset a break: event_id, state, action, points, requested_by."""
    with ledger.read() as connection:
        return breaks_with_reversals(connection, [break_id]).get(break_id)


def can_be_offset(settings: Settings, broken: Any, proposed: Row[Any] | None) -> bool:
    """Return whether an entry may be proposed: something extra is there, and nothing takes it back yet."""
    is_extra = Outcome(broken["class"]) in OFFSETS and bool(broken["more"])
    if not is_extra or broken["state"] not in _OPEN:
        return False
    # A second one would take it back twice.
    is_taken_back = proposed is not None and proposed.state not in _CAME_TO_NOTHING
    if is_taken_back:
        return False
    # What was redeemed too often is given back by an Earned, which has no Source.
    needs_earned = broken["more"] < 0
    return not (needs_earned and settings.guards.require_source)


def propose_offset(settings: Settings, ledger: Ledger, break_id: str, *, by: str, reason: str) -> None:
    """Plan the entry that takes the extra one back; it waits for a person, and is posted by the next run after that.

    `WrongUsage` where there is nothing extra, or where something takes it back already.
    """
    said = _said(by, reason)
    with counted(settings, ledger), ledger.begin() as connection:
        # Two people who propose at once must not both find it untouched.
        take_turn(connection)
        broken = _broken(connection, break_id)
        proposed = breaks_with_reversals(connection, [break_id]).get(break_id)
        if not can_be_offset(settings, broken, proposed):
            raise WrongUsage("There is nothing to take back: it is not open, or an entry takes it back already.")
        entry = Entry(
            site_id=broken["site_id"],
            client_id=broken["client_id"],
            action=Action.EARNED if broken["more"] > 0 else Action.REDEEMED,
            points=abs(int(broken["more"])),
            break_id=break_id,
            tries=0 if proposed is None else proposed.nth,
        )
        plan_id = new_run_id("reverse")
        request = Request(name="reversals of extra entries", by=said.by, reason=said.reason, now=said.now)
        plan_reversal(connection, plan_id, [entry], request)
        keep_shown(connection, settings, plan_id, to=said.by)


def _said(by: str, reason: str) -> Said:
    try:
        return say(by, mask(reason), utc_now(), needs_reason=True)
    except NobodySaidIt as error:
        raise WrongUsage(str(error)) from None


def _broken(connection: Connection, break_id: str) -> dict[str, Any]:
    try:
        return find_break(connection, break_id)
    except DecisionRefused as error:
        raise WrongUsage(str(error)) from None
