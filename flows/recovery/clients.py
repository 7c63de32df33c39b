"""Read back the clients of which something is to be made out, a few at a time, and keep what that proves.

Each client is read once, and what it proves is kept at once: whoever is killed here loses the calls of a few clients.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.errors import ServiceUnreachable
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.connect import open_mindbody
from sql.balances import keep_balances
from sql.read_back import events_posted
from sql.recovery import LostClient, record_proofs, recovering_clients, recovering_events
from transforms.destinations import client_not_read
from transforms.recover.clients import Lost, prove_client
from transforms.recover.proofs import Said
from transforms.settle.history import History
from transforms.settle.windows import Window

# A service whose days are not the site's shows a little more or less than was asked for.
_MARGIN = timedelta(days=1)


def read_site(run: Run, site_id: str) -> None:
    """Read every client of the site with something to make out.

    Raises `BudgetSpent` where the day's calls are used up, `ServiceUnreachable` where nothing more is to be had from
    the site; a single client that cannot be read is noted with the run, and stays on the list.
    """
    asyncio.run(_read_site(run, site_id))


async def _read_site(run: Run, site_id: str) -> None:
    at_once = run.settings.loader.concurrency
    async with open_mindbody(run.settings, run.ledger, site_id) as client:
        after_lane = ""
        while clients := _next_clients(run, site_id, after_lane, at_once):
            answers = await asyncio.gather(*(_read_client(run, client, one) for one in clients), return_exceptions=True)
            _mind_trouble(run, site_id, clients, answers)
            after_lane = clients[-1].lane


def _next_clients(run: Run, site_id: str, after_lane: str, most: int) -> list[LostClient]:
    with run.ledger.begin() as connection:
        return recovering_clients(connection, site_id, after_lane, most)


def _mind_trouble(
    run: Run, site_id: str, clients: Sequence[LostClient], answers: Sequence[BaseException | None]
) -> None:
    """Note who could not be read; where it was everybody, or the calls are spent, raise that."""
    troubles = {client.client_id: answer for client, answer in zip(clients, answers, strict=True) if answer is not None}
    for trouble in troubles.values():
        if not isinstance(trouble, ServiceUnreachable):
            raise trouble
    if len(troubles) == len(clients) and len(clients) > 1:
        raise next(iter(troubles.values()))
    unread = [client_not_read(site_id, client_id, str(trouble)) for client_id, trouble in troubles.items()]
    run.could_not_read(*unread)


async def _read_client(run: Run, client: MindbodyClient, lost: LostClient) -> None:
    first = lost.first_at.astimezone(client.zone).date()
    last = lost.last_at.astimezone(client.zone).date()
    window = Window(client.site_id, lost.client_id, first - _MARGIN, last + _MARGIN, client.zone)
    # Before the request: whatever happens at the service while it answers is later than what the answer shows.
    read_at = utc_now()
    history = await client.fetch_history(lost.client_id, window.since, window.until)
    await asyncio.to_thread(_keep, run, lost.lane, window, history, read_at)
    run.progress.count(1, "clients")


def _keep(run: Run, lane: str, window: Window, history: History, read_at: datetime) -> None:
    since_at, until_at = window.bounds
    with run.ledger.begin() as connection:
        events = recovering_events(connection, lane)
        # What lies a day further was read too, where the service's days are not the site's.
        confirmed = events_posted(connection, lane, since_at - _MARGIN, until_at + _MARGIN)
        proofs = prove_client([_lost(event) for event in events], confirmed, history, read_at)
        now = utc_now()
        record_proofs(connection, events, proofs, run_id=run.run_id, now=now)
        if history.balance is not None:
            keep_balances(connection, [_balance(run, window, history, now)])


def _balance(run: Run, window: Window, history: History, now: datetime) -> dict[str, Any]:
    """Return the balance that later readings start from: nothing of ours can move it while the client is listed.

    It counts as read when what was proved is recorded, so that what it holds already is not added to it again.
    """
    whose = {"site_id": window.site_id, "client_id": window.client_id}
    return whose | {"balance": history.balance, "read_at": now, "run_id": run.run_id}


def _lost(event: Row[Any]) -> Lost:
    return Lost(
        event_id=event.event_id,
        action=event.action,
        points=event.points,
        source=event.source,
        source_id=event.source_id,
        action_at=event.action_at,
        has_time=bool(event.has_time),
        said=said_of(event),
    )


def said_of(event: Row[Any]) -> Said | None:
    """Return what snapshots say of a listed event; None where none knew it."""
    if event.said_state is None:
        return None
    return Said(event.said_state, event.said_reason, event.said_run_id)
