"""The balances that the ledger knows of its clients, and what has moved them since. Points are whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.given import given_clients
from sql.queries import query, rows_query
from sql.sums import summed


def is_moving(connection: Connection, site_id: str, client_id: str, reading_at: datetime) -> bool:
    """Return whether something of the client is in doubt, or was posted since `reading_at`."""
    values = {"site_id": site_id, "client_id": client_id, "reading_at": reading_at}
    return bool(connection.execute(query("moving_count"), values).scalar_one())


@dataclass(frozen=True)
class KnownBalance:
    """The balance that was last read without a doubt, and the points that were posted since."""

    balance: int
    read_at: datetime
    earned: int
    redeemed: int


def balance_known(connection: Connection, site_id: str, client_id: str) -> KnownBalance | None:
    """Return the balance that was last read without a doubt, and what was posted since; None before the first."""
    client = {"site_id": site_id, "client_id": client_id}
    row = connection.execute(rows_query("balance_known"), client).mappings().one_or_none()
    if row is None:
        return None
    return KnownBalance(row["balance"], row["read_at"], summed(row, "earned"), summed(row, "redeemed"))


def first_balances(connection: Connection, site_id: str, client_id: str) -> Sequence[Row[Any]]:
    """Return the client's posted events, oldest first, with the balance that each answer told."""
    return connection.execute(rows_query("first_balances"), {"site_id": site_id, "client_id": client_id}).all()


def breaks_of_clients(connection: Connection, clients: Iterable[tuple[str, str]]) -> Sequence[Row[Any]]:
    """Return the breaks about these clients (site and client) that are not closed, with when they were opened."""
    return connection.execute(rows_query("breaks_of_clients"), {"given": given_clients(clients)}).all()


def keep_balances(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Let later readings start from these: site_id, client_id, balance, read_at, run_id of each."""
    if rows:
        connection.execute(query("keep_balance"), rows)
