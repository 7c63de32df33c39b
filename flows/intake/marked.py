"""Write the marked copy: the person's own workbook with the bad cells colored and a note on each, and two columns more.

Status says what became of a row; Receipt is how the row is known when the mended copy is sent again. An .xlsx or .xlsm
is opened and saved by openpyxl, so that formats, formulas, filters and other sheets stay; a spreadsheet program works
the formulas out again when it opens the copy. Every other kind of file gets a new workbook of its rows, all cells as
text, at the same row numbers (items of JSON and XML one row below their number).
"""

import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from transforms.check import Checked
from transforms.headings import FIELDS, Table, find_tables
from transforms.layout import Layout
from transforms.sheet import Sheet

RowPlace = tuple[str | None, int]  # sheet, row

_BAD = PatternFill("solid", start_color="FFFFC7CE")
_AUTHOR = "tieout"
_SIGN = "tieout: "  # before our part of a note; what stands above it is the person's own
_NOTE_WIDTH, _NOTE_HEIGHT = 320, 110  # pixels
_TITLE_OF_SHEETLESS = "Rows"


def write_marked(
    path: Path,
    sheets: Sequence[Sheet],
    checked: Checked,
    out: Path,
    receipts: Mapping[RowPlace, str] | None = None,
    statuses: Mapping[RowPlace, str] | None = None,
    layouts: Sequence[Layout] = (),
) -> list[str]:
    """Write the marked copy of the checked file at `path` to `out`, and return what could not be kept, in words.

    `sheets` is what was read from it. `receipts` and `statuses` give a row more than the check alone can say, which
    is "good" or "rejected"; `layouts` are those of the check. Raises OSError where `out` cannot be written.
    """
    book, lost = _open(path, sheets)
    told = dict.fromkeys(_places(checked.events), "good") | dict.fromkeys(_places(checked.errors), "rejected")
    told.update(statuses or {})
    tables, _ = find_tables(sheets, layouts)
    for table in tables:
        sheet = book[table.sheet.name or _TITLE_OF_SHEETLESS]
        _mark_table(sheet, table, checked.errors, told, receipts or {})
    book.save(out)
    return lost


def _places(frame: pd.DataFrame) -> Iterator[RowPlace]:
    for sheet, row in zip(frame["sheet"], frame["row"], strict=True):
        yield (sheet if isinstance(sheet, str) else None), int(row)


def _open(path: Path, sheets: Sequence[Sheet]) -> tuple[Workbook, list[str]]:
    """Open the person's own workbook where openpyxl can, else lay out the rows in a new one."""
    if not zipfile.is_zipfile(path):
        return _lay_out(sheets), []
    with zipfile.ZipFile(path) as archive:
        names = {name.lower() for name in archive.namelist()}
    if "xl/workbook.xml" not in names:
        return _lay_out(sheets), []
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            book = load_workbook(path, keep_vba="xl/vbaproject.bin" in names, rich_text=True)
        except (KeyError, ValueError, TypeError, AttributeError):  # what calamine reads and openpyxl does not
            return _lay_out(sheets), ["The workbook could not be kept as it is; the copy holds its rows as text."]
    return book, sorted({str(warning.message) for warning in raised})


def _lay_out(sheets: Sequence[Sheet]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        page = book.create_sheet(sheet.name or _TITLE_OF_SHEETLESS)
        for row, texts in zip(sheet.cells.index, sheet.cells.itertuples(index=False, name=None), strict=True):
            for column, text in enumerate(texts):
                if isinstance(text, str):
                    _write_text(page.cell(_sheet_row(sheet, row), column + 1), text)
    return book


def _sheet_row(sheet: Sheet, row: int) -> int:
    return row + 1 if sheet.heading_row == 0 else row


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """Write a text as a text: it starts no formula, and keeps its zeros when it is edited."""
    if isinstance(cell, MergedCell):
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.number_format = "@"


def _mark_table(
    page: Worksheet,
    table: Table,
    errors: pd.DataFrame,
    statuses: Mapping[RowPlace, str],
    receipts: Mapping[RowPlace, str],
) -> None:
    name = table.sheet.name
    _clear(page)
    status, receipt = _added_columns(page, table)
    for mapping, column in ((statuses, status), (receipts, receipt)):
        for (sheet, row), text in mapping.items():
            if sheet == name:
                _write_text(page.cell(_sheet_row(table.sheet, row), column), text)
    mine = errors[errors["sheet"].isna() if name is None else errors["sheet"] == name]
    columns = {table.heading(field): column + 1 for field, column in table.columns.items()}
    places = zip(mine["row"], mine["column"].where(mine["column"].notna(), None), strict=True)
    for (row, heading), found in mine.groupby(pd.Series(list(places), index=mine.index), sort=False):
        on_page = _sheet_row(table.sheet, int(row))
        cell = page.cell(on_page, columns.get(heading, status))
        # A part of merged cells can bear no note of its own.
        _mark(cell if isinstance(cell, Cell) else page.cell(on_page, status), _note(found))


def _clear(page: Worksheet) -> None:
    """Take away the notes and colors of an earlier marking, so that what was mended looks mended."""
    for cells in page.iter_rows():
        for cell in cells:
            if cell.comment is not None and _SIGN in cell.comment.text and isinstance(cell, Cell):
                own = cell.comment.text.partition(_SIGN)[0].rstrip()
                cell.comment = Comment(own, cell.comment.author) if own else None
                cell.fill = PatternFill()


def _added_columns(page: Worksheet, table: Table) -> tuple[int, int]:
    """Return the columns of Status and Receipt, added at the right where an earlier marking has not done so."""
    heading_row = _sheet_row(table.sheet, table.heading_row)
    places = []
    for field in ("status", "receipt"):
        column = table.columns[field] + 1 if field in table.columns else page.max_column + 1
        if field not in table.columns:
            cell = page.cell(heading_row, column, FIELDS[field])
            cell.font = Font(bold=True)
        places.append(column)
    return places[0], places[1]


def _note(found: pd.DataFrame) -> str:
    hints = found["suggestion"].map(lambda hint: "" if pd.isna(hint) else f" Suggestion: {hint}")
    return "\n".join(found["message"] + hints)


def _mark(cell: Cell | MergedCell, note: str) -> None:
    before = f"{cell.comment.text}\n" if cell.comment else ""
    cell.fill = _BAD
    cell.comment = Comment(before + _SIGN + note, _AUTHOR, height=_NOTE_HEIGHT, width=_NOTE_WIDTH)
