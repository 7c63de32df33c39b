"""What is wrong with a sheet's cells, those that hold the same as one; and where in the sheet they stand."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from flows.desk.shown_tables import tables_of
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio
from sql.chain import digest
from transforms.sheets.headings import Table
from transforms.sheets.sheet import Sheet
from transforms.vocabulary import Code

_MOST_ROWS_NAMED = 12


@dataclass(frozen=True)
class Wrong:
    """What is wrong with cells that hold the same: one thing to mend, in as many rows."""

    key: str
    sheet: str | None
    column: str  # "" where a row as a whole is wrong
    value: str
    message: str
    suggestion: str  # a value to put there; "" where there is none
    advice: str
    rows: Sequence[int]
    may_be_empty: bool = False  # to empty the cell mends it

    @property
    def places(self) -> str:
        """The rows, as a person finds them."""
        word = "row" if len(self.rows) == 1 else "rows"
        told = f"{word} " + ", ".join(f"{row:,}" for row in self.rows[:_MOST_ROWS_NAMED])
        more_count = len(self.rows) - _MOST_ROWS_NAMED
        if more_count > 0:
            told += f" and {more_count:,} more"
        return f"{told}, {self.sheet}" if self.sheet else told


# What is too much in a row; a cell that is emptied otherwise would be a row that says less than its person meant.
_EMPTIED = (Code.SOURCE_WITH_REDEEMED, Code.SOURCE_ID_WITHOUT_SOURCE)


class _Same(NamedTuple):
    """What cells have in common that are wrong in the same way."""

    sheet: str | None
    column: str | None
    value: str | None
    message: str
    suggestion: str | None
    code: str | None


def wrong_cells(errors: pd.DataFrame) -> Iterator[Wrong]:
    """Give what is wrong, cells that hold the same and are wrong in the same way as one."""
    rows_of: defaultdict[_Same, list[int]] = defaultdict(list)
    for error in errors.itertuples():
        rows_of[_what_is_wrong(error)].append(int(error.row))  # type: ignore[arg-type]
    for same, rows in rows_of.items():
        yield _wrong(same, rows)


def _what_is_wrong(error: Any) -> _Same:
    return _Same(
        sheet=_text(error.sheet),
        column=_text(error.column),
        value=_text(error.value),
        message=str(error.message),
        suggestion=_text(error.suggestion),
        code=_text(error.code),
    )


def _wrong(same: _Same, rows: Sequence[int]) -> Wrong:
    suggestion = same.suggestion or ""
    # A value to put there is no sentence, and a sentence is no value: "write it as 2026-09-01".
    is_advice = " " in suggestion and suggestion[:1].islower()
    return Wrong(
        key=digest([*same])[:16],
        sheet=same.sheet,
        column=same.column or "",
        value=same.value or "",
        message=for_a_studio(same.message),
        suggestion="" if is_advice else suggestion,
        advice=for_a_studio(suggestion) if is_advice else "",
        rows=rows,
        may_be_empty=same.code in _EMPTIED and same.value is not None,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def cells_of(
    desk: Desk, sheets: Sequence[Sheet], sheet: str | None, column: str, rows: Iterable[int]
) -> dict[Any, int]:
    """Return the column, from 0, of this heading in each of these rows; rows whose table has no such heading lack."""
    tables = [table for table in tables_of(desk, sheets) if table.sheet.name == sheet]
    found = {}
    for row in rows:
        table = _table_of(tables, row)
        if table is not None and column in table.headings:
            found[row] = table.headings.index(column)
    return found


def _table_of(tables: Sequence[Table], row: int) -> Table | None:
    above = [table for table in tables if table.heading_row < row]
    return max(above, key=lambda table: table.heading_row, default=None)
