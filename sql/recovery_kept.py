"""What a snapshot keeps for a recovery. Times are aware UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Result

from sql.queries import rows_query


def kept_events(connection: Connection, run_id: str, since_at: datetime) -> Result[Any]:
    """Return the run's events that are still to be sent, and what was discarded since."""
    return connection.execute(rows_query("kept_events"), {"run_id": run_id, "since_at": since_at})


def kept_files(connection: Connection, since_at: datetime) -> Result[Any]:
    """Return the files that were registered since."""
    return connection.execute(rows_query("kept_files"), {"since_at": since_at})


def kept_reversals(connection: Connection, since_at: datetime) -> Result[Any]:
    """Return the entries that take others back, held ones and those that moved since."""
    return connection.execute(rows_query("kept_reversals"), {"since_at": since_at})
