"""Whose history to look at when the ledger may have been rolled back, and what it knows of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import rows_query


def last_sending_run(connection: Connection, run_id: str) -> Row[Any] | None:
    """Return number, started_at, finished_at and failure of the last night or upload before this; None before any."""
    return connection.execute(rows_query("last_sending_run"), {"run_id": run_id}).first()


def clients_next_in_turn(connection: Connection, most: int) -> list[tuple[str, str]]:
    """Return (site_id, client_id) of those who are sent something next, in order."""
    rows = connection.execute(rows_query("clients_next_in_turn"), {"most": most})
    return [(row.site_id, row.client_id) for row in rows]


def clients_sent_last(connection: Connection, most: int) -> list[tuple[str, str]]:
    """Return (site_id, client_id) of those who were sent something last, the last one first."""
    rows = connection.execute(rows_query("clients_sent_last"), {"most": most})
    return [(row.site_id, row.client_id) for row in rows]


def events_of_client(connection: Connection, site_id: str, client_id: str) -> Sequence[Row[Any]]:
    """Return all events of one client."""
    values = {"site_id": site_id, "client_id": client_id}
    return connection.execute(rows_query("history_of_client"), values).all()


def explained_entries(connection: Connection, site_id: str, client_id: str) -> list[tuple[datetime, int]]:
    """Return time and points of the client's entries that a person has acknowledged or resolved."""
    values = {"site_id": site_id, "client_id": client_id}
    rows = connection.execute(rows_query("explained_entries"), values)
    return [(row.action_at, row.points) for row in rows]
