"""Events under watch: of which two or more requests may have left, so that a late one may still take effect.

What puts an event under watch is a trigger on attempts: no path of sending can forget it. What ends the watch is a
reading that began after the grace time. Times are UTC.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query
from sql.read_back import ClientSpan, spans


def watched_clients(connection: Connection) -> list[ClientSpan]:
    """Return the clients with events under watch, the longest watched first, with the times that those span."""
    return spans(connection.execute(rows_query("watched_clients")))


def watched_events(connection: Connection) -> Sequence[Row[Any]]:
    """Return the events under watch, the longest watched first, with how many requests of each may have left."""
    return connection.execute(rows_query("watched_events")).all()


def posted_since(connection: Connection, since_at: datetime) -> Sequence[Row[Any]]:
    """Return the posted events of Mindbody that runs answer for which started at `since_at` or later.

    Grain: one row per event: site_id, client_id, action_at, state_at, compared_at.
    """
    return connection.execute(rows_query("posted_since"), {"since_at": since_at}).all()


def end_watch_of_client(
    connection: Connection,
    site_id: str,
    client_id: str,
    *,
    since_at: datetime,
    until_at: datetime,
    read_at: datetime,
    due_at: datetime,
) -> None:
    """End the watch of the client's events in that time whose last request left at `due_at` or before.

    `read_at` is when the reading began that looked at them.
    """
    # Only what had left by then: a request that was sent again since may still be on its way, and its watch goes on.
    values = {
        "site_id": site_id,
        "client_id": client_id,
        "since_at": since_at,
        "until_at": until_at,
        "read_at": read_at,
        "due_at": due_at,
    }
    connection.execute(query("end_watch_of_client"), values)


def end_watch_of_rewards(connection: Connection, *, read_at: datetime, due_at: datetime) -> None:
    """End the watch of all updates whose last request left at `due_at` or before."""
    connection.execute(query("end_watch_of_rewards"), {"read_at": read_at, "due_at": due_at})
