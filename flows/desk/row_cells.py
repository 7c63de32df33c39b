"""The original cells of a row, as its sheet has them: from the desk, or from the archive."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from flows.desk.visit import Desk
from flows.desk.words import WORDS
from flows.readers.files import sha256_of
from flows.readers.read import read_file
from flows.runtime.visible import storable
from flows.settings.archive_places import archive_places
from flows.settings.layouts import layouts_of
from transforms.sheets.fields import MARKED_FIELDS
from transforms.sheets.headings import Table
from transforms.sheets.sheet import FileError
from transforms.sheets.tables import find_tables

_MOST_ROWS = 50_000  # that a page reads to show one of them


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
    if content is None or rows_read > _MOST_ROWS:
        return []
    try:
        tables = find_tables(read_file(content), layouts_of(desk.settings)).tables
    except FileError:
        return []
    table = table_of_row(tables, sheet, row)
    return [] if table is None else list(_cells(table, row))


def table_of_row(tables: Sequence[Table], sheet: str | None, row: int) -> Table | None:
    """Return the table that holds a row, by the name that the ledger has for its sheet; None where none does."""
    named = [table for table in tables if (table.sheet.name and storable(table.sheet.name)) == sheet]
    holding = [table for table in named if table.heading_row < row and row in table.sheet.cells.index]
    return holding[-1] if holding else None


def read_as(table: Table) -> dict[int, str]:
    """Return by column what each one that is read is, in a studio's words."""
    field_of = {column: field for field, column in table.columns.items() if field not in MARKED_FIELDS}
    if table.time_of_day is not None:
        field_of[table.time_of_day] = "action_date_time"
    return {column: WORDS.get(field, "") for column, field in sorted(field_of.items())}


def text_of(value: Any) -> str:
    """Return the text of a cell, "" where it is empty."""
    return value if isinstance(value, str) else ""


def _cells(table: Table, row: int) -> Iterator[tuple[str, str, str]]:
    words, texts = read_as(table), table.sheet.cells.loc[row]
    for column, heading in enumerate(table.headings):
        if heading is not None:
            yield heading, words.get(column, ""), text_of(texts[column])
