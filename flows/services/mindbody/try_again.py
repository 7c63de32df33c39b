"""Read a client of a Mindbody site before an event that was refused is sent again; nothing is ever sent from here.

What speaks against another try is decided in `transforms.settle.try_again`.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import ServiceUnreachable
from flows.services.gateway import RecordSettlements
from flows.services.mindbody.client import MindbodyClient
from sql.retries import kin_of_later_files, posted_times_of_kin
from sql.settlements import Settlement
from transforms.settle.history import History
from transforms.settle.try_again import decide_another_try, entries_against
from transforms.settle.windows import Window
from transforms.vocabulary import State

# A service whose days are not the site's shows a little more or less than was asked for.
_MARGIN = timedelta(days=1)


async def read_before_another_try(
    ledger: Ledger, client: MindbodyClient, concurrency: int, events: Sequence[Row[Any]], record: RecordSettlements
) -> None:
    """Read each event's client and record whether the event may go; unknown where the client could not be read."""
    slots = asyncio.Semaphore(concurrency)

    async def read_one(event: Row[Any]) -> None:
        async with slots:
            record([await _read_client(ledger, client, event)])

    await asyncio.gather(*(read_one(event) for event in events))


async def _read_client(ledger: Ledger, client: MindbodyClient, event: Row[Any]) -> Settlement:
    read_at = utc_now()
    window = _days_since(client, event)
    try:
        history = await client.fetch_history(event.client_id, window.since, window.until)
    except ServiceUnreachable as error:
        # Nothing was seen, so it is not sent: it waits for a run that can look.
        return Settlement(event, State.UNKNOWN, f"could not be read: {error}", {"failure": str(error)})
    another = decide_another_try(
        _against(ledger, event, history, window),
        json.loads(event.shown_evidence) if event.shown_evidence else None,
        {"read_at": read_at.isoformat(), "since": f"{window.since}", "balance_now": history.balance},
    )
    return Settlement(event, another.state, another.reason, another.evidence, balance=history.balance)


def _days_since(client: MindbodyClient, event: Row[Any]) -> Window:
    """Return the days from the event to today: a hand that enters it later does so under its own day."""
    acted_on = event.action_at.astimezone(client.zone).date()
    today = utc_now().astimezone(client.zone).date()
    # An event may be of the site's tomorrow, where the service's clock is ahead of this one.
    last_day = max(acted_on, today)
    return Window(client.site_id, event.client_id, acted_on - _MARGIN, last_day + _MARGIN, client.zone)


def _against(ledger: Ledger, event: Row[Any], history: History, window: Window) -> list[str]:
    """Return what may be the event, at the service or among later events of ours, a line each."""
    # No history is none without entries: what landed may stand where the client was merged into another one.
    if not history.is_known:
        return [f"the service knows no client {event.client_id}: if it was merged, or has another id now, look there"]
    since_at, until_at = window.bounds
    with ledger.begin() as connection:
        posted_times = posted_times_of_kin(connection, event, since_at - _MARGIN, until_at + _MARGIN)
        kin = kin_of_later_files(connection, event)
    corrected = [f"event {event_id} of a later file may be the same one, corrected" for event_id in kin]
    return entries_against(event, history, posted_times) + corrected
