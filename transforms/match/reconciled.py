"""What a reconciliation found, for whoever reports it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from transforms.destinations import NotRead
from transforms.reconcile.proof import Client, Proofs
from transforms.vocabulary import Outcome, Unread

__all__ = ["Client", "Reconciliation"]
SHOWN = ["site_id", "kind", "currency", "events", "points", "amount"]


@dataclass(frozen=True)
class Reconciliation:
    """What matching found: one row per record or pair of either service, and what that made of the breaks."""

    transactions: pd.DataFrame  # as `transforms.match.transactions.match_transactions` gives them, break_id and detail
    rewards: pd.DataFrame  # as `transforms.match.rewards.match_rewards` gives them, break_id and detail
    ties: Sequence[dict[str, Any]]  # ledger + breaks = service, as `transforms.totals.service_totals` gives them
    nights: pd.DataFrame  # as `transforms.totals.service_totals.by_night` gives them
    balances: pd.DataFrame  # as `flows.reconciliation.balances.expect_balances` gives them
    roll_forward: pd.DataFrame  # as `transforms.match.breaks.roll_forward` gives it
    unread: Mapping[Client, str]  # clients of whom nothing is concluded, and why
    uncompared_count: int  # posted events of theirs
    failures: tuple[str, ...]  # of a whole service or site
    not_read: tuple[NotRead, ...] = ()  # services, sites, clients and rewards that nobody could look at
    read: frozenset[tuple[Unread, str]] = frozenset()  # whatever could be looked at, as `NotRead.key`
    unread_rewards: Mapping[str, str] = field(default_factory=dict)  # by id in lower case, and why
    read_clients: frozenset[Client] = frozenset()
    read_at: datetime | None = None  # when reading began
    agreed: Mapping[str, int] = field(default_factory=dict)  # by site: balances found right, one after the other
    proofs: Proofs = field(default_factory=Proofs)  # of clients of the run who were not read: what their balance proves
    # What the services show, counted before matching, as `transforms.totals.walk.shown_points` gives it.
    shown: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SHOWN))
    currencies: Mapping[str, str] = field(default_factory=dict)  # of rewards, by id in lower case; as the service says

    @property
    def matched(self) -> int:
        """How many events the services show as the ledger has them."""
        return sum(int(frame["outcome"].eq(Outcome.MATCHED).sum()) for frame in (self.transactions, self.rewards))
