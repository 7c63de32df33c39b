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
from transforms.vocabulary import Destination, NotRead, State, Target, name_of_client, name_of_reward


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
        undecided.update(one.event.event_id for one in settlements if one.state is State.UNKNOWN)
        not_read.extend(NotRead(whose(one.event), one.failure) for one in settlements if one.failure is not None)

    async def read_back() -> None:
        async with connected(run.settings, run.ledger, destination) as service:
            with run.ledger.begin() as connection:
                events = doubtful_events(connection, destination.target, destination.site_id, run.ledger.now())
            await service.read_doubtful(events, record)

    asyncio.run(read_back())
    return Settled(frozenset(undecided), tuple(not_read))


def whose(event: Row[Any]) -> str:
    """Return the client or the reward of an event, as what could not be read is named."""
    if event.target == Target.MINDBODY:
        return name_of_client(event.site_id, event.client_id)
    return name_of_reward(event.reward_id)
