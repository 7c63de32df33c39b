"""What a monitor wants to know of a ledger: the last run of each kind, how old what waits is. Times are aware UTC."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import rows_query


def oldest_open(connection: Connection) -> Row[Any]:
    """Return pending_since_at and unknown_since_at, each None where nothing waits."""
    return connection.execute(rows_query("oldest_open")).one()


def last_ended_runs(connection: Connection) -> Sequence[Row[Any]]:
    """Return kind, run_id, started_at, finished_at, failure and summary of the last run of each kind that ended."""
    return connection.execute(rows_query("last_ended_runs")).all()


def ledger_stamp(connection: Connection) -> Row[Any]:
    """Return what differs as soon as anything does that a report of a period is made of; see the query."""
    return connection.execute(rows_query("ledger_stamp")).one()
