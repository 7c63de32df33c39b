"""What a row of a file brought: an event, an event again, wrong cells, or nothing and why."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query


class FileRow(NamedTuple):
    """A row of a file that is registered; ``sheet`` is "" where the format has none."""

    file_id: int
    sheet: str
    row_number: int


def rows_at(connection: Connection, file: str, sheet: str, row_number: int) -> list[FileRow]:
    """Return the row of each file of this name, in the order in which they came."""
    file_ids = connection.execute(query("files_named"), {"file": file}).scalars()
    return [FileRow(file_id, sheet, row_number) for file_id in file_ids]


def events_at(connection: Connection, row: FileRow) -> Sequence[Row[Any]]:
    """Return the events that it brought, as `sql.trace.find_event` has them."""
    return _at(connection, "events_at", row)


def duplicates_at(connection: Connection, row: FileRow) -> Sequence[Row[Any]]:
    """Return which events it brought again, and why it counts as one."""
    return _at(connection, "duplicates_at", row)


def rejections_at(connection: Connection, row: FileRow) -> Sequence[Row[Any]]:
    """Return what is wrong with it, one per cell and code."""
    return _at(connection, "rejections_at", row)


def skipped_at(connection: Connection, row: FileRow) -> Sequence[Row[Any]]:
    """Return why it was passed over; none where it was not."""
    return _at(connection, "skipped_at", row)


def _at(connection: Connection, name: str, row: FileRow) -> Sequence[Row[Any]]:
    return connection.execute(rows_query(name), row._asdict()).all()
