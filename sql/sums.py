"""Exact sums of points: one event may hold all that 64 bits can, so two of them are past what a database adds up.

SQLite ends the statement there ("integer overflow"), and a column of whole numbers holds no such sum on either
database. So queries add up billions and rest apart (``<name>_billions``, ``<name>_rest``), and columns that keep a sum
have a second one for what is past a quintillion (``points_quintillions``).
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_BILLION = 10**9
_QUINTILLION = 10**18


def summed(row: Mapping[Any, Any], name: str = "points") -> int:
    """Return the sum that a query gives as ``<name>_billions`` and ``<name>_rest``."""
    return int(row[f"{name}_billions"]) * _BILLION + int(row[f"{name}_rest"])


def kept(points: int) -> dict[str, int]:
    """Return the columns that keep a sum of any size, which may be below zero too."""
    quintillions, rest = divmod(points, _QUINTILLION)
    return {"points": rest, "points_quintillions": quintillions}


def told(row: Mapping[Any, Any]) -> int:
    """Return the sum that the columns of `kept` hold; one of an older version stands whole in the first."""
    return int(row["points_quintillions"]) * _QUINTILLION + int(row["points"])


def amount_of_all(amounts: Iterable[str]) -> Decimal:
    """Return the exact sum of amounts as the ledger keeps them, which is as text: a database adds up floats.

    >>> amount_of_all(["0.10", "0.20"])
    Decimal('0.30')
    """
    return sum((Decimal(amount) for amount in amounts), start=Decimal(0))
