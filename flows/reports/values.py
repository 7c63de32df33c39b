"""What one cell of a frame becomes before it is shown: text that can do no harm, exact numbers, times with a zone.

Every form of the report (workbook, page, JSON, terminal) takes its values from here, so that they show the same.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.api.types import is_integer_dtype

Value: TypeAlias = str | int | Decimal | bool | datetime | date | None

# Control characters, lone surrogates and non-characters (which XML cannot hold), line and paragraph separators, and the
# signs that turn or hide text or pass for a blank: two ids that look the same must not be two different ids.
UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


# An amount of no cents still shows them: added to it, 45 becomes 45.00.
CENTS: Final = Decimal("0.00")


class Show(StrEnum):
    """How the values of a column are meant, whatever the type that its frame happens to have."""

    TEXT = "text"
    ID = "id"  # text to the letter: leading zeros stay
    COUNT = "count"  # whole number
    AMOUNT = "amount"  # Decimal
    QUANTITY = "quantity"  # whole number or Decimal, row by row
    FLAG = "flag"
    UTC = "utc"
    LOCAL = "local"  # the same moment on the clock of the report's zone
    DATE = "date"


def visible(text: str) -> str:
    r"""Return `text` with every character that cannot be seen, or cannot stand in a file, written out.

    >>> visible("Main\x0bHall\n")
    'Main\\x0bHall\\n'
    """
    return UNSEEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    sign = match.group()
    known = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
    return known.get(sign) or (f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}")


def exact(value: object) -> Decimal:
    """Return a number, or a number written as text, as the Decimal that it shows.

    >>> exact("12.50"), exact(0.1)
    (Decimal('12.50'), Decimal('0.1'))
    """
    return value if isinstance(value, Decimal) else Decimal(str(value))


def total(figures: "pd.Series[Any]", show: Show) -> int | Decimal:
    """Return the exact sum of the figures that are there: whole for counts, with its decimals for amounts.

    >>> total(pd.Series([20.0, None, 5.0]), Show.COUNT), total(pd.Series(["12.50", "0.1"]), Show.AMOUNT)
    (25, Decimal('12.60'))
    """
    if is_integer_dtype(figures.dtype):
        return int(figures.sum())
    known = [_READERS[show](figure) for figure in figures.dropna() if figure != ""]
    numbers = (number for number in known if isinstance(number, int | Decimal))
    return sum(numbers, start=CENTS if show is Show.AMOUNT else 0)


def values(series: "pd.Series[Any]", show: Show, zone: ZoneInfo) -> list[Value]:
    """Return the values of `series` as `show` means them, None where there is none; same length and order.

    Text and ids are made visible, times are aware. Raises ValueError or ArithmeticError on a value of another sort.
    """
    if show in (Show.UTC, Show.LOCAL):
        moments = pd.to_datetime(series, utc=True).dt.floor("us")
        if show is Show.LOCAL:
            moments = moments.dt.tz_convert(zone)
        return _filled(list(moments.dt.to_pydatetime()), moments.isna(), _same)
    return _filled(series, series.isna(), _READERS[show])


def _filled(given: Iterable[object], missing: Iterable[Hashable], read: Callable[[object], Value]) -> list[Value]:
    return [None if empty or value == "" else read(value) for value, empty in zip(given, missing, strict=True)]


def _same(moment: Any) -> Value:
    return moment  # type: ignore[no-any-return]  # a datetime: pandas made it


def _text(value: object) -> str:
    if isinstance(value, str):
        return visible(value)
    # A column of whole numbers that has gaps comes as floats: 238.0 was never in the file.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return visible(str(value))


def _whole(value: object) -> int | Decimal:
    number = exact(value)
    return int(number) if number == number.to_integral_value() else number


def _amount(value: object) -> Decimal | str:
    number = exact(value)
    return number if number.is_finite() else str(number)


def _quantity(value: object) -> int | Decimal:
    return exact(value) if isinstance(value, Decimal | float | str) and "." in str(value) else _whole(value)


def _day(value: object) -> date:
    return value if type(value) is date else pd.Timestamp(value).date()  # type: ignore[arg-type]


_READERS: Final[dict[Show, Callable[[object], Value]]] = {
    Show.TEXT: _text,
    Show.ID: _text,
    Show.COUNT: _whole,
    Show.AMOUNT: _amount,
    Show.QUANTITY: _quantity,
    Show.FLAG: bool,
    Show.DATE: _day,
}
