"""Change what was turned down and send it: a copy of the sheet, in which each row has the receipt of what it brought.

So whatever was posted stays known, and a changed row goes as the corrected one of what was turned down. The copy is a
sheet of its own, which goes the way of every other: it is checked, shown, and posted as it was shown.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from flows.desk.row_cells import content_of, read_as, table_of_row, text_of
from flows.desk.sheets import DeskSheet, move_in
from flows.desk.visit import Desk
from flows.marked_copy.give_back import NO_ERRORS, read_rows
from flows.marked_copy.mended import Cell, write_mended
from flows.marked_copy.write import write_marked
from flows.readers.files import sha256_of
from flows.readers.limits import MAX_ROWS
from flows.readers.read import read_file
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import storable
from flows.settings.layouts import layouts_of
from sql import desk_rows as brought
from sql import desk_sheets as kept
from sql.desk_sheets import Mend
from transforms.sheets.headings import Table
from transforms.sheets.sheet import FileError, Sheet
from transforms.sheets.tables import find_tables

_GONE = "The sheet's content is not kept here any more: mend the copy that was given back, and send that."
_CHANGED = " changed"  # at the end of a copy's name


@dataclass(frozen=True)
class CellToChange:
    """One cell of a row; ``column`` counts from 0."""

    column: int
    heading: str
    read_as: str  # "" where nobody reads it
    text: str


@dataclass(frozen=True)
class RowToChange:
    """A row that was turned down, with its cells as the sheet has them."""

    row: Row[Any]
    cells: Sequence[CellToChange]


def rows_to_change(desk: Desk, sheet: DeskSheet, rows: Sequence[Row[Any]]) -> list[RowToChange]:
    """Return the cells of these rows that are read; those are left out that are found nowhere any more."""
    tables = _tables(desk, read_file(_content(desk, sheet)))
    found = []
    for row in rows:
        table = table_of_row(tables, row.sheet, row.row_number)
        if table is not None:
            found.append(RowToChange(row, _cells(table, row.row_number)))
    return found


def _content(desk: Desk, sheet: DeskSheet) -> Path:
    """Return where the content lies that was posted: at the desk, or in the archive."""
    row = sheet.row
    path = content_of(desk, [sheet.path], sheet.name, row.sha256, row.default_site_id)
    if path is None:
        raise WrongUsage(_GONE)
    return path


def _tables(desk: Desk, sheets: Sequence[Sheet]) -> Sequence[Table]:
    try:
        return find_tables(sheets, layouts_of(desk.settings)).tables
    except FileError:
        raise WrongUsage("How the sheet is read has changed since: mend the copy that was given back.") from None


def _cells(table: Table, row: int) -> list[CellToChange]:
    texts = table.sheet.cells.loc[row]
    cells = []
    for column, word in read_as(table).items():
        cells.append(CellToChange(column, str(table.headings[column]), word, text_of(texts[column])))
    return cells


def change(
    desk: Desk, sheet: DeskSheet, rows: Sequence[RowToChange], texts: Mapping[tuple[str, int], str], by: str
) -> str:
    """Make a sheet of its own in which these cells hold these texts; return its id. Nothing of it is posted yet.

    `texts` gives the text by event and column. `WrongUsage` where none of them is another than before.
    """
    cells: dict[Cell, str] = {}
    mends: list[Mend] = []
    for one in rows:
        on, number = one.row.sheet, one.row.row_number
        for cell in one.cells:
            typed = texts.get((one.row.event_id, cell.column), cell.text)
            text = typed.strip()
            if text == cell.text.strip():
                continue
            cells[on, number, cell.column] = text
            mends.append(Mend(on, number, cell.heading, cell.text or None, text))
    if not cells:
        raise WrongUsage("Nothing was changed. Change a cell, or try the row again as it is.")
    return _keep(desk, sheet, cells, mends, by)


def _keep(desk: Desk, sheet: DeskSheet, cells: Mapping[Cell, str], mends: Sequence[Mend], by: str) -> str:
    sheet_id = secrets.token_urlsafe(15)
    folder = desk.settings.desk_folder / sheet_id
    folder.mkdir(parents=True, mode=0o700)
    draft = folder / "draft.xlsx"
    try:
        _write(desk, sheet, cells, draft)
        sha256 = move_in(draft, folder, _name(sheet.name), sha256_of(draft))
    finally:
        draft.unlink(missing_ok=True)
    now = utc_now()
    with desk.ledger.begin() as connection:
        kept.add_sheet(
            connection,
            sheet_id,
            name=_name(sheet.name),
            site_id=sheet.site_id,
            default_site_id=sheet.row.default_site_id,
            sha256=sha256,
            by=by,
            now=now,
        )
        kept.keep_mends(connection, sheet_id, mends, by=by, now=now)
        # Its columns are those of the sheet that somebody has looked at.
        kept.note_read_well(connection, sheet_id, is_read_well=True)
    return sheet_id


def _write(desk: Desk, sheet: DeskSheet, cells: Mapping[Cell, str], out: Path) -> None:
    """Write the copy: first with the changed cells, then with the receipts beside all rows."""
    content, layouts = _content(desk, sheet), layouts_of(desk.settings)
    sheets = read_file(content)
    changed = out.with_name("changed.xlsx")
    try:
        write_mended(content, sheets, _by_own_names(cells, sheets), changed, layouts)
        copied = read_file(changed)
        # Without them the rows that were posted would be new ones in the copy.
        receipts = _receipts(desk, sheet, [one.name for one in sheets], [one.name for one in copied])
        write_marked(changed, copied, NO_ERRORS, out, statuses={}, receipts=receipts, layouts=layouts)
    finally:
        changed.unlink(missing_ok=True)


def _by_own_names(cells: Mapping[Cell, str], sheets: Sequence[Sheet]) -> dict[Cell, str]:
    """Return the cells by the names that their sheets have in the file, where the ledger may have others."""
    own_name = {_name_in_ledger(one.name): one.name for one in sheets}
    return {(own_name[name], row, column): text for (name, row, column), text in cells.items()}


def _name_in_ledger(name: str | None) -> str | None:
    return storable(name) if name else name


def _receipts(
    desk: Desk, sheet: DeskSheet, names: Sequence[str | None], copied: Sequence[str | None]
) -> dict[tuple[str | None, int], str]:
    """Return the receipts by the names that the sheets have in the copy; a format without sheets becomes one of one."""
    with desk.ledger.read() as connection:
        file = brought.file_of(connection, sheet.row.sha256, sheet.row.default_site_id)
        if file is None:
            raise WrongUsage("Nothing of it was posted yet: mend it at Check.")
        rows = read_rows(connection, file.file_id)
    if rows.rows_read > MAX_ROWS:
        raise WrongUsage("It has more rows than a workbook holds: send the changed rows in a sheet of their own.")
    pairs = zip(names, copied, strict=True)
    name_in_copy = {_name_in_ledger(before): after for before, after in pairs}
    return {(name_in_copy[name], row): receipt for (name, row), receipt in rows.receipts.items()}


def _name(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    own = (stem if dot else name).removesuffix(_CHANGED)
    # A workbook with macros does not open under any other suffix than its own.
    suffix = "xlsm" if name.lower().endswith(".xlsm") else "xlsx"
    return f"{own}{_CHANGED}.{suffix}"
