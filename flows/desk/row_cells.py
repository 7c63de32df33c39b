"""The original cells of a row, as its sheet has them: from the desk, or from the archive."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from flows.desk.visit import Desk
from flows.desk.words import WORDS
from flows.intake.check import read_head
from flows.readers.files import sha256_of
from flows.readers.read import read_parts
from flows.runtime.visible import storable
from flows.settings.archive_places import archive_places
from flows.settings.layouts import layouts_of
from transforms.sheets.fields import MARKED_FIELDS
from transforms.sheets.headings import Table
from transforms.sheets.sheet import FileError
from transforms.sheets.tables import continue_table, find_tables

_MOST_ROWS = 50_000  # of a workbook, which comes as a whole, that a page reads to show one of them
_PART_ROWS = 50_000  # of a text, of which one part at a time is in memory
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def content_of(desk: Desk, paths: Iterable[Path], name: str, sha256: str, default_site_id: str) -> Path | None:
    """Return where a file's content lies: in one of these places, or in the archive; None where nobody has it."""
    archived = archive_places(Path(name), sha256, desk.settings, default_site_id or None)
    for path in (*paths, *archived):
        if path.is_file() and sha256_of(path) == sha256:
            return path
    return None


def cells_of_row(
    desk: Desk, content: Path | None, rows_read: int, sheet: str | None, row: int
) -> list[tuple[str, str, str]]:
    """Return heading, what it is read as and text of each cell of a row; none where they are found nowhere."""
    if content is None or (rows_read > _MOST_ROWS and _is_workbook(content)):
        return []
    try:
        table = _table_with_row(desk, content, sheet, row)
    except FileError:
        return []
    return [] if table is None else list(_cells(table, row))


def _table_with_row(desk: Desk, content: Path, sheet: str | None, row: int) -> Table | None:
    for tables in _tables(desk, content):
        table = table_of_row(tables, sheet, row)
        if table is not None:
            return table
    return None


def _is_workbook(content: Path) -> bool:
    with content.open("rb") as file:
        return file.read(4) in _WORKBOOKS


def _tables(desk: Desk, content: Path) -> Iterator[Sequence[Table]]:
    """Give the tables of each part of a file, in its order: the last one of a part goes on in the next."""
    layouts = layouts_of(desk.settings)
    parts = read_parts(content, _PART_ROWS)
    sheets, following = read_head(parts)
    tables: Sequence[Table] = find_tables(sheets, layouts).tables
    yield tables
    while following is not None:
        (sheet,) = following
        tables = continue_table(tables[-1], sheet, layouts)
        yield tables
        following = next(parts, None)


def table_of_row(tables: Sequence[Table], sheet: str | None, row: int) -> Table | None:
    """Return the table that holds a row, by the name that the ledger has for its sheet; None where none does."""
    # Tables of one sheet stand below each other: the last one that begins above the row is its own.
    for table in reversed(tables):
        name = table.sheet.name
        is_of_sheet = (storable(name) if name else name) == sheet
        if is_of_sheet and table.heading_row < row and row in table.sheet.cells.index:
            return table
    return None


def read_as(table: Table) -> dict[int, str]:
    """Return by column what each one that is read is, in a studio's words."""
    field_of = {column: field for field, column in table.columns.items() if field not in MARKED_FIELDS}
    if table.time_of_day is not None:
        # A part of the time, which stands in two columns.
        field_of[table.time_of_day] = "action_date_time"
    return {column: WORDS.get(field_of[column], "") for column in sorted(field_of)}


def text_of(value: Any) -> str:
    """Return the text of a cell, "" where it is empty."""
    return value if isinstance(value, str) else ""


def _cells(table: Table, row: int) -> Iterator[tuple[str, str, str]]:
    words = read_as(table)
    texts = table.sheet.cells.loc[row]
    for column, heading in enumerate(table.headings):
        if heading is not None:
            yield heading, words.get(column, ""), text_of(texts[column])
