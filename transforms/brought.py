"""What a file brings, in counts and control totals: what a person is shown before anything is posted.

Points are whole; amounts are exact and have no currency of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

import pandas as pd

from transforms.vocabulary import Kind, Target

_EXACT_DIGITS = 100


@dataclass(frozen=True)
class Brought:
    """Counts of a file or of a part of it; parts add up."""

    rows_read: int
    events: Mapping[Kind, int]  # good rows
    points: Mapping[Kind, int]
    amount: Decimal  # that reward updates set
    services: frozenset[tuple[Target, str]]  # what the good rows are for: the service, and the site where it has some

    @property
    def accepted(self) -> int:
        """Count the good rows."""
        return sum(self.events.values())

    @property
    def rejected(self) -> int:
        """Count the bad rows."""
        return self.rows_read - self.accepted

    def __add__(self, other: "Brought") -> "Brought":
        """Add what another part of the file brings."""
        with localcontext(prec=_EXACT_DIGITS):
            amount = self.amount + other.amount
        return Brought(
            self.rows_read + other.rows_read,
            {kind: self.events[kind] + other.events[kind] for kind in Kind},
            {kind: self.points[kind] + other.points[kind] for kind in Kind},
            amount,
            self.services | other.services,
        )


NOTHING = Brought(0, dict.fromkeys(Kind, 0), dict.fromkeys(Kind, 0), Decimal(0), frozenset())


def count_brought(events: pd.DataFrame, rows_read: int) -> Brought:
    """Count good rows (`transforms.events`) among those that were read."""
    counts = events["kind"].value_counts()
    points = events.groupby("kind")["points"].sum()
    with localcontext(prec=_EXACT_DIGITS):
        amount = sum(events["amount"].dropna(), start=Decimal(0))
    pairs = events[["target", "site_id"]].drop_duplicates().itertuples(index=False, name=None)
    return Brought(
        rows_read,
        {kind: int(counts.get(kind.value, 0)) for kind in Kind},
        {kind: int(points.get(kind.value, 0)) for kind in Kind},
        amount,
        frozenset((Target(target), "" if target == Target.REFERRAL_ROCK else site_id) for target, site_id in pairs),
    )
