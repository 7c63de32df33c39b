"""What the ledger knows of one row or one event, for whoever tells its story. Times are UTC, oldest first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import rows_query


def find_event(connection: Connection, event_id: str) -> Row[Any] | None:
    """Return the event with the file that brought it; None where there is none of that id."""
    return connection.execute(rows_query("trace_event"), {"event_id": event_id}).one_or_none()


def events_of_row(connection: Connection, file: str, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return the events that a row of a file brought."""
    return _of_row(connection, "trace_row_events", file, sheet, row_number)


def duplicates_of_row(connection: Connection, file: str, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return which events a row of a file brought again, and why it counts as one."""
    return _of_row(connection, "trace_row_duplicates", file, sheet, row_number)


def rejections_of_row(connection: Connection, file: str, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return what is wrong with a row of a file, one per cell and code."""
    return _of_row(connection, "trace_row_rejections", file, sheet, row_number)


def skipped_row(connection: Connection, file: str, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    """Return why a row of a file was skipped; none where it was not."""
    return _of_row(connection, "trace_row_skipped", file, sheet, row_number)


def _of_row(connection: Connection, name: str, file: str, sheet: str, row_number: int) -> Sequence[Row[Any]]:
    return connection.execute(rows_query(name), {"file": file, "sheet": sheet, "row_number": row_number}).all()


def transitions_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return every change of state, with its reason."""
    return _of_event(connection, "trace_transitions", event_id)


def answers_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return how every attempt ended."""
    return _of_event(connection, "trace_answers", event_id)


def settlements_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return every reading back of it, and what a person ruled, with the evidence as JSON."""
    return _of_event(connection, "trace_settlements", event_id)


def reversals_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return what takes it back, and what it takes back itself."""
    return _of_event(connection, "trace_reversals", event_id)


def breaks_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return the breaks about it, closed ones too."""
    return _of_event(connection, "trace_breaks", event_id)


def _of_event(connection: Connection, name: str, event_id: str) -> Sequence[Row[Any]]:
    return connection.execute(rows_query(name), {"event_id": event_id}).all()
