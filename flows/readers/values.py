"""From the typed values of a workbook or of JSON to the text that a person sees in the cell."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from flows.readers.limits import MAX_COLUMNS, check_columns
from transforms.sheets.fields import normalize_heading
from transforms.sheets.sheet import DIGITS_LOST, NESTED_VALUE, FileError, Place, Sheet
from transforms.vocabulary import Code

_EXACT_BELOW = 1e15  # a spreadsheet keeps 15 digits of a number and shows zeros for the others
_LONGEST_NUMBER = 40  # digits; 1e400 stays as it is written, and is refused as a number


def cell_text(value: object) -> str | None:
    """Write one value of a workbook as text; None for an empty cell.

    Numbers have the 15 digits at most that spreadsheet programs keep and show, so the noise of binary fractions is gone
    (0.30000000000000004 is 0.3) and whole numbers have no point. A larger number has lost digits, and says so. Times
    of day become ISO text, rounded to the millisecond since serial dates are fractions of a day.

    >>> cell_text(12.0), cell_text(12.5), cell_text(0.1 + 0.2), cell_text(1e-7), cell_text(True)
    ('12', '12.5', '0.3', '0.0000001', 'TRUE')
    >>> cell_text(datetime(2024, 11, 8, 10, 26, 32, 999_990))
    '2024-11-08T10:26:33'
    """
    if type(value) is str:
        return value or None
    if type(value) is float:
        return _number_text(value)
    return _other_text(value)


def column_texts(values: Sequence[Any]) -> list[str | None]:
    """Write the values of one column of a workbook as text, as `cell_text` does: most are texts and whole numbers."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return list(values)
    # Most columns hold nothing but texts and numbers, and are spared one call for each of a million values.
    if kinds <= {str, float}:
        return [value if type(value) is str else _number_text(value) for value in values]
    return [value if type(value) is str else cell_text(value) for value in values]


def _number_text(value: float) -> str:
    # Asked in this direction, NaN is no exact number either.
    if not -_EXACT_BELOW < value < _EXACT_BELOW:
        return DIGITS_LOST
    if value.is_integer():
        return str(int(value))
    fifteen_digits = Decimal(f"{value:.15g}")
    return f"{fifteen_digits:f}"


def _other_text(value: object) -> str | None:
    # Whole columns are such moments, so they are asked for first.
    if isinstance(value, datetime) and not value.microsecond:
        return value.isoformat()
    # In Python True is an int, and a datetime is a date: the narrower kind has to be asked for before the wider.
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value) if abs(value) < _EXACT_BELOW else DIGITS_LOST
    if isinstance(value, datetime):
        # ISO text is cut at the millisecond, so half of one is added to round.
        rounded = value + timedelta(microseconds=500)
        return rounded.isoformat(timespec="milliseconds").removesuffix(".000")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if value is None:
        return None
    return str(value)


def frame_of(rows: Sequence[Sequence[str | None]], first_row: int = 1, width: int = 0) -> pd.DataFrame:
    """Lay out rows of texts as the cells of a sheet; shorter rows are filled up with empty cells, "" is empty.

    The widest row says how many columns there are, and `width` where there is no row.
    """
    width = max(map(len, rows), default=width)
    if width > MAX_COLUMNS:
        # Many programs write separators for columns that hold nothing.
        rows = [_trimmed(row) for row in rows]
        width = max(map(len, rows), default=0)
        check_columns(width)
    full = [_filled_up(row, width) for row in rows]
    columns = (list(column) for column in zip(*full, strict=True))
    return frame_of_columns(columns, len(full), first_row)


def _trimmed(row: Sequence[str | None]) -> Sequence[str | None]:
    """Return a row without the empty cells at its end."""
    width = len(row)
    while width and not row[width - 1]:
        width -= 1
    return row[:width]


def _filled_up(row: Sequence[str | None], width: int) -> Sequence[str | None]:
    missing = width - len(row)
    if not missing:
        return row  # as nearly all rows of a large file are, which are not copied
    return [*row, *[None] * missing]


