"""What the ledger holds of a period: events, rows, differences, and what clients' balances came from.

Times are aware UTC, amounts decimals as text, points whole.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Result, Row

from sql.given import given_ids
from sql.queries import query, rows_query
from sql.sums import told


@dataclass(frozen=True)
class Span:
    """A period in moments; each end is past by a day where sites lie in several zones, and the caller cuts it."""

    since_at: datetime  # of actions
    until_at: datetime  # of actions, not within
    taken_since_at: datetime  # of what tells no time: when it was taken in
    taken_until_at: datetime  # not within


def events_of_period(connection: Connection, span: Span) -> Result[Any]:
    """Return the events of a period, whatever has become of them, with their places in the sheets."""
    return connection.execute(rows_query("events_of_period"), asdict(span))


def duplicates_of_period(connection: Connection, span: Span) -> dict[str, int]:
    """Return how many rows have brought each event of the period again."""
    rows = connection.execute(query("duplicates_of_period"), asdict(span))
    return {row.event_id: int(row.times_count) for row in rows}


def rejected_of_period(connection: Connection, span: Span) -> Iterator[Mapping[str, Any]]:
    """Give what the bad rows of the files of a period came to: file_id, kind, site_id, row_count, points, amount."""
    values = {"taken_since_at": span.taken_since_at, "taken_until_at": span.taken_until_at}
    rows = connection.execute(rows_query("rejected_of_period"), values)
    for row in rows.mappings():
        yield {**row, "points": told(row), "amount": Decimal(row["amount"])}


def rejected_cells(connection: Connection, file_ids: Iterable[int]) -> Sequence[Row[Any]]:
    """Return the wrong cells of these files, each with its file, sheet, row, column, value and what is wrong."""
    given = given_ids(str(file_id) for file_id in file_ids)
    return connection.execute(rows_query("rejected_cells"), {"given": given}).all()


def breaks_with_days(connection: Connection) -> Sequence[Row[Any]]:
    """Return every break with the moment that it is about (about_at, registered_at or until_at) and its end."""
    return connection.execute(rows_query("breaks_with_days")).all()


def base_readings(connection: Connection, clients: Mapping[str, tuple[str, str]]) -> Sequence[Row[Any]]:
    """Return the readings of clients (by lane site and client) that answers can be reckoned from, in order."""
    return connection.execute(rows_query("base_readings"), {"given": _whose(clients)}).all()


def posted_after(connection: Connection, after: Mapping[str, int]) -> Sequence[Row[Any]]:
    """Return by lane what was posted after an attempt, in order, with the balance that each answer told."""
    lanes = {lane: {"after_id": attempt_id} for lane, attempt_id in after.items()}
    return connection.execute(rows_query("posted_after"), {"given": json.dumps(lanes)}).all()


def gaps_and_parts(connection: Connection, clients: Mapping[str, tuple[str, str]]) -> Sequence[Row[Any]]:
    """Return the breaks that say why balances of these clients moved."""
    return connection.execute(rows_query("gaps_and_parts"), {"given": _whose(clients)}).all()


def _whose(clients: Mapping[str, tuple[str, str]]) -> str:
    whose = {lane: {"site_id": site_id, "client_id": client_id} for lane, (site_id, client_id) in clients.items()}
    return json.dumps(whose)
