"""What one cell of a frame becomes before it is shown: text that can do no harm, exact numbers, times with a zone.

Every form of the report (workbook, page, JSON, terminal) takes its values from here, so that they show the same.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.api.types import is_integer_dtype

from flows.runtime.visible import visible
from transforms.exact_sums import whole_sum

Value: TypeAlias = str | int | Decimal | bool | datetime | date | None

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
    WALL = "wall"  # what the clock of its site shows (`flows.reports.site_clocks`), a time without a zone
    DATE = "date"
    LINK = "link"  # the name of another block, where the lines behind a figure stand


def exact(value: object) -> Decimal:
    """Return a number, or a number written as text, as the Decimal that it shows.

    >>> exact("12.50"), exact(0.1)
    (Decimal('12.50'), Decimal('0.1'))
    """
    if isinstance(value, Decimal):
        return value
    # By way of its text: Decimal(0.1) has 55 digits, none of which anybody entered.
    return Decimal(str(value))


def total(figures: "pd.Series[Any]", show: Show) -> int | Decimal:
    """Return the exact sum of the figures that are there: whole for counts, with its decimals for amounts.

    >>> total(pd.Series([20.0, None, 5.0]), Show.COUNT), total(pd.Series(["12.50", "0.1"]), Show.AMOUNT)
    (25, Decimal('12.60'))
    """
    # A report may have a million lines: whole numbers, the most common column, are added at once.
    if is_integer_dtype(figures.dtype):
        return whole_sum(figures)
    read = _READERS[show]
    known = [read(figure) for figure in figures.dropna() if figure != ""]
    # An amount that is no number (NaN, infinite) was read as text: it is shown in its line and left out of the sum.
    numbers = (number for number in known if isinstance(number, int | Decimal))
    nothing = CENTS if show is Show.AMOUNT else 0
    return sum(numbers, start=nothing)


def second_text(moment: datetime) -> str:
    """Write a moment to the second, and its fraction where it has one, without the zeros at its end.

    >>> second_text(datetime(2026, 9, 20, 17, 0, 5)), second_text(datetime(2026, 9, 20, 17, 0, 5, 120000))
    ('2026-09-20 17:00:05', '2026-09-20 17:00:05.12')
    """
    fraction = f".{moment:%f}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction}"


def values(series: "pd.Series[Any]", show: Show, zone: ZoneInfo) -> list[Value]:
    """Return the values of `series` as `show` means them, None where there is none; same length and order.

    Text and ids are made visible, times are aware. Raises ValueError or ArithmeticError on a value of another sort.
    """
    if series.empty:
        return []
    if show not in (Show.UTC, Show.LOCAL, Show.WALL):
        return _filled(series.tolist(), series.isna().tolist(), _READERS[show])
    # Cut to microseconds, which is what a datetime holds: pandas warns of the nanoseconds that it would drop.
    moments = pd.to_datetime(series, utc=True).dt.floor("us")
    if show is Show.LOCAL:
        moments = moments.dt.tz_convert(zone)
    return _filled(list(moments.dt.to_pydatetime()), moments.isna(), _same)


def _filled(given: Iterable[object], missing: Iterable[Hashable], read: Callable[[object], Value]) -> list[Value]:
    # Some frames say "" for what is not there, others null; both are an empty cell.
    pairs = zip(given, missing, strict=True)
    return [None if is_missing or value == "" else read(value) for value, is_missing in pairs]


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
    # A count that is not whole is a fault elsewhere: it is shown as it is, since rounding would hide it.
    number = exact(value)
    is_whole = number == number.to_integral_value()
    return int(number) if is_whole else number


def _amount(value: object) -> Decimal | str:
    number = exact(value)
    return number if number.is_finite() else str(number)


def _quantity(value: object) -> int | Decimal:
    # Points and amounts share a column here, and the decimals tell them apart: 45.00 is an amount and keeps its cents,
    # 45 is a count.
    has_decimals = isinstance(value, Decimal | float | str) and "." in str(value)
    return exact(value) if has_decimals else _whole(value)


def _day(value: object) -> date:
    # A datetime is a date too, by inheritance, and has to lose its time of day.
    if type(value) is date:
        return value
    return pd.Timestamp(value).date()  # type: ignore[arg-type]


_READERS: Final[dict[Show, Callable[[object], Value]]] = {
    Show.TEXT: _text,
    Show.ID: _text,
    Show.COUNT: _whole,
    Show.AMOUNT: _amount,
    Show.QUANTITY: _quantity,
    Show.FLAG: bool,
    Show.DATE: _day,
    Show.LINK: _text,
}
