"""What people do at the studio's own desk, behind the back of any API client: for tests and demonstrations only.

These paths exist in no service. `POST /sandbox/desk/transactions` {ClientId, Action, Points, Source, SourceId,
ActionDateTime} enters any of the five actions unchecked; `POST /sandbox/desk/rewards` {rewardId, status, payoutId,
amount, eligibilityDate, description} sets whatever is given. Both go into the commit log with `"actor": "desk"`.
`POST /sandbox/desk/expire` {ClientId, Points} lets points expire: the balance falls, and no entry shows it.
`POST /sandbox/desk/remove` {ClientId, ActionDateTime} removes the entry of that time, and leaves no trace of it.
`POST /sandbox/desk/clock` {now} lets the services' clock go on from that moment.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from flows.sandbox.clock import current_time, set_now
from flows.sandbox.errors import ServiceError
from flows.sandbox.seed import SeedTransaction
from flows.sandbox.state import SIGNS, SandboxState


async def enter_transaction(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """Enter points by hand; times are UTC unless they bear an offset, and default to now."""
    fields = json.loads(await request.read())
    client_id = fields.get("ClientId")
    if client_id not in state.clients or fields.get("Action") not in SIGNS:
        raise ServiceError(400, "InvalidParameter", "ClientId and Action must be known.")
    entry = SeedTransaction(
        action=fields["Action"],
        points=int(fields["Points"]),
        source=fields.get("Source"),
        source_id=fields.get("SourceId"),
        acted_at=_moment(fields.get("ActionDateTime")),
    )
    # Unchecked on purpose: staff may enter what the API would refuse, and a reconciliation has to explain that too.
    state.commit_transaction(client_id, entry, actor="desk")
    return {"Balance": state.balances[client_id]}


async def expire_points(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """Let points of a client expire."""
    fields = json.loads(await request.read())
    state.expire_points(fields["ClientId"], int(fields["Points"]))
    return {"Balance": state.balances[fields["ClientId"]]}


async def remove_entry(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """Remove an entry of a client without a trace."""
    fields = json.loads(await request.read())
    acted_at = _moment(fields["ActionDateTime"])
    entry = next((one for one in state.entries[fields["ClientId"]] if one.acted_at == acted_at), None)
    if entry is None:
        raise ServiceError(400, "InvalidParameter", "The client has no entry of that time.")
    state.remove_entry(fields["ClientId"], entry)
    return {"Balance": state.balances[fields["ClientId"]]}


def _moment(text: str | None) -> datetime:
    if not text:
        return current_time().replace(microsecond=0)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


async def edit_reward(request: web.Request, state: SandboxState) -> dict[str, Any]:
    """Edit a reward by hand, issued or not."""
    fields = json.loads(await request.read(), parse_float=Decimal, parse_int=Decimal)
    if state.find_reward(fields.get("rewardId")) is None:
        raise ServiceError(400, "InvalidParameter", "rewardId must be known.")
    state.commit_reward(fields["rewardId"], fields, actor="desk")
    return {"rewardId": fields["rewardId"]}


async def set_clock(request: web.Request, _state: SandboxState) -> dict[str, Any]:
    """Let the clock go on from a moment, so that a month of nights can be rehearsed."""
    set_now(datetime.fromisoformat(json.loads(await request.read())["now"]))
    return {"now": current_time().isoformat()}
