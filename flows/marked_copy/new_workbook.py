"""Lay the rows of a file out in a new workbook, all cells as text, with its marks: for what is no .xlsx of a person.

Written row by row, so that a million rows take little memory. The rows stand where the person's program shows them;
items of JSON and XML stand one row below their number, under their keys.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from flows.marked_copy.marks import (
    AUTHOR,
    COLORS,
    NOTE_HEIGHT,
    NOTE_WIDTH,
    RECEIPT_WIDTH,
    STATUS_WIDTH,
    Marks,
    SheetMarks,
)
from flows.marked_copy.statuses import Look
from transforms.sheets.fields import FIELDS
from transforms.sheets.sheet import Sheet, sheet_row

TITLE_OF_SHEETLESS = "Rows"
_LONGEST = 32_000  # a cell holds 32,767
_WIDTH = 22
_LONGEST_TITLE = 31
_NOTE_SIZE = {"author": AUTHOR, "width": NOTE_WIDTH, "height": NOTE_HEIGHT}
_NOT_ALLOWED = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


class _RowLooks(NamedTuple):
    """The notes of a row by column, and the columns that are colored: those to be mended, and the status."""

    notes: Mapping[int, str]
    colored: Mapping[int, Look]


_PLAIN = _RowLooks({}, {})


def write_laid_out(sheets: Sequence[Sheet], marks: Marks, out: Path) -> None:
    """Write every sheet with its marks; raise OSError where `out` cannot be written."""
    try:
        with xlsxwriter.Workbook(str(out), {"constant_memory": True}) as book:
            _write_sheets(book, sheets, marks)
    except xlsxwriter.exceptions.FileCreateError as error:
        cause = error.args[0]
        if isinstance(cause, OSError):
            raise cause from None
        raise OSError(str(error)) from None


def _write_sheets(book: Any, sheets: Sequence[Sheet], marks: Marks) -> None:
    # All cells have the format for text, so that ids keep their zeros when a person types over one.
    looks: dict[str, Any] = {
        "text": book.add_format({"num_format": "@"}),
        "heading": book.add_format({"num_format": "@", "bold": True}),
    }
    for look, color in COLORS.items():
        looks[look] = book.add_format(_look(color))
    for sheet, title in zip(sheets, _titles(sheets), strict=True):
        page = book.add_worksheet(title)
        # A workbook without any visible sheet does not open.
        if sheet.is_hidden and len(sheets) > 1:
            page.hide()
        _write_sheet(page, sheet, marks.of(sheet.name), looks)


def _look(color: str) -> dict[str, Any]:
    # What is wrong takes a sentence or two, which the next cell would cover.
    return {"num_format": "@", "bg_color": f"#{color}", "text_wrap": True, "valign": "top"}


def _titles(sheets: Sequence[Sheet]) -> list[str]:
    """Name the sheets as they are named, as far as an .xlsx allows: 31 signs, some not allowed, no two alike."""
    titles: list[str] = []
    taken = {"history"}  # Excel keeps that name for itself
    for number, sheet in enumerate(sheets, start=1):
        allowed = _NOT_ALLOWED.sub("_", sheet.name or TITLE_OF_SHEETLESS).strip("'")
        title = allowed[:_LONGEST_TITLE] or f"Sheet{number}"
        # To Excel "Rows" and "rows" are one name. There are 1,000 sheets at most, so five signs hold any number.
        if title.casefold() in taken:
            title = f"{title[: _LONGEST_TITLE - 5]} {number}"
        taken.add(title.casefold())
        titles.append(title)
    return titles


def _write_sheet(page: Any, sheet: Sheet, marked: SheetMarks | None, looks: Mapping[str, Any]) -> None:
    _set_up_page(page, sheet)
    if marked is not None:
        _set_up_marks(page, sheet, marked)
    added = _added_texts(sheet, marked)
    for row, *cells in sheet.cells.itertuples(name=None):
        of_row = _PLAIN if marked is None else _looks_of_row(marked, row)
        is_heading = marked is not None and row in marked.heading_rows
        _write_row(
            page,
            sheet_row(sheet, row) - 1,
            _filled(cells, added.get(row, {}), of_row.notes),
            of_row.notes,
            look_of_rest=looks["heading" if is_heading else "text"],
            looks={column: looks[look] for column, look in of_row.colored.items()},
        )


def _looks_of_row(marked: SheetMarks, row: int) -> _RowLooks:
    remarks, errors = marked.remarks.get(row, {}), marked.notes.get(row, {})
    notes = {**remarks}
    for column, error in errors.items():
        notes[column] = f"{notes[column]}\n{error}" if column in notes else error
    look = marked.looks.get(row)
    if look is None:
        return _RowLooks(notes, dict.fromkeys(errors, Look.BAD))
    return _RowLooks(notes, {**dict.fromkeys(errors, look), marked.status: look})


def _set_up_page(page: Any, sheet: Sheet) -> None:
    """Make the columns wide enough to read, and print all of them on one page across."""
    last_column = max(len(sheet.cells.columns) - 1, 0)
    page.set_column(0, last_column, _WIDTH)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _set_up_marks(page: Any, sheet: Sheet, marked: SheetMarks) -> None:
    """Keep the headings in sight and on every printed page, with a filter, so that the rejected rows are soon found."""
    page.set_column(marked.status, marked.status, STATUS_WIDTH)
    page.set_column(marked.receipt, marked.receipt, RECEIPT_WIDTH)
    # xlsxwriter counts from 0, so the number of the heading row is that of the first row below it.
    below_headings = sheet_row(sheet, marked.heading_rows[0])
    headings = below_headings - 1
    last_row = sheet_row(sheet, int(sheet.cells.index[-1])) - 1
    last_of_sheet = len(sheet.cells.columns) - 1
    last_column = max(last_of_sheet, marked.status, marked.receipt)
    page.freeze_panes(below_headings, 0)
    page.repeat_rows(headings)
    page.autofilter(headings, 0, last_row, last_column)


def _added_texts(sheet: Sheet, marked: SheetMarks | None) -> dict[int, dict[int, str]]:
    """Return what stands in cells beside the sheet's own texts, by row and column: the marks, and errors like #N/A."""
    added: dict[int, dict[int, str]] = defaultdict(dict)
    if marked is not None:
        _add_marks(added, marked)
    # The person's own column Status may hold an error; what became of the row goes before it.
    for (row, column), error in sheet.error_cells.items():
        added[row].setdefault(column, error)
    return added


