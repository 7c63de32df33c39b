"""What a service says of a client: its transactions and balance, and which of them are like an event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class PostedEvent(Protocol):
    """An earn or a redeem as the ledger has it: points whole and positive, the time aware."""

    @property
    def action(self) -> str:
        """Earned or Redeemed."""

    @property
    def points(self) -> int:
        """Without a sign, for both actions."""

    @property
    def source(self) -> str | None:
        """What the points are for; None where nothing was said."""

    @property
    def source_id(self) -> int | None:
        """The booking, sale or client; None where nothing was said."""

    @property
    def action_at(self) -> datetime:
        """When it happened."""


# A night may read a million of them, and they stay until its report is written.
@dataclass(frozen=True, slots=True)
class Transaction:
    """One line of a client's reward history as the service reports it."""

    action: str
    points: int
    source: str | None
    source_id: int | None
    action_at_candidates: tuple[datetime, ...]  # UTC; two where the site's clock went back over that hour

    @property
    def action_at(self) -> datetime:
        """The earlier of the possible times."""
        return self.action_at_candidates[0]


def is_equal(transaction: Transaction, event: PostedEvent) -> bool:
    """Return whether the transaction is the event's in all but its time."""
    shown = (transaction.action, transaction.points, transaction.source, transaction.source_id)
    sent = (event.action, event.points, event.source, event.source_id)
    return shown == sent


def is_kin(transaction: Transaction, event: PostedEvent) -> bool:
    """Return whether the transaction may be the event's, told a little differently: its source, its sign, its case."""
    said = (transaction.action.lower(), abs(transaction.points))
    return said == (event.action.lower(), event.points)


@dataclass(frozen=True)
class History:
    """A client's reward transactions over some days, and the balance at the time of reading."""

    client_id: str
    balance: int | None
    transactions: tuple[Transaction, ...]
    is_known: bool = True  # False: the service knows no such client, who has neither transactions nor a balance
