"""Keep breaks from night to night: a break opens once, keeps its id, and closes by itself when it is gone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, reading

_STORED = (
    "break_id", "class", "target", "site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id",
)  # fmt: skip


def open_breaks(connection: Connection) -> Sequence[Row[Any]]:
    """Return every break that is neither closed nor resolved, oldest first."""
    return connection.execute(reading("open_breaks")).all()


def update_breaks(
    connection: Connection,
    found: Sequence[Mapping[str, Any]],
    gone: Sequence[str],
    *,
    run_id: str,
    opened_on: date,
) -> None:
    """Open or keep what was found, and close what a reading of the same place no longer shows."""
    if found:
        rows = [{key: row[key] for key in _STORED} | {"run_id": run_id, "opened_on": opened_on} for row in found]
        connection.execute(query("open_break"), rows)
    if gone:
        connection.execute(query("close_break"), [{"break_id": break_id, "run_id": run_id} for break_id in gone])
