"""What became of the rows of one file, as the ledger has it now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, select

from sql.queries import rows_query
from sql.tables.files import files


def rows_read_of_file(connection: Connection, file_id: int) -> int:
    """Return how many rows the file had."""
    rows_read: int = connection.execute(select(files.c.rows_read).where(files.c.file_id == file_id)).scalar_one()
    return rows_read


def rows_of_file(connection: Connection, file_id: int) -> Sequence[Row[Any]]:
    """Return one row per event that the file brought, with where it stands."""
    return connection.execute(rows_query("rows_of_file"), {"file_id": file_id}).all()


def known_rows_of_file(connection: Connection, file_id: int) -> Sequence[Row[Any]]:
    """Return one row per row of the file that was known, with the event it brought again and where that stands."""
    return connection.execute(rows_query("known_rows_of_file"), {"file_id": file_id}).all()


def rejections_of_file(connection: Connection, file_id: int) -> Sequence[RowMapping]:
    """Return one row per wrong cell and code."""
    return connection.execute(rows_query("rejections_of_file"), {"file_id": file_id}).mappings().all()
