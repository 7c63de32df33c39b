"""Whole numbers that stay exact in frames: two events of the largest size are past the 64 bits that pandas adds up in.

It would say nothing: a sum past 2**63 comes out negative, and a column that gets a gap becomes floats, which are exact
to 2**53 only. Frames whose sums are surely below that stay as they are, which is nearly all, and quick; others are
turned into Python's own whole numbers, which have no end.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

_EXACT_IN_FLOATS = 2.0**53
_SIXTY_FOUR_BITS = 2**63


def whole_sum(figures: "pd.Series[Any]") -> int:
    """Return the exact sum of whole numbers; gaps count nothing.

    >>> whole_sum(pd.Series([2**63 - 1, 2**63 - 1])) == 2**64 - 2
    True
    """
    known = figures if figures.dtype == "int64" else figures.dropna()
    return int(as_summable(known).to_numpy().sum())


def as_summable(figures: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column without gaps so that no sum or difference of its numbers is cut: int64, or Python's own."""
    is_plain = figures.dtype == "int64"
    # Past pandas: a report asks this of a few hundred short columns.
    if figures.empty or abs(figures.to_numpy("float64")).sum() < _EXACT_IN_FLOATS:
        return figures if is_plain else figures.astype("int64")
    return pd.Series([int(number) for number in figures], index=figures.index, dtype="object")


def as_whole(figures: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column of whole numbers with its gaps: Int64, or objects where a number needs more than 64 bits.

    >>> as_whole(pd.Series([2**64, None], dtype="object")).dtype, as_whole(pd.Series([1, None], dtype="object")).dtype
    (dtype('O'), Int64Dtype())
    """
    numbers = [_whole_or_none(figure) for figure in figures]
    # One number that is too large for pandas makes the whole column Python's own: cut to 64 bits it would come out
    # negative, and a report would tell of points that nobody has.
    sizes = [abs(number) for number in numbers if number is not None]
    is_too_large = max(sizes, default=0) >= _SIXTY_FOUR_BITS
    return pd.Series(numbers, index=figures.index, dtype="object" if is_too_large else "Int64")


def with_whole(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the frame with these columns as `as_whole` makes them."""
    whole = {column: as_whole(frame[column]) for column in columns}
    return frame.assign(**whole)


def amount_sum(amounts: "pd.Series[Any]") -> Decimal:
    """Return the exact sum of amounts; gaps count nothing, and of none it is 0.

    >>> amount_sum(pd.Series([Decimal("0.10"), None, Decimal("0.20")], dtype="object"))
    Decimal('0.30')
    """
    # Not pandas' own sum: of no rows it is a whole 0, which a report would show without its cents.
    return sum(amounts.dropna(), start=Decimal(0))


def _whole_or_none(figure: Any) -> int | None:
    return None if pd.isna(figure) else int(figure)