def _add_marks(added: dict[int, dict[int, str]], marked: SheetMarks) -> None:
    for heading_row in marked.heading_rows:
        added[heading_row][marked.status] = FIELDS["status"]
        added[heading_row][marked.receipt] = FIELDS["receipt"]
    for row, status in marked.statuses.items():
        added[row][marked.status] = status
    for row, receipt in marked.receipts.items():
        added[row][marked.receipt] = receipt
    # As text a cell has no format that would show the id.
    for (row, column), shown in marked.shown_ids.items():
        added[row][column] = shown


def _filled(texts: Iterable[object], added: Mapping[int, str], notes: Mapping[int, str]) -> dict[int, str]:
    """Return what stands in each column of a row: its texts, what is added, and room for notes on empty cells."""
    own = {column: text for column, text in enumerate(texts) if isinstance(text, str)}
    return {**dict.fromkeys(notes, ""), **own, **added}


def _write_row(
    page: Any,
    row: int,
    filled: Mapping[int, str],
    notes: Mapping[int, str],
    *,
    look_of_rest: Any,
    looks: Mapping[int, Any],
) -> None:
    for column in sorted(filled):
        note = notes.get(column)
        look = looks.get(column, look_of_rest)
        text = filled[column][:_LONGEST]
        if text:
            _write_text(page, row, column, text, look)
        else:
            page.write_blank(row, column, None, look)
        if note is not None:
            page.write_comment(row, column, note, _NOTE_SIZE)


def _write_text(page: Any, row: int, column: int, text: str, look: Any) -> None:
    """Write a text as a string: otherwise one such as "=1+1" would become a formula, and 007 a number."""
    if text.startswith("<r>") and text.endswith("</r>"):
        # The library takes such text for its own markup and would write it unescaped, into a file that no program
        # opens; in pieces it does not.
        page.write_rich_string(row, column, "<", "r", text[2:], look)
    else:
        page.write_string(row, column, text, look)
