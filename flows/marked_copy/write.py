"""Write the marked copy: the person's own workbook with the bad cells colored and a note on each, and two columns more.

Status says what became of a row; Receipt is how the row is known when the mended copy is sent again. An .xlsx or .xlsm
is opened and saved by openpyxl, so that formats, formulas, filters and other sheets stay; what openpyxl cannot keep is
said. Every other kind of file gets a new workbook of its rows (`new_workbook`).
"""

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from flows.marked_copy.losses import lost_parts
from flows.marked_copy.marks import (
    AUTHOR,
    COLORS,
    NOTE_HEIGHT,
    NOTE_WIDTH,
    RECEIPT_WIDTH,
    SIGN,
    STATUS_WIDTH,
    Marks,
    SheetMarks,
    make_marks,
)
from flows.marked_copy.new_workbook import write_laid_out
from flows.marked_copy.only_bad import keep_bad
from flows.marked_copy.statuses import Look, RowPlace, RowStatus
from flows.marked_copy.stored_values import keep_stored_values
from flows.runtime.garbage import without_collecting
from transforms.sheets.encodings import as_answered
from transforms.sheets.fields import FIELDS
from transforms.sheets.layout import Layout
from transforms.sheets.notes import Note
from transforms.sheets.sheet import Sheet, sheet_row
from transforms.sheets.tables import find_tables

_FILLS = {look: PatternFill("solid", start_color=f"FF{color}") for look, color in COLORS.items()}
_OURS = {fill.start_color.rgb for fill in _FILLS.values()}
_OPENPYXL_FAILS = (KeyError, ValueError, TypeError, AttributeError, IndexError)  # where calamine reads
_AS_TEXT = "The copy holds the rows as text: formats, formulas and the like of the file are not in it."
_NOT_KEPT = "The workbook could not be kept as it is; the copy holds its rows as text."


def write_marked(
    path: Path,
    sheets: Sequence[Sheet],
    errors: pd.DataFrame,
    out: Path,
    *,
    statuses: Mapping[RowPlace, RowStatus],
    receipts: Mapping[RowPlace, str] | None = None,
    layouts: Sequence[Layout] = (),
    noticed: Sequence[Note] = (),
    only_bad: bool = False,
) -> list[str]:
    """Write the marked copy of the checked file at `path` to `out`, and return what could not be kept, in words.

    `sheets` is what was read from it, `errors` a row per wrong cell (`make_marks`); `layouts` are those of the check.
    With `only_bad` the copy holds the rows that are to be mended alone, as text.
    Raises OSError where `out` cannot be written.
    """
    # Before anything is written: where the headings are not found nobody can tell which row a status belongs to.
    sheets = as_answered_sheets(sheets, layouts)
    marks = make_marks(sheets, layouts, errors, statuses, receipts or {}, noticed)
    if only_bad:
        write_laid_out(*keep_bad(sheets, marks), out)
        return []
    if not is_ooxml(path):
        write_laid_out(sheets, marks, out)
        # A format without sheets is text itself, and loses nothing.
        return [_AS_TEXT] if sheets[0].name is not None else []
    with warnings.catch_warnings(record=True) as raised, without_collecting():
        warnings.simplefilter("always")
        try:
            _mark_own(path, sheets, marks, out)
        except _OPENPYXL_FAILS:
            write_laid_out(sheets, marks, out)
            return [_NOT_KEPT]
    keep_stored_values(path, out)
    return [*lost_parts(path, out), *sorted({str(warning.message) for warning in raised})]


