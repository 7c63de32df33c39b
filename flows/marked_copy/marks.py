"""What the marked copy shows of each row: its status, its receipt, and a note on each cell that has to be mended."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from transforms.sheets.headings import Table, find_tables
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import Sheet

RowPlace = tuple[str | None, int]  # sheet, row

AUTHOR = "tieout"
SIGN = "tieout: "  # before our part of a note; what stands above it is the person's own
NOTE_WIDTH, NOTE_HEIGHT = 320, 110  # pixels
STATUS_WIDTH, RECEIPT_WIDTH = 48, 28  # of the added columns, in characters


@dataclass(frozen=True)
class SheetMarks:
    """The marks of one sheet; rows as the file counts them, columns from 0."""

    heading_row: int
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
    tables, _ = find_tables(sheets, layouts)
    return Marks({table.sheet.name: _marks_of(table, errors, statuses, receipts) for table in tables})


def _marks_of(
    table: Table, errors: pd.DataFrame, statuses: Mapping[RowPlace, str], receipts: Mapping[RowPlace, str]
) -> SheetMarks:
    name = table.sheet.name
    # A copy that is sent again has both columns already; they are used again, and the new ones stand after the last.
    first_free = len(table.sheet.cells.columns)
    status = table.columns.get("status", first_free)
    if status == first_free:
        first_free += 1
    receipt = table.columns.get("receipt", first_free)
    notes: dict[int, dict[int, str]] = defaultdict(dict)
    column_of = {table.heading(field): column for field, column in table.columns.items()}
    for row, heading, note in _notes(errors, name):
        # What is wrong with the row as a whole is told beside its status.
        column = column_of.get(heading, status)
        before = notes[row].get(column)
        notes[row][column] = f"{SIGN}{note}" if before is None else f"{before}\n{note}"
    return SheetMarks(
        heading_row=table.heading_row,
        status=status,
        receipt=receipt,
        statuses=_of_sheet(statuses, name),
        receipts=_of_sheet(receipts, name),
        notes=notes,
        is_status_new="status" not in table.columns,
        is_receipt_new="receipt" not in table.columns,
    )


def _of_sheet(texts: Mapping[RowPlace, str], name: str | None) -> dict[int, str]:
    return {row: text for (sheet, row), text in texts.items() if sheet == name}


def _notes(errors: pd.DataFrame, name: str | None) -> Iterator[tuple[int, str | None, str]]:
    """Give row, heading and sentence of every error of a sheet; heading None for the row as a whole."""
    is_mine = errors["sheet"].isna() if name is None else errors["sheet"].eq(name)
    told = errors.loc[is_mine, ["row", "column", "message", "suggestion"]].astype(object)
    with_none = told.where(told.notna(), None)
    for row, heading, message, suggestion in with_none.itertuples(index=False, name=None):
        note = message if suggestion is None else f"{message} Suggestion: {suggestion}"
        yield int(row), heading, note
