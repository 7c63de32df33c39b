"""Lay the rows of a file out in a new workbook, all cells as text, with its marks: for what is no .xlsx of a person.

Written row by row, so that a million rows take little memory. The rows stand where the person's program shows them;
items of JSON and XML stand one row below their number, under their keys.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from flows.marked_copy.marks import AUTHOR, NOTE_HEIGHT, NOTE_WIDTH, RECEIPT_WIDTH, STATUS_WIDTH, Marks, SheetMarks
from transforms.sheets.headings import FIELDS
from transforms.sheets.sheet import Sheet, sheet_row

TITLE_OF_SHEETLESS = "Rows"
_LONGEST = 32_000  # a cell holds 32,767
_WIDTH = 22
_LONGEST_TITLE = 31
_NOT_ALLOWED = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def write_laid_out(sheets: Sequence[Sheet], marks: Marks, out: Path) -> None:
    """Write every sheet with its marks; raise OSError where `out` cannot be written."""
    try:
        with xlsxwriter.Workbook(str(out), {"constant_memory": True}) as book:
            looks = {
                "text": book.add_format({"num_format": "@"}),
                "bad": book.add_format({"num_format": "@", "bg_color": "#FFC7CE"}),
                "heading": book.add_format({"num_format": "@", "bold": True}),
            }
            for sheet, title in zip(sheets, _titles(sheets), strict=True):
                page = book.add_worksheet(title)
                if sheet.is_hidden and len(sheets) > 1:
                    page.hide()
                _write_sheet(page, sheet, marks.of(sheet.name), looks)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from None


def _titles(sheets: Sequence[Sheet]) -> list[str]:
    """Name the sheets as they are named, as far as an .xlsx allows: 31 signs, some not allowed, no two alike."""
    titles: list[str] = []
    for number, sheet in enumerate(sheets, start=1):
        title = _NOT_ALLOWED.sub("_", sheet.name or TITLE_OF_SHEETLESS).strip("'")[:_LONGEST_TITLE] or f"Sheet{number}"
        taken = {known.casefold() for known in titles} | {"history"}  # Excel keeps that name for itself
        titles.append(f"{title[:26]} {number}" if title.casefold() in taken else title)
    return titles


def _write_sheet(page: Any, sheet: Sheet, marked: SheetMarks | None, looks: Mapping[str, Any]) -> None:
    width = len(sheet.cells.columns)
    page.set_column(0, max(width - 1, 0), _WIDTH)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    added: dict[int, dict[int, str]] = defaultdict(dict)
    if marked is not None:
        page.set_column(marked.status, marked.status, STATUS_WIDTH)
        page.set_column(marked.receipt, marked.receipt, RECEIPT_WIDTH)
        top, last = sheet_row(sheet, marked.heading_row), sheet_row(sheet, int(sheet.cells.index[-1]))
        page.freeze_panes(top, 0)
        page.repeat_rows(top - 1)
        page.autofilter(top - 1, 0, last - 1, max(width - 1, marked.status, marked.receipt))
        added[marked.heading_row] = {marked.status: FIELDS["status"], marked.receipt: FIELDS["receipt"]}
        for column, texts in ((marked.status, marked.statuses), (marked.receipt, marked.receipts)):
            for row, text in texts.items():
                added[row][column] = text
    for (row, column), error in sheet.error_cells.items():
        added[row].setdefault(column, error)
    for row, *cells in sheet.cells.itertuples(name=None):
        is_heading = marked is not None and row == marked.heading_row
        notes = {} if marked is None else marked.notes.get(row, {})
        _write_row(page, sheet_row(sheet, row) - 1, _filled(cells, added.get(row, {}), notes), is_heading, notes, looks)


def _filled(texts: Iterable[object], added: Mapping[int, str], notes: Mapping[int, str]) -> dict[int, str]:
    """Return what stands in each column of a row: its texts, what is added, and room for notes on empty cells."""
    own = {column: text for column, text in enumerate(texts) if isinstance(text, str)}
    return {**dict.fromkeys(notes, ""), **own, **added}


def _write_row(
    page: Any,
    row: int,
    filled: Mapping[int, str],
    is_heading: bool,
    notes: Mapping[int, str],
    looks: Mapping[str, Any],
) -> None:
    for column in sorted(filled):
        look = looks["bad" if column in notes else "heading" if is_heading else "text"]
        text = filled[column][:_LONGEST]
        if text:
            page.write_string(row, column, text, look)
        else:
            page.write_blank(row, column, None, look)
        if column in notes:
            size = {"author": AUTHOR, "width": NOTE_WIDTH, "height": NOTE_HEIGHT}
            page.write_comment(row, column, notes[column], size)