def frame_of_columns(columns: Iterable[list[str | None]], height: int, first_row: int = 1) -> pd.DataFrame:
    """Lay out columns of texts as the cells of a sheet; None and "" are empty."""
    arrays: dict[int, Any] = {}
    for number, column in enumerate(_without_empty_end(columns)):
        texts = _without_empty(column)
        arrays[number] = pd.array(texts, dtype="str")
    rows = pd.RangeIndex(first_row, first_row + height)
    return pd.DataFrame(arrays, index=rows, columns=range(len(arrays)))


def _without_empty_end(columns: Iterable[list[str | None]]) -> Iterable[list[str | None]]:
    """Return columns without the empty ones at their end, where there are more than any table has."""
    listed = list(columns)
    if len(listed) <= MAX_COLUMNS:
        return listed
    width = len(listed)
    while width and not any(listed[width - 1]):
        width -= 1
    check_columns(width)
    return listed[:width]


def _without_empty(column: list[str | None]) -> list[str | None]:
    return [text or None for text in column] if "" in column else column


Item = tuple[int, Sequence[tuple[str, object]]]  # its number, and its keys and values in order


class Keys:
    """The keys of items, in order of their first appearance; two spellings of one field are one."""

    def __init__(self) -> None:
        self._column_of: dict[str, int] = {}
        self.headings: list[str] = []

    def add(self, item: Item) -> None:
        """Take in the keys of an item; raise `FileError` where it gives one field twice."""
        number, pairs = item
        # "ClientId" and "client_id" in one item are one field with two values, of which neither may be taken.
        seen = set()
        for key, _ in pairs:
            name = normalize_heading(key)
            if name in seen:
                raise _twice(number, key)
            seen.add(name)
            if name not in self._column_of:
                self._column_of[name] = len(self.headings)
                self.headings.append(key)
                check_columns(len(self.headings))

    def row(self, item: Item) -> list[str | None]:
        """Lay out an item whose keys were taken in."""
        _, pairs = item
        row: list[str | None] = [None] * len(self.headings)
        for key, value in pairs:
            column = self._column_of[normalize_heading(key)]
            row[column] = item_text(value)
        return row


def sheet_of_items(items: Sequence[Item], notes: tuple[str, ...] = ()) -> Sheet:
    """Lay out numbered items as a sheet whose headings, in row 0, are the keys.

    Raises `FileError` where an item gives one field twice.
    """
    keys = Keys()
    for item in items:
        keys.add(item)
    return sheet_of_part(keys, items, notes, is_first=True)


def sheet_of_part(keys: Keys, items: Sequence[Item], notes: tuple[str, ...], *, is_first: bool) -> Sheet:
    """Lay out some of the items of a file whose keys are known; the first part begins with the headings."""
    numbers: list[int] = []
    rows: list[Sequence[str | None]] = []
    if is_first:
        numbers.append(0)
        rows.append(keys.headings)
    for item in items:
        number, _ = item
        numbers.append(number)
        rows.append(keys.row(item))
    cells = frame_of(rows, width=len(keys.headings))
    # The type is given, since pandas takes an empty list for one of objects.
    index = pd.Index(numbers, dtype="int64")
    return Sheet(name=None, cells=cells.set_axis(index), heading_row=0, notes=notes)


def item_text(value: object) -> str | None:
    """Write a value of JSON or XML as text; numbers exactly, whole ones without a point."""
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, (list, tuple)):
        return NESTED_VALUE
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value is None:
        return None
    return str(value)


def _decimal_text(value: Decimal) -> str:
    # A few signs of JSON such as 1e999999999 would be a gigabyte of zeros if they were written out.
    is_short = abs(value.adjusted()) < _LONGEST_NUMBER
    plain = f"{value:f}" if is_short else str(value)
    if "." not in plain:
        return plain
    return plain.rstrip("0").rstrip(".")


def _twice(number: int, key: str) -> FileError:
    return FileError(
        Code.HEADING_TWICE,
        f"item {number} gives {key} twice, so nobody can tell which value holds. Remove one and send the file again.",
        Place(row=number, column=key),
    )