def as_answered_sheets(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> list[Sheet]:
    """Return the sheets with the letters of texts as a person said that they are encoded."""
    return [_as_answered(sheet, layouts) for sheet in sheets]


def _as_answered(sheet: Sheet, layouts: Sequence[Layout]) -> Sheet:
    """Return a sheet of text with its letters as a person said that they are encoded."""
    if not sheet.is_encoding_guessed:
        return sheet
    first, *_ = find_tables([sheet], layouts).tables
    return as_answered(replace(first, sheet=sheet)).sheet


def is_ooxml(path: Path) -> bool:
    """Return whether a file is a workbook that can be opened and saved again as it is."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.lower() == "xl/workbook.xml" for name in archive.namelist())


def _mark_own(path: Path, sheets: Sequence[Sheet], marks: Marks, out: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        names = [name.lower() for name in archive.namelist()]
    book = load_workbook(path, keep_vba="xl/vbaproject.bin" in names, rich_text=True)
    has_notes = any("comments" in name for name in names)
    for sheet in sheets:
        marked = marks.of(sheet.name)
        if marked is None:
            continue
        page = book[str(sheet.name)]
        # To look for earlier notes takes a walk over all cells, which a file without any note is spared.
        if has_notes:
            _clear(page)
        _mark_sheet(page, sheet, marked)
    _save(book, out)


def _save(book: Workbook, out: Path) -> None:
    book.template = False  # a template would open as a new workbook without a name
    book.save(out)


def _mark_sheet(page: Worksheet, sheet: Sheet, marked: SheetMarks) -> None:
    _add_headings(page, sheet, marked)
    _write_column(page, sheet, marked.status, marked.statuses)
    _color_statuses(page, sheet, marked)
    _write_column(page, sheet, marked.receipt, marked.receipts)
    _mark_wrong_cells(page, sheet, marked)
    for row, remarks in marked.remarks.items():
        for column, remark in remarks.items():
            _add_note(page.cell(sheet_row(sheet, row), column + 1), remark)


def _color_statuses(page: Worksheet, sheet: Sheet, marked: SheetMarks) -> None:
    for row, look in marked.looks.items():
        cell = page.cell(sheet_row(sheet, row), marked.status + 1)
        cell.fill = _FILLS[look]
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _mark_wrong_cells(page: Worksheet, sheet: Sheet, marked: SheetMarks) -> None:
    for row, notes in marked.notes.items():
        fill = _FILLS[marked.looks.get(row, Look.BAD)]
        page_row = sheet_row(sheet, row)
        for column, note in notes.items():
            cell = page.cell(page_row, column + 1)
            # A part of merged cells can bear no note of its own; the status of its row bears it.
            if isinstance(cell, MergedCell):
                cell = page.cell(page_row, marked.status + 1)
            cell.fill = fill
            _add_note(cell, note)


def _write_column(page: Worksheet, sheet: Sheet, column: int, texts: Mapping[int, str]) -> None:
    for row, text in texts.items():
        cell = page.cell(sheet_row(sheet, row), column + 1)
        write_text(cell, text)
        _take_our_color(cell)


def _take_our_color(cell: Cell | MergedCell) -> None:
    """Take away the color of an earlier copy; any other is its owner's."""
    if cell.fill.start_color.rgb in _OURS:
        cell.fill = PatternFill()


def _clear(page: Worksheet) -> None:
    """Take away the notes and colors of an earlier marking, so that what was mended looks mended."""
    for cells in page.iter_rows():
        for cell in cells:
            note = cell.comment if isinstance(cell, Cell) else None
            if note is not None and SIGN in note.text:
                _clear_cell(cell, note)


def _clear_cell(cell: Cell | MergedCell, note: Comment) -> None:
    # What stands before our sign is the person's own note, and stays.
    before, _, _ = note.text.partition(SIGN)
    own = before.rstrip()
    cell.comment = Comment(own, note.author) if own else None
    # A cell with a mere remark has its owner's color.
    _take_our_color(cell)


def _add_headings(page: Worksheet, sheet: Sheet, marked: SheetMarks) -> None:
    for heading_row in marked.heading_rows:
        row = sheet_row(sheet, heading_row)
        if marked.is_status_new:
            _add_heading(page, row, marked.status, FIELDS["status"], width=STATUS_WIDTH)
        if marked.is_receipt_new:
            _add_heading(page, row, marked.receipt, FIELDS["receipt"], width=RECEIPT_WIDTH)


def _add_heading(page: Worksheet, row: int, column: int, heading: str, *, width: int) -> None:
    cell = page.cell(row, column + 1, heading)
    cell.font = Font(bold=True)
    page.column_dimensions[get_column_letter(column + 1)].width = width


def write_text(cell: Cell | MergedCell, text: str) -> None:
    """Write a text as a text: it starts no formula, and keeps its zeros when it is edited."""
    if isinstance(cell, MergedCell):
        return
    cell.value = text if text.isprintable() else ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    if cell.number_format != "@":
        cell.number_format = "@"


def _add_note(cell: Cell | MergedCell, note: str) -> None:
    if isinstance(cell, MergedCell):
        return
    before = f"{cell.comment.text}\n" if cell.comment else ""
    cell.comment = Comment(before + note, AUTHOR, height=NOTE_HEIGHT, width=NOTE_WIDTH)
