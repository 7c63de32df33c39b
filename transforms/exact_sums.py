"""Whole numbers that stay exact in frames: two events of the largest size are past the 64 bits that pandas adds up in.

It would say nothing: a sum past 2**63 comes out negative, and a column that gets a gap becomes floats, which are exact
to 2**53 only. Frames whose sums are surely below that stay as they are, which is nearly all, and quick; others are
turned into Python's own whole numbers, which have no end.
"""

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
    known = [None if pd.isna(number) else int(number) for number in figures]
    fits = all(number is None or abs(number) < _SIXTY_FOUR_BITS for number in known)
    return pd.Series(known, index=figures.index, dtype="Int64" if fits else "object")
