"""Which clients and rewards to read back, and what the ledger has of them to compare. Times are UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query


@dataclass(frozen=True)
class ClientSpan:
    """A client of a site, and the times that its events span."""

    site_id: str
    client_id: str
    first_at: datetime
    last_at: datetime


def clients_of_run(connection: Connection, run_id: str) -> list[ClientSpan]:
    """Return the clients with events that the run answers for."""
    return spans(connection.execute(rows_query("clients_of_run"), {"run_id": run_id}))


def clients_not_compared(connection: Connection) -> list[ClientSpan]:
    """Return the clients with posted events that no reading has compared yet."""
    return spans(connection.execute(rows_query("clients_not_compared")))


def unread_of_site(connection: Connection, site_id: str) -> list[str]:
    """Return the posted events of a site that no reading has compared yet; of Referral Rock for the site ""."""
    return list(connection.execute(query("unread_of_site"), {"site_id": site_id}).scalars())


def clients_of_period(connection: Connection, since_at: datetime, until_at: datetime) -> list[ClientSpan]:
    """Return the clients with events from `since_at` to before `until_at`."""
    return spans(connection.execute(rows_query("clients_of_period"), {"since_at": since_at, "until_at": until_at}))


def spans(rows: Iterable[Row[Any]]) -> list[ClientSpan]:
    """Return the rows of a query of clients as spans, in their order."""
    return [ClientSpan(row.site_id, row.client_id, row.first_at, row.last_at) for row in rows]


def events_of_client(
    connection: Connection, site_id: str, client_id: str, since_at: datetime, until_at: datetime
) -> list[dict[str, Any]]:
    """Return the client's events that the service was told of, from `since_at` to before `until_at`."""
    values = {
        "site_id": site_id,
        "client_id": client_id,
        "since_at": since_at,
        "until_at": until_at,
    }
    rows = connection.execute(rows_query("events_of_client"), values)
    return [dict(row) for row in rows.mappings()]


def last_updates(connection: Connection) -> list[dict[str, Any]]:
    """Return each reward's last update that took effect, and those in doubt or refused."""
    return [dict(row) for row in connection.execute(rows_query("last_updates")).mappings()]


def events_posted(connection: Connection, lane: str, since_at: datetime, until_at: datetime) -> Sequence[Row[Any]]:
    """Return what the ledger has of a client as posted, from `since_at` to before `until_at`."""
    values = {"lane": lane, "since_at": since_at, "until_at": until_at}
    return connection.execute(rows_query("events_posted"), values).all()
