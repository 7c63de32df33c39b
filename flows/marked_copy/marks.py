"""What the marked copy shows of each row: its status, its receipt, and a note on each cell that has to be mended."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from transforms.sheets.headings import Table
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import Sheet
from transforms.sheets.tables import find_tables

RowPlace = tuple[str | None, int]  # sheet, row

AUTHOR = "tieout"
SIGN = "tieout: "  # before our part of a note; what stands above it is the person's own
NOTE_WIDTH, NOTE_HEIGHT = 320, 110  # pixels
STATUS_WIDTH, RECEIPT_WIDTH = 48, 28  # of the added columns, in characters


@dataclass(frozen=True)
class SheetMarks:
    """The marks of one sheet; rows as the file counts them, columns from 0."""

    heading_rows: Sequence[int]  # where its tables begin
    status: int
    receipt: int
    statuses: Mapping[int, str]
    receipts: Mapping[int, str]
    notes: Mapping[int, Mapping[int, str]] = field(default_factory=dict)  # row -> column -> note
    is_status_new: bool = True
    is_receipt_new: bool = True


@dataclass(frozen=True)
class Marks:
    """The marks of a file, sheet by sheet; a sheet without headings has none."""

    by_sheet: Mapping[str | None, SheetMarks]

    def of(self, name: str | None) -> SheetMarks | None:
        """Return the marks of a sheet."""
        return self.by_sheet.get(name)


def make_marks(
    sheets: Sequence[Sheet],
    layouts: Sequence[Layout],
    errors: pd.DataFrame,
    statuses: Mapping[RowPlace, str],
    receipts: Mapping[RowPlace, str],
) -> Marks:
    """Lay out the marks of a file.

    `errors` has a row per wrong cell with `sheet`, `row`, `column` (the heading, NA for the whole row), `message` and
    `suggestion`. Raises `FileError` where the sheets have no headings.
    """
    by_sheet: dict[str | None, list[Table]] = defaultdict(list)
    for table in find_tables(sheets, layouts).tables:
        by_sheet[table.sheet.name].append(table)
    return Marks({name: _marks_of(tables, errors, statuses, receipts) for name, tables in by_sheet.items()})


def _marks_of(
    tables: Sequence[Table],
    errors: pd.DataFrame,
    statuses: Mapping[RowPlace, str],
    receipts: Mapping[RowPlace, str],
) -> SheetMarks:
    """Lay out the marks of one sheet, whose tables stand below each other."""
    name = tables[0].sheet.name
    # A copy that is sent again has both columns already; they are used again, and the new ones stand after the last.
    first_free = len(tables[0].sheet.cells.columns)
    status = _common_column(tables, "status", first_free)
    if status == first_free:
        first_free += 1
    receipt = _common_column(tables, "receipt", first_free)
    return SheetMarks(
        heading_rows=tuple(table.heading_row for table in tables),
        status=status,
        receipt=receipt,
        statuses=_of_sheet(statuses, name),
        receipts=_of_sheet(receipts, name),
        notes=_notes(tables, errors, rest=status),
        is_status_new=status not in {table.columns.get("status") for table in tables},
        is_receipt_new=receipt not in {table.columns.get("receipt") for table in tables},
    )


def _common_column(tables: Sequence[Table], field: str, first_free: int) -> int:
    """Return the column that all tables have for the field, a new one where they differ or have none."""
    columns = {table.columns.get(field, first_free) for table in tables}
    return columns.pop() if len(columns) == 1 else first_free


def _column_of(tables: Sequence[Table], row: int, heading: str | None, fallback: int) -> int:
    """Return the column that bears the heading in the table that the row belongs to."""
    begun = [table for table in tables if table.heading_row <= row]
    table = begun[-1] if begun else tables[0]
    columns = {table.heading(field): column for field, column in table.columns.items()}
    return columns.get(heading, fallback)


def _of_sheet(texts: Mapping[RowPlace, str], name: str | None) -> dict[int, str]:
    return {row: text for (sheet, row), text in texts.items() if sheet == name}


def _notes(tables: Sequence[Table], errors: pd.DataFrame, *, rest: int) -> dict[int, dict[int, str]]:
    """Return the note of every wrong cell of a sheet, by row and column; several errors of a cell are one note.

    What is wrong with a row as a whole is told in the column `rest`, beside its status.
    """
    notes: dict[int, dict[int, str]] = defaultdict(dict)
    for row, heading, sentence in _errors_of(tables[0].sheet.name, errors):
        column = _column_of(tables, row, heading, rest)
        before = notes[row].get(column)
        # Once at the beginning, however many sentences follow: what stands above the sign is the person's own.
        notes[row][column] = f"{SIGN}{sentence}" if before is None else f"{before}\n{sentence}"
    return notes


def _errors_of(name: str | None, errors: pd.DataFrame) -> Iterator[tuple[int, str | None, str]]:
    """Give row, heading and sentence of every error of a sheet; heading None for the row as a whole."""
    # A format without sheets has no name, and its errors have none either.
    is_mine = errors["sheet"].isna() if name is None else errors["sheet"].eq(name)
    told = errors.loc[is_mine, ["row", "column", "message", "suggestion"]].astype(object)
    with_none = told.where(told.notna(), None)
    for row, heading, message, suggestion in with_none.itertuples(index=False, name=None):
        sentence = message if suggestion is None else f"{message} Suggestion: {suggestion}"
        yield int(row), heading, sentence
