"""Say what a sheet without headings is, beside those that are read: nothing to send, or rows that would be lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.sheets.heading_rows import SEARCHED_ROWS, is_nearly_heading
from transforms.sheets.headings import Table, read_headings
from transforms.sheets.layout import Layout
from transforms.sheets.lost_rows import rows_like_events, rows_maybe_events
from transforms.sheets.sheet import FileError, Place, Sheet, begin_of_sheet
from transforms.vocabulary import Code

_NOTHING_TO_SEND = "sheet without headings"


@dataclass(frozen=True)
class SideSheet:
    """A sheet that is no table, and why."""

    sheet: Sheet
    reason: str
    like_rows: tuple[int, ...] = ()  # rows that may be events all the same, under headings that nobody can tell


def tell_side_sheet(sheet: Sheet, tables: Sequence[Table], layouts: Sequence[Layout]) -> SideSheet:
    """Say why a sheet beside the tables is skipped; raise `FileError` where it holds rows that would be lost."""
    if sheet.cells.empty or sheet.cells.isna().all(axis=None):
        return SideSheet(sheet, "empty sheet")
    _refuse_slips(sheet, layouts)
    for table in tables:
        _refuse_rows_of(table, sheet)
    maybe = tuple(rows_maybe_events(sheet.cells, tables))
    if not maybe:
        return SideSheet(sheet, _NOTHING_TO_SEND)
    return SideSheet(sheet, f"{_NOTHING_TO_SEND}; rows that look like those of a table: {len(maybe):,}", maybe)


def _refuse_slips(sheet: Sheet, layouts: Sequence[Layout]) -> None:
    """Refuse headings with a slip in them, by which its rows were meant to be read."""
    for row in sheet.cells.index[:SEARCHED_ROWS]:
        if is_nearly_heading(sheet, int(row)):
            read_headings(sheet, int(row), layouts)


def _refuse_rows_of(table: Table, sheet: Sheet) -> None:
    """Refuse a sheet that goes on with the rows of a table, as "Feb" does beside "Jan"."""
    rows = rows_like_events(sheet.cells, table)
    if rows:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            f'{begin_of_sheet(sheet)}{len(rows):,} rows look like those of "{table.sheet.name}", and there are no '
            f"headings above them (the first is row {rows[0]}). Copy the headings into this sheet too, and send the "
            "file again.",
            Place(sheet.name, rows[0]),
        )
