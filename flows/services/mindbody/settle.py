"""Read back what is in doubt at a Mindbody site, client by client; nothing is ever sent from here.

What the answers prove is decided in `transforms.settle.decide`.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import ServiceUnreachable
from flows.services.gateway import RecordSettlements
from flows.services.mindbody.client import MindbodyClient
from sql.settlements import (
    Settlement,
    balance_before,
    balances_told_since,
    confirmed_events,
    confirmed_kin_count,
    confirmed_times,
    double_times,
    possible_requests,
)
from transforms.settle.decide import BASE_HOLDS_FOR, Base, Expected, decide
from transforms.settle.windows import Window
from transforms.vocabulary import Action, State

# A service whose days are not the site's shows a little more or less than was asked for.
_MARGIN = timedelta(days=1)
# How far from the event's time an entry lies that is among the days that were read, whatever days the service means.
_SURELY_READ = timedelta(hours=12)
_LATELY = timedelta(days=1)


async def read_doubtful(
    ledger: Ledger, client: MindbodyClient, concurrency: int, events: Sequence[Row[Any]], record: RecordSettlements
) -> None:
    """Read back each event's client and record what that proves, one by one as they are read."""
    slots = asyncio.Semaphore(concurrency)

    async def settle_one(event: Row[Any]) -> None:
        # Each is of a client of its own, since a client in doubt has nothing else under way.
        async with slots:
            settlement = await _read_client(ledger, client, event)
            # One by one, so that a crash loses no more than what is being read.
            record([settlement])

    await asyncio.gather(*(settle_one(event) for event in events))


async def _read_client(ledger: Ledger, client: MindbodyClient, event: Row[Any]) -> Settlement:
    day = event.action_at.astimezone(client.zone).date()
    window = Window(client.site_id, event.client_id, day - _MARGIN, day + _MARGIN, client.zone)
    # Taken before the request: whatever happens at the service while it answers is later than what the answer shows.
    read_at = utc_now()
    try:
        history = await client.fetch_history(event.client_id, window.since, window.until)
    except ServiceUnreachable as error:
        # Nothing was seen, so nothing is decided: the event stays in doubt, and its client waits.
        return Settlement(event, State.UNKNOWN, f"could not be read back: {error}", {"failure": str(error)})
    # No history is no count of none: a client who was merged into another one keeps the points there, and one who was
    # made a moment ago may be known to what takes a post in and not yet to what is read.
    if not history.is_known:
        failure = f"the service knows no client {event.client_id}: if it was merged, or has another id now, look there"
        return Settlement(event, State.UNKNOWN, f"could not be read back: {failure}", {"failure": failure})
    expected = _expect(ledger, event, window, read_at)
    decision = decide(event, history, expected, read_at)
    return Settlement(
        event=event,
        state=decision.state,
        reason=decision.reason,
        evidence=decision.evidence,
        balance=history.balance,
    )


def _expect(ledger: Ledger, event: Row[Any], window: Window, read_at: datetime) -> Expected:
    """Ask the ledger what the service should show if the event had not landed."""
    since_at, until_at = window.bounds
    # A day more on each side than was read: what the service shows of its own days may be of the site's next one, and
    # has to find the event that accounts for it. One that finds none would pass for somebody's, and make a person look.
    since_at -= _MARGIN
    until_at += _MARGIN
    with ledger.begin() as connection:
        confirmed = confirmed_events(connection, event, since_at, until_at)
        return Expected(
            confirmed_times=tuple(confirmed_times(connection, event, since_at, until_at)),
            base=_base(connection, event),
            confirmed_kin=confirmed_kin_count(connection, event),
            requests=possible_requests(connection, event),
            double_times=tuple(double_times(connection, event, since_at, until_at)),
            confirmed=tuple(confirmed),
            lately=tuple(one for one in confirmed if _must_be_shown(one, event, read_at)),
            balances_before=_balances_before(connection, event, read_at),
        )


def _must_be_shown(confirmed: Row[Any], event: Row[Any], read_at: datetime) -> bool:
    """Tell what a reading that is up to date shows: on the event's day, and confirmed not so long ago.

    What was confirmed days ago and is gone was removed at the service, and says nothing about how old the reading is.
    """
    is_read = abs(confirmed.action_at - event.action_at) <= _SURELY_READ
    is_recent: bool = confirmed.state_at > read_at - _LATELY
    return is_read and is_recent


def _balances_before(connection: Connection, event: Row[Any], read_at: datetime) -> frozenset[int]:
    """Return the balances that the client had before each of what was confirmed within the time that a base holds."""
    told = balances_told_since(connection, event, read_at - BASE_HOLDS_FOR)
    signs = {Action.EARNED: 1, Action.REDEEMED: -1}
    return frozenset(one.balance - signs[Action(one.action)] * one.points for one in told)


def _base(connection: Connection, event: Row[Any]) -> Base | None:
    before = balance_before(connection, event)
    if before is None or before.balance is None:
        return None
    return Base(before.balance, before.told_at)
