"""How each column of dates and amounts is written, told from all of its cells or asked where they do not tell.

The signs of a file's parts are added up here by table and field; what they say of the whole file holds for all rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import pandas as pd

from transforms.sheets.amount_signs import AmountHabit, AmountSigns, amount_signs, tell_amounts
from transforms.sheets.date_habits import DateHabit, tell_habit
from transforms.sheets.date_signs import DateSigns, date_signs
from transforms.sheets.headings import Table
from transforms.sheets.questions import About, about_table
from transforms.sheets.spellings import DateOrder

ColumnKey: TypeAlias = tuple[str | None, int, str]  # sheet, row of its headings, field
_OF_DATES = ("action_date_time", "eligibility_date")
_OF_AMOUNTS = ("amount",)


@dataclass(frozen=True)
class Column:
    """A column of dates or amounts: where it is, what a layout says of it, and what its cells hold."""

    about: About
    is_of_keys: bool  # of JSON, XML or Parquet: written by a program, and nobody is asked
    is_workbook: bool  # whose cells may be numbers, which have no way of being written
    said_order: DateOrder | None
    said_decimals: str | None
    may_count: bool  # never in the future, so that plain numbers can be told
    dates: DateSigns | None = None
    amounts: AmountSigns | None = None

    def __add__(self, later: "Column") -> "Column":
        """Join what was found further down."""
        dates, amounts = self.dates, self.amounts
        if dates is not None and later.dates is not None:
            dates += later.dates
        if amounts is not None and later.amounts is not None:
            amounts += later.amounts
        return replace(self, dates=dates, amounts=amounts)

    def date_habit(self, now: datetime) -> DateHabit:
        """Decide how its dates are written."""
        signs = self.dates or DateSigns()
        habit = tell_habit(signs, self.said_order, now, may_count=self.may_count)
        # No spreadsheet has read what stands under keys, so none can have exchanged day and month there.
        if self.is_of_keys:
            return replace(habit, is_exchanged=False)
        return habit

    @property
    def amount_habit(self) -> AmountHabit:
        """Decide how its amounts are written."""
        return tell_amounts(self.amounts or AmountSigns(), self.said_decimals)

    @property
    def is_order_open(self) -> bool:
        """Whether only a person can say which comes first, day or month."""
        is_open = self.dates is not None and self.dates.is_open
        return is_open and self.said_order is None and not self.is_of_keys

    @property
    def are_decimals_open(self) -> bool:
        """Whether only a person can say what a dot is; the number of a cell has none, whatever its decimals."""
        if self.amounts is None or self.said_decimals is not None or self.is_of_keys:
            return False
        was_typed = self.amounts.is_typed or not self.is_workbook
        return self.amounts.is_open and was_typed


Columns: TypeAlias = Mapping[ColumnKey, Column]
NO_COLUMNS: Columns = {}


def columns_of(rows: pd.DataFrame, tables: Sequence[Table]) -> dict[ColumnKey, Column]:
    """Look at the columns of dates and amounts of collected rows."""
    found: dict[ColumnKey, Column] = {}
    for place, of_table in rows.groupby("table", sort=False):
        table = tables[int(str(place))]
        looked_at = [field for field in (*_OF_DATES, *_OF_AMOUNTS) if field in table.columns]
        for field in looked_at:
            key = column_key(table, field)
            found[key] = _column(table, field, of_table[field], of_table["row"])
    return found


def column_key(table: Table, field: str) -> ColumnKey:
    """Name a column, in whichever part of a file."""
    return table.sheet.name, table.heading_row, field


def _column(table: Table, field: str, texts: pd.Series, rows: pd.Series) -> Column:
    layout = table.layout
    return Column(
        about=about_table(table, table.heading(field)),
        is_of_keys=table.sheet.heading_row is not None,
        is_workbook=table.sheet.has_addresses,
        said_order=None if layout is None else layout.date_order,
        said_decimals=None if layout is None else layout.decimals,
        may_count=field == "action_date_time",
        dates=date_signs(texts, rows) if field in _OF_DATES else None,
        amounts=amount_signs(texts, rows) if field in _OF_AMOUNTS else None,
    )


def join_columns(one: Columns, other: Columns) -> dict[ColumnKey, Column]:
    """Add up what two parts of a file hold; `other` comes further down."""
    joined = dict(one)
    for key, column in other.items():
        joined[key] = joined[key] + column if key in joined else column
    return joined


Habits: TypeAlias = Mapping[ColumnKey, DateHabit | AmountHabit]


def tell_habits(columns: Columns, now: datetime) -> dict[ColumnKey, DateHabit | AmountHabit]:
    """Decide how each column is written."""
    return {
        key: column.amount_habit if column.dates is None else column.date_habit(now) for key, column in columns.items()
    }
