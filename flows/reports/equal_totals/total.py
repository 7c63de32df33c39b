"""A total of a table, and one that it must equal."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from flows.reports.values import CENTS, exact

Figure = int | Decimal


@dataclass(frozen=True)
class Total:
    """A total of a table: what it is called, and where it stands.

    ``column`` is the key of the column that it sums, "" for the count of the lines. ``line``: of the walk's, else the
    sums of the table.
    """

    block: str
    name: str
    column: str = ""
    line: str = ""


@dataclass(frozen=True)
class EqualTotal:
    """A total, and the one that it must equal; ``how`` says what has to be added or taken off first, "" for nothing."""

    total: Total
    figure: Figure
    other: Total
    other_figure: Figure
    how: str = ""

    @property
    def difference(self) -> Figure:
        """The one less the other; 0 where all is well."""
        return self.figure - self.other_figure


def amount_of(figures: "pd.Series[Any]") -> Decimal:
    """Return the sum of amounts, exact and with its cents; those that are null are left out."""
    return sum(map(exact, figures.dropna()), start=CENTS)
