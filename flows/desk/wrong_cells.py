"""What is wrong with a sheet's cells, those that hold the same as one; and where in the sheet they stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
        shown = ", ".join(f"{row:,}" for row in self.rows[:_MOST_ROWS_NAMED])
        more = len(self.rows) - _MOST_ROWS_NAMED
        shown += f" and {more:,} more" if more > 0 else ""
        word = "row" if len(self.rows) == 1 else "rows"
        return f"{word} {shown}" + (f", {self.sheet}" if self.sheet else "")


# What is too much in a row; a cell that is emptied otherwise would be a row that says less than its person meant.
_EMPTIED = (Code.SOURCE_WITH_REDEEMED, Code.SOURCE_ID_WITHOUT_SOURCE)


def wrong_cells(errors: pd.DataFrame) -> Iterator[Wrong]:
    """Give what is wrong, cells that hold the same and are wrong in the same way as one."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for error in errors.itertuples():
        what = (
            _text(error.sheet),
            _text(error.column),
            _text(error.value),
            str(error.message),
            _text(error.suggestion),
            _text(error.code),
        )
        groups.setdefault(what, []).append(int(error.row))  # type: ignore[arg-type]
    for what, rows in groups.items():
        sheet, column, value, message, suggestion, code = what
        is_advice = suggestion is not None and " " in suggestion and suggestion[:1].islower()
        yield Wrong(
            key=digest([*what])[:16],
            sheet=sheet,
            column=column or "",
            value=value or "",
            message=for_a_studio(message),
            suggestion="" if suggestion is None or is_advice else suggestion,
            advice=for_a_studio(suggestion) if suggestion is not None and is_advice else "",
            rows=rows,
            may_be_empty=code in _EMPTIED and value is not None,
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
