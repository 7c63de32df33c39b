"""Approve or discard what is held: the one door, with its guards, for command line and pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Protocol

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from sql import approvals, plans
from sql.approvals import NotHeld
from sql.reversals import needless_reversals
from transforms.vocabulary import State


@dataclass(frozen=True)
class Decided:
    """What was decided about: one event, or how many events of a plan."""

    plan_events_count: int | None  # None: the id was an event's


class _OfEvent(Protocol):
    def __call__(self, connection: Connection, event_id: str, *, by: str, now: datetime) -> None:
        """Decide about one held event."""


class _OfPlan(Protocol):
    def __call__(self, connection: Connection, plan_id: str, *, by: str, now: datetime) -> int:
        """Decide about all that the plan still holds; return how many."""


def approve(ledger: Ledger, held_id: str, by: str) -> Decided:
    """Let a held event, or all that a plan still holds, be posted by the next run.

    `WrongUsage` where nothing of that id waits, or where it would take back an entry whose break is settled by now.
    """
    with ledger.begin() as connection:
        _refuse_needless(connection, held_id)
        return _decide(connection, held_id, by, approvals.approve, plans.approve_plan)


def discard(ledger: Ledger, held_id: str, by: str) -> Decided:
    """Rule that a held event is never posted, or drop all that a plan still holds; `WrongUsage` where nothing waits."""
    with ledger.begin() as connection:
        return _decide(connection, held_id, by, approvals.discard, plans.discard_plan)


def _refuse_needless(connection: Connection, held_id: str) -> None:
    """Refuse to take back an entry whose break is settled by now: it would be taken back from nothing."""
    for row in needless_reversals(connection, held_id):
        raise WrongUsage(
            f"Event {row.event_id} takes back the extra entry of break {row.break_id}, which is {row.state} by now: "
            f"`tieout discard {row.event_id}`, or reopen the break first."
        )


def _decide(connection: Connection, held_id: str, by: str, of_event: _OfEvent, of_plan: _OfPlan) -> Decided:
    states = plans.states_of_plan(connection, held_id)
    if states.get(State.HELD):
        return Decided(of_plan(connection, held_id, by=by, now=utc_now()))
    if states:
        raise WrongUsage(f"Nothing of {held_id} waits any more: {_say_states(states)}.")
    try:
        of_event(connection, held_id, by=by, now=utc_now())
    except NotHeld as error:
        raise WrongUsage(str(error) if error.state else _say_unknown(connection, held_id)) from None
    return Decided(None)


def _say_states(states: Mapping[State, int]) -> str:
    words = {State.READY: "approved and to be posted", State.UNKNOWN: "in doubt"}
    return ", ".join(f"{count:,} {words.get(state, state)}" for state, count in states.items())


def _say_unknown(connection: Connection, held_id: str) -> str:
    held = plans.held_events(connection)
    plan_ids = list(dict.fromkeys(event.run_id for event in held))
    event_ids = [event.event_id for event in held]
    close = get_close_matches(held_id, plan_ids + event_ids, n=1, cutoff=0.8)
    hint = f"did you mean {close[0]}?" if close else "`tieout plan` lists what waits."
    return f"The ledger has no event and no plan {held_id}: {hint}"
