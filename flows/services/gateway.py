"""What the loader needs of a service, whichever it is; each vendor's folder has one of these.

A third service is one folder that gives a `Service`, and a line in `flows.services.connect`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row

from flows.services.clocks import ServiceClock
from flows.services.http import Exchange
from flows.services.pace import Pacer
from flows.services.standing import Standing
from sql.claims import Answer, Claim
from sql.settlements import Settlement
from transforms.vocabulary import Target

Ended = list[tuple[Claim, Answer]]
# Takes what reading back decided about one event, or about several at once, and makes it durable.
RecordSettlements = Callable[[Sequence[Settlement]], None]

# Not the service's: an answer with this code says that the batch goes again in halves, without delay.
BATCH_REFUSED = "batch_refused"
# Nor is this: the service said that the event's time lies in its future, which will pass.
NOT_YET = "not_yet"


class Gateway(Protocol):
    """One service, and one site of it where it has sites."""

    target: Target
    site_id: str  # "" where the service has no sites
    events_per_request: int
    calls_per_day: int  # counted up to this many

    def body(self, event: Row[Any]) -> bytes:
        """Return the event's part of the request body."""

    def batches(self, events: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
        """Return the events as they may go together, a request each."""

    def latest_at(self) -> datetime:
        """Return the latest time that an event may have to be sent now: a later one lies in the service's future."""

    async def send(self, claims: Sequence[Claim]) -> Ended:
        """Send one request for these claims, once, and return what it proved about each of them."""

    async def reconnect(self) -> None:
        """Renew the credentials after a 401."""


@dataclass(frozen=True)
class Service:
    """An open service: the gateway that posts, how the destination stands, and how doubt is read back."""

    gateway: Gateway
    standing: Standing
    clock: ServiceClock
    # Reads back these events and records what that decides about each of them; nothing is ever sent from there.
    read_doubtful: Callable[[Sequence[Row[Any]], RecordSettlements], Awaitable[None]]
    # Reads before these refused events are sent again, and records of each whether it may go: ready, held where
    # something speaks against it, unknown where it could not be read.
    read_before_another_try: Callable[[Sequence[Row[Any]], RecordSettlements], Awaitable[None]]


def obey_retry_after(pacer: Pacer, exchange: Exchange) -> None:
    """Let everything that goes to the service wait for as long as it asks."""
    if exchange.status in {429, 503} and exchange.retry_after_seconds is not None:
        pacer.pause(exchange.retry_after_seconds)
