"""Mindbody's two reward calls: post one event, read one client's entries.

Entries come back in the site's local time without an offset, oldest first, and with `SourceID` where the request has
`SourceId`. No entry has an id, and nothing makes a repeated post harmless.
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from aiohttp import web

from flows.sandbox.errors import ServiceError
from flows.sandbox.faults import FaultKind
from flows.sandbox.mindbody_rules import read_update
from flows.sandbox.mindbody_tokens import check_access, check_site
from flows.sandbox.options import PostAnswer
from flows.sandbox.query import cut_page, local_text, pagination, read_day, read_value, today
from flows.sandbox.seed import SeedTransaction
from flows.sandbox.state import SIGNS, SandboxState


async def post_client_rewards(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """POST client/clientrewards: commit one event and show it with the balance after it."""
    body = await request.read()
    check_access(request, state)
    site_id = check_site(request, state)
    client_id, entry = read_update(body, state, site_id)
    fault: FaultKind | None = request.get("fault")
    # Nothing looks for an equal entry first: the service knows no key of an event, so whoever posts twice has two.
    for _ in range(_times_committed(fault)):
        state.commit_transaction(client_id, entry, site_id=site_id)
    if fault == FaultKind.AGAIN:
        _commit_again(request, state, client_id, entry)
    balance = state.balances[state.account(client_id, site_id)]
    # A phantom is answered as if it were there, in the balance too: only reading back can tell that it is not.
    if fault == FaultKind.PHANTOM:
        balance += SIGNS[entry.action] * entry.points
    # A balance that is kept apart, and reckoned from what came by this door alone.
    if fault == FaultKind.BLIND_BALANCE:
        balance -= state.by_desk[state.account(client_id, site_id)]
    shown = [_show(entry, state)]
    if fault == FaultKind.DUPLICATE:
        shown *= 2
    return _answer_post(state, balance, shown)


def _times_committed(fault: FaultKind | None) -> int:
    match fault:
        case FaultKind.PHANTOM:
            return 0
        case FaultKind.TWICE:
            return 2
        case _:
            return 1


def _commit_again(request: web.Request, state: SandboxState, client_id: str, entry: SeedTransaction) -> None:
    """Commit the entry once more when the fault's time is over, as a queue does that was not told that it is done."""
    loop = asyncio.get_running_loop()
    commit = partial(state.commit_transaction, client_id, entry, site_id=request.headers["SiteId"])
    loop.call_later(request["fault_seconds"], commit)


async def get_client_rewards(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """GET client/clientrewards: by site-local days, both included; without dates only today, as the service does."""
    check_access(request, state)
    client_id = read_client(request, state)
    account = state.account(client_id, check_site(request, state))
    first = read_day(request, "startDate", state.zone, today(state.zone))
    last = read_day(request, "endDate", state.zone, first)
    entries, balance = state.entries[account], state.balances[account]
    if request.get("fault") == FaultKind.READ_BEHIND:
        entries, balance = _before_the_last(int(request["fault_seconds"]), account, state)
    # By the site's day and not by UTC's: an entry of 5 pm in Los Angeles is on the next day in UTC.
    found = [entry for entry in entries if first <= _local_day(entry, state) <= last]
    page, paging = cut_page(request, found)
    shown = [_show(entry, state) for entry in page]
    return {"PaginationResponse": paging, "Balance": balance, "Transactions": shown}


def _before_the_last(number: int, account: str, state: SandboxState) -> tuple[list[SeedTransaction], int]:
    """Return the entries and the balance as a copy of the service has them that did not hear of the last ones yet."""
    unheard = state.in_order[account][-number:]
    entries = [entry for entry in state.entries[account] if not any(entry is one for one in unheard)]
    points = sum(SIGNS[entry.action] * entry.points for entry in unheard)
    return entries, state.balances[account] - points


def _local_day(entry: SeedTransaction, state: SandboxState) -> date:
    return entry.acted_at.astimezone(state.zone).date()


def read_client(request: web.Request, state: SandboxState) -> str:
    """Return the clientId parameter of a client that exists."""
    client_id = read_value(request, "clientId")
    if client_id is None:
        raise ServiceError(400, "MissingRequiredFields", "ClientId is required.")
    if client_id not in state.clients:
        raise ServiceError(404, "ClientNotFound", f"Client {client_id} was not found.")
    return client_id


def _answer_post(state: SandboxState, balance: int, shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if state.options.post_answer is PostAnswer.ONE:
        return {"Transaction": shown[0], "Balance": balance}
    paging = pagination(100, 0, len(shown), len(shown))
    return {"PaginationResponse": paging, "Balance": balance, "Transactions": list(shown)}


def _show(entry: SeedTransaction, state: SandboxState) -> dict[str, Any]:
    acted_at = entry.acted_at.replace(microsecond=0) if state.options.shows_whole_seconds else entry.acted_at
    expires = None if entry.expires_at is None else local_text(entry.expires_at, state.zone)
    return {
        "ActionDateTime": local_text(acted_at, state.zone),
        "Action": entry.action,
        "Source": entry.source,
        # So spelled in answers alone; requests say SourceId.
        "SourceID": entry.source_id,
        "ExpirationDateTime": expires,
        "Points": entry.points,
    }
