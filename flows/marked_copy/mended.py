"""Write a person's sheet with some cells changed, and nothing else: what they mended in place is posted from it.

A workbook is kept as it is; any other file becomes one that holds its rows as text, at the numbers that they had.
"""

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import MergedCell

from flows.marked_copy.marks import Marks
from flows.marked_copy.new_workbook import write_laid_out
from flows.marked_copy.stored_values import keep_stored_values
from flows.marked_copy.write import as_answered_sheets, is_ooxml, write_text
from flows.runtime.errors import WrongUsage
from flows.runtime.garbage import without_collecting
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import Sheet, sheet_row

Cell = tuple[str | None, int, int]  # sheet, row, column from 0


def write_mended(
    path: Path, sheets: Sequence[Sheet], texts: Mapping[Cell, str], out: Path, layouts: Sequence[Layout] = ()
) -> None:
    """Write the file at `path`, read as `sheets`, to `out` as a workbook with these texts in these cells.

    An empty text empties its cell. `WrongUsage` where the workbook is one that cannot be written again without losing
    what stands in it.
    """
    if is_ooxml(path):
        _mend_own(path, sheets, texts, out)
    else:
        mended = [_mended(sheet, texts) for sheet in as_answered_sheets(sheets, layouts)]
        write_laid_out(mended, Marks({}), out)


def _mended(sheet: Sheet, texts: Mapping[Cell, str]) -> Sheet:
    cells = sheet.cells.copy()
    for (name, row, column), text in texts.items():
        if name == sheet.name:
            cells.loc[row, column] = text or None
    shown = {place: error for place, error in sheet.error_cells.items() if (sheet.name, *place) not in texts}
    return replace(sheet, cells=cells, error_cells=shown)


def _mend_own(path: Path, sheets: Sequence[Sheet], texts: Mapping[Cell, str], out: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        has_macros = any(name.lower() == "xl/vbaproject.bin" for name in archive.namelist())
    with warnings.catch_warnings(), without_collecting():
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(path, keep_vba=has_macros, rich_text=True)
        except (KeyError, ValueError, TypeError, AttributeError, IndexError):
            raise WrongUsage("This workbook cannot be mended here: mend it in Excel, and send it again.") from None
        for sheet in sheets:
            _fill_in(book, sheet, texts)
        book.template = False
        book.save(out)
    keep_stored_values(path, out)


def _fill_in(book: Workbook, sheet: Sheet, texts: Mapping[Cell, str]) -> None:
    """Write the texts of one sheet into its cells; `WrongUsage` where one is a part of merged cells."""
    for (name, row, column), text in texts.items():
        if name != sheet.name:
            continue
        cell = book[str(name)].cell(sheet_row(sheet, row), column + 1)
        if isinstance(cell, MergedCell):
            raise WrongUsage(f"Row {row} is a part of merged cells: mend it in Excel, and send it again.")
        if text:
            write_text(cell, text)
        else:
            cell.value = None
