"""Settle what is in doubt at one destination by reading it back, and keep what that decided, with the evidence.

How a service is read back stands in its folder (`flows.services`); nothing is ever sent from there or from here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from flows.ledger.run import Run
from flows.services.connect import connected
from sql.settlements import Settlement, doubtful_events, settle
from transforms.destinations import Destination, NotRead, client_not_read, reward_not_read
from transforms.vocabulary import State, Target


@dataclass(frozen=True)
class Settled:
    """What reading back left open."""

    undecided: frozenset[str]  # events that stay unknown
    not_read: tuple[NotRead, ...]  # whom nobody could look at: nothing was seen, so nothing is known


def settle_destination(run: Run, destination: Destination) -> Settled:
    """Read back every event in doubt there whose time has come."""
    undecided: set[str] = set()
    not_read: list[NotRead] = []

    def record(settlements: Sequence[Settlement]) -> None:
        now = run.ledger.now()
        # What stays unknown may be read back again at once, though not by this run, which keeps the ids and passes on.
        with run.ledger.begin() as connection:
            settle(connection, settlements, run_id=run.run_id, now=now, again_at=now)
        for one in settlements:
            if one.state is State.UNKNOWN:
                undecided.add(one.event.event_id)
            if one.failure is not None:
                not_read.append(whose_not_read(one.event, one.failure))

    async def read_back() -> None:
        async with connected(run.settings, run.ledger, destination) as service:
            with run.ledger.begin() as connection:
                now = run.ledger.now()
                events = doubtful_events(connection, destination.target, destination.site_id, now)
            await service.read_doubtful(events, record)

    asyncio.run(read_back())
    return Settled(frozenset(undecided), tuple(not_read))


def whose_not_read(event: Row[Any], why: str) -> NotRead:
    """Say that nobody could look at the client or the reward of an event."""
    if event.target == Target.MINDBODY:
        return client_not_read(event.site_id, event.client_id, why)
    return reward_not_read(event.reward_id, why)
