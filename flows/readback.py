"""Read what the services say: Mindbody client by client, Referral Rock in one sweep.

One client that cannot be read does not stop the others: it is named, and nothing is concluded about it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flows.errors import ServiceUnreachable
from flows.ledger import Ledger
from flows.loader.mindbody import History, MindbodyClient
from flows.loader.mindbody_messages import Transaction
from flows.loader.referral_rock import ReferralRockClient
from flows.loader.referral_rock_messages import to_amount, to_day
from flows.services import connected
from flows.settings import Settings
from flows.windows import Window
from transforms.vocabulary import State, Target

Client = tuple[str, str]  # site and client id
_CONTENT = ("action", "points", "source", "source_id", "action_at")


@dataclass(frozen=True)
class Remote:
    """What the services said when they were asked."""

    histories: Mapping[Client, History]
    unread: Mapping[Client, str]  # why a client could not be read
    rewards: Mapping[str, Mapping[str, Any]] | None  # by id in lower case; None where Referral Rock was not asked


def fetch_remote(settings: Settings, ledger: Ledger, windows: Sequence[Window], *, with_rewards: bool) -> Remote:
    """Read the windows' clients, and all rewards where asked; `ServiceUnreachable` where no client can be read."""
    remote = asyncio.run(_fetch(settings, ledger, windows, with_rewards))
    if windows and not remote.histories:
        raise ServiceUnreachable(next(iter(remote.unread.values())))
    return remote


async def _fetch(settings: Settings, ledger: Ledger, windows: Sequence[Window], with_rewards: bool) -> Remote:
    histories: dict[Client, History] = {}
    unread: dict[Client, str] = {}
    for site_id in sorted({window.site_id for window in windows}):
        here = [window for window in windows if window.site_id == site_id]
        async with connected(settings, ledger, (Target.MINDBODY, site_id)) as service:
            assert isinstance(service.client, MindbodyClient)  # noqa: S101 - by the target
            for window, found in await _fetch_histories(service.client, here, settings.loader.concurrency):
                key = (window.site_id, window.client_id)
                if isinstance(found, History):
                    histories[key] = found
                else:
                    unread[key] = str(found)
    if not with_rewards:
        return Remote(histories, unread, None)
    async with connected(settings, ledger, (Target.REFERRAL_ROCK, "")) as service:
        assert isinstance(service.client, ReferralRockClient)  # noqa: S101 - by the target
        return Remote(histories, unread, await service.client.fetch_rewards())


async def _fetch_histories(
    client: MindbodyClient, windows: Sequence[Window], concurrency: int
) -> list[tuple[Window, History | ServiceUnreachable]]:
    slots = asyncio.Semaphore(concurrency)
    # Whether the service means site-local or UTC days is not documented, so a day more is read on each side.
    margin = timedelta(days=1)

    async def fetch(window: Window) -> tuple[Window, History | ServiceUnreachable]:
        async with slots:
            try:
                history = await client.fetch_history(window.client_id, window.since - margin, window.until + margin)
            except ServiceUnreachable as error:
                return window, error
            return window, history

    return await asyncio.gather(*(fetch(window) for window in windows))


def transaction_rows(lines: Iterable[Transaction], events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return transactions as rows to match, in the same order.

    In a doubled hour a transaction's time is the one that an equal event of the client has, each event's once.
    """
    known = Counter(tuple(event[name] for name in _CONTENT) for event in events if event["state"] != State.REFUSED)
    return [_transaction_row(line, known) for line in lines]


def _transaction_row(line: Transaction, known: Counter[tuple[Any, ...]]) -> dict[str, Any]:
    content = (line.action, line.points, line.source, line.source_id)
    fitting = [moment for moment in line.action_at_candidates if known[(*content, moment)] > 0]
    action_at = fitting[0] if fitting else line.action_at
    known[(*content, action_at)] -= 1
    return dict(zip(_CONTENT, (*content, action_at), strict=True))


def reward_row(reward_id: str, reward: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reward as a row to match, under the id that the ledger has for it."""
    return {
        "reward_id": reward_id,
        "remote_payout_id": str(reward.get("payoutId") or "").lower(),
        "remote_amount": to_amount(reward.get("amount")),
        "remote_eligibility_on": to_day(reward.get("eligibilityDate")),
        "remote_description": reward.get("description"),
    }
