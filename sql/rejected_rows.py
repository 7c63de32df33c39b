"""Keep what of a file is no event: rows that were rejected, a sentence per bad cell, and what is no row at all."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Protocol

from sqlalchemy import Connection, Row, Table, insert

from sql.queries import query
from sql.tables.files import rejections, skipped_rows
from transforms.vocabulary import Code

_NOTES_AT_ONCE = 10_000
_MISMATCHES: Mapping[str, str] = {
    "receipt_mismatch": "The receipt belongs to a row with other values, which is in the ledger already: undo the "
    "change. Only where this row is a further event, empty its Receipt.",
    "receipt_repeated": "Another row bears the same receipt: where this row is a further event, empty its Receipt, "
    "else delete the row.",
    "receipt_unknown": "The ledger has given out no such receipt: restore it, or empty it where the row was never "
    "sent.",
}


class Notes(Protocol):
    """What a file has to say of its rows."""

    @property
    def rejected(self) -> Iterable[Mapping[str, Any]]:
        """One per bad cell, read once: columns of `rejections` but file_id."""

    @property
    def skipped(self) -> Iterable[Mapping[str, Any]]:
        """Read once: columns of `skipped_rows` but file_id."""

    @property
    def receipt_columns(self) -> Mapping[str | None, tuple[str, str | None]]:
        """By sheet, heading and letters (None: no cell addresses) of the column of receipts."""


def insert_notes(connection: Connection, file: Notes, file_id: int) -> None:
    """Keep what was rejected, and what was skipped as no row at all."""
    rejected = chain(file.rejected, _mismatches(connection, file))
    _insert_in_chunks(connection, rejections, rejected, file_id)
    _insert_in_chunks(connection, skipped_rows, file.skipped, file_id)


def _insert_in_chunks(connection: Connection, table: Table, notes: Iterable[Mapping[str, Any]], file_id: int) -> None:
    # A file of which every cell is wrong has millions of notes; ten thousand at a time take a few MB.
    left = iter(notes)
    while chunk := list(islice(left, _NOTES_AT_ONCE)):
        rows = [{**note, "file_id": file_id} for note in chunk]
        connection.execute(insert(table), rows)


def _mismatches(connection: Connection, file: Notes) -> Iterator[Mapping[str, Any]]:
    """Give the rejections of rows for their receipts, which only the ledger can judge."""
    rows = connection.execute(query("receipt_mismatches")).all()
    for row in rows:
        yield _mismatch(file, row)


def _mismatch(file: Notes, row: Row[Any]) -> Mapping[str, Any]:
    """Word the rejection of a row for its receipt, as one of the check is."""
    heading, letters = file.receipt_columns.get(row.sheet, ("Receipt", None))
    return {
        "sheet": row.sheet,
        "row_number": row.row_number,
        "column_heading": heading,
        "cell": None if letters is None else f"{letters}{row.row_number}",
        "code": str(Code.RECEIPT_MISMATCH),
        "value": row.receipt,
        "message": _MISMATCHES[row.reason],
        "suggestion": None,
    }
