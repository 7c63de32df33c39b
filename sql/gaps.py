"""Breaks about balances, and the entries that explain them. Points are whole and signed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.given import given_clients
from sql.queries import query, rows_query


def gaps_of_clients(connection: Connection, clients: Iterable[tuple[str, str]]) -> Sequence[Row[Any]]:
    """Return the breaks about balances of these clients (site and client) of which something is left, oldest first."""
    return connection.execute(rows_query("gaps_of_clients"), {"given": given_clients(clients)}).all()


def latest_known(connection: Connection, site_id: str, client_id: str, until_at: datetime) -> datetime | None:
    """Return the latest time of an event of the client that was posted until then; None where there is none."""
    values = {"site_id": site_id, "client_id": client_id, "until_at": until_at}
    known_at: datetime | None = connection.execute(rows_query("latest_known"), values).scalar_one()
    return known_at


def parts_of_gap(connection: Connection, gap_id: str) -> list[str]:
    """Return the breaks of the entries that explain a break about a balance."""
    return list(connection.execute(query("parts_of_gap"), {"gap_id": gap_id}).scalars())


def keep_gaps(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep how balances moved: break_id, more, since_at, until_at, known_from_at, known_to_at of each."""
    if rows:
        connection.execute(query("keep_gap"), list(rows))


def keep_parts(connection: Connection, rows: Sequence[Mapping[str, Any]], *, run_id: str, now: datetime) -> None:
    """Keep which entries explain which balances: break_id, gap_id (None: of the reading itself) and more of each."""
    if rows:
        connection.execute(query("keep_part"), [{**row, "run_id": run_id, "now": now} for row in rows])
