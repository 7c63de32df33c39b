"""What the marked copy shows of each row: its status, its receipt, and a note on each cell that has to be mended."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

import pandas as pd

from flows.marked_copy.statuses import Look, RowPlace, RowStatus
from transforms.sheets.headings import Table
from transforms.sheets.layout import Layout
from transforms.sheets.notes import Note
from transforms.sheets.sheet import Sheet
from transforms.sheets.shown import IDS_OF_TEXT
from transforms.sheets.tables import find_tables

Text = TypeVar("Text")
NotesOfCells: TypeAlias = dict[int, dict[int, str]]  # row -> column -> note

AUTHOR = "tieout"
SIGN = "tieout: "  # before our part of a note; what stands above it is the person's own
NOTE_WIDTH, NOTE_HEIGHT = 320, 110  # pixels
_MEND = Note(
    "mend the colored cells, save this workbook, and send it: tieout upload FILE. Rows with a receipt are known, and "
    "nothing goes twice."
)
_ROW_IDS = ("client_id", "reward_id")
COLORS: Mapping[Look, str] = {Look.BAD: "FFC7CE", Look.WAITS: "FFEB9C"}
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
    remarks: Mapping[int, Mapping[int, str]] = field(default_factory=dict)  # the same for what is no error
    looks: Mapping[int, Look] = field(default_factory=dict)  # of rows that wait for a person
    shown_ids: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (row, column): as their formats show them


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
    statuses: Mapping[RowPlace, RowStatus],
    receipts: Mapping[RowPlace, str],
    noticed: Sequence[Note] = (),
) -> Marks:
    """Lay out the marks of a file.

    `errors` has a row per wrong cell with `sheet`, `row`, `column` (the heading, NA for the whole row), `message` and
    `suggestion`; `noticed` is what was noticed while the file was read. Raises `FileError` where the sheets have no
    headings.
    """
    by_sheet: dict[str | None, list[Table]] = defaultdict(list)
    for table in find_tables(sheets, layouts).tables:
        by_sheet[table.sheet.name].append(table)
    told = _by_sheet(noticed, list(by_sheet))
    marked = {}
    for name, tables in by_sheet.items():
        marks = _marks_of(tables, errors, statuses, receipts)
        to_mend = [_MEND] if Look.BAD in marks.looks.values() else []
        remarks = _remarks(tables, [*to_mend, *told[name]], marks.status)
        marked[name] = replace(marks, remarks=remarks)
    return Marks(marked)


def _by_sheet(noticed: Iterable[Note], names: Sequence[str | None]) -> Mapping[str | None, list[Note]]:
    """Give each sheet what is about it; what is about no sheet, or one that is not read, is told in the first."""
    told: dict[str | None, list[Note]] = {name: [] for name in names}
    for note in noticed:
        name = note.sheet if note.sheet in told else names[0]
        told[name].append(note)
    return told


def _marks_of(
    tables: Sequence[Table],
    errors: pd.DataFrame,
    statuses: Mapping[RowPlace, RowStatus],
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
    own = _of_sheet(statuses, name)
    return SheetMarks(
        heading_rows=tuple(table.heading_row for table in tables),
        status=status,
        receipt=receipt,
        statuses={row: told.told for row, told in own.items()},
        receipts=_of_sheet(receipts, name),
        notes=_merged(_notes(tables, errors, rest=status), _waiting_notes(tables, own)),
        looks={row: told.look for row, told in own.items() if told.look is not None},
        shown_ids=_shown_ids(tables),
        is_status_new=_is_new(tables, "status", status),
        is_receipt_new=_is_new(tables, "receipt", receipt),
    )


def _is_new(tables: Sequence[Table], field: str, column: int) -> bool:
    return all(table.columns.get(field) != column for table in tables)


def _common_column(tables: Sequence[Table], field: str, first_free: int) -> int:
    """Return the column that all tables have for the field, a new one where they differ or have none."""
    columns = {table.columns.get(field, first_free) for table in tables}
    return columns.pop() if len(columns) == 1 else first_free


def _column_of(tables: Sequence[Table], row: int, heading: str | None, fallback: int) -> int:
    """Return the column that bears the heading in the table that the row belongs to."""
    table = _table_of(tables, row)
    read = {table.heading(name): column for name, column in table.columns.items()}
    if heading in read:
        return read[heading]
    # A column that is read as no field.
    return table.headings.index(heading) if heading in table.headings else fallback


def _table_of(tables: Sequence[Table], row: int) -> Table:
    begun = [table for table in tables if table.heading_row <= row]
    return begun[-1] if begun else tables[0]


def _waiting_notes(tables: Sequence[Table], statuses: Mapping[int, RowStatus]) -> NotesOfCells:
    """Return a note on the id of every row that is refused, held or in doubt; what is rejected has its own."""
    notes: NotesOfCells = {}
    for row, told in statuses.items():
        if told.look is None or not told.way_back:
            continue
        columns = _table_of(tables, row).columns
        id_column = next(columns[field] for field in _ROW_IDS if field in columns)
        notes[row] = {id_column: f"{SIGN}{told.told}"}
    return notes


def _merged(one: NotesOfCells, other: NotesOfCells) -> NotesOfCells:
    """Put two kinds of notes together; where both have one for a cell, the first stays."""
    rows = one.keys() | other.keys()
    return {row: {**other.get(row, {}), **one.get(row, {})} for row in rows}


def _remarks(tables: Sequence[Table], noticed: Iterable[Note], rest: int) -> NotesOfCells:
    """Return what was noticed, at its cell or its heading; what is about no column, at the heading of the statuses."""
    remarks: NotesOfCells = defaultdict(dict)
    for note in noticed:
        row = tables[0].heading_row if note.row is None else note.row
        column = _column_of(tables, row, note.column, rest) if note.column else rest
        if column == rest:
            row = _table_of(tables, row).heading_row
        _add(remarks[row], column, note.message)
    return remarks


def _add(notes: dict[int, str], column: int, sentence: str) -> None:
    """Add a sentence to the note of a cell.

    The sign stands once at the beginning, however many sentences follow: what stands above it is the person's own.
    """
    before = notes.get(column)
    notes[column] = f"{SIGN}{sentence}" if before is None else f"{before}\n{sentence}"


def _shown_ids(tables: Sequence[Table]) -> dict[tuple[int, int], str]:
    """Return the ids that a number format shows otherwise than they are stored: 123 under "AB"000000 is AB000123."""
    shown: dict[tuple[int, int], str] = {}
    for table in tables:
        if not table.sheet.shown_cells:
            continue
        id_columns = {table.columns[field] for field in IDS_OF_TEXT if field in table.columns}
        rows = set(table.sheet.cells.index)
        for place, text in table.sheet.shown_cells.items():
            row, column = place
            if column in id_columns and row in rows:
                shown[place] = text
    return shown


def _of_sheet(texts: Mapping[RowPlace, Text], name: str | None) -> dict[int, Text]:
    return {row: text for (sheet, row), text in texts.items() if sheet == name}


def _notes(tables: Sequence[Table], errors: pd.DataFrame, *, rest: int) -> NotesOfCells:
    """Return the note of every wrong cell of a sheet, by row and column; several errors of a cell are one note.

    What is wrong with a row as a whole is told in the column `rest`, beside its status.
    """
    notes: NotesOfCells = defaultdict(dict)
    for row, heading, sentence in _errors_of(tables[0].sheet.name, errors):
        column = _column_of(tables, row, heading, rest)
        _add(notes[row], column, sentence)
    return notes


def _errors_of(name: str | None, errors: pd.DataFrame) -> Iterator[tuple[int, str | None, str]]:
    """Give row, heading and sentence of every error of a sheet; heading None for the row as a whole."""
    # A format without sheets has no name, and its errors have none either.
    is_mine = errors["sheet"].isna() if name is None else errors["sheet"].eq(name)
    told = errors.loc[is_mine, ["row", "column", "message", "suggestion"]].astype(object)
    with_none = told.where(told.notna(), None)
    for row, heading, message, suggestion in with_none.itertuples(index=False, name=None):
        if suggestion is None:
            yield int(row), heading, message
        else:
            yield int(row), heading, f"{message} Suggestion: {suggestion}"
