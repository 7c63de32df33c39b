"""Which service, by its address, the ledger's events are sent to; whoever changed that, and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.queries import query, rows_query
from sql.tables.runs import service_bindings
from transforms.vocabulary import Target


def binding_in_force(connection: Connection, target: Target) -> Row[Any] | None:
    """Return address, bound_at, bound_by and reason of the last binding; None where the service was never used."""
    return connection.execute(rows_query("binding_in_force"), {"target": target}).first()


def bind_service(connection: Connection, target: Target, address: str, *, by: str, reason: str, now: datetime) -> None:
    """Say that this address is the service that the ledger's events were, and are, sent to."""
    said = {"bound_at": now, "bound_by": by, "reason": reason}
    connection.execute(insert(service_bindings).values(target=target, address=address, **said))


def was_sent_to(connection: Connection, target: Target) -> bool:
    """Return whether anything was ever claimed to be sent to the service."""
    return connection.execute(query("claimed_for_target"), {"target": target}).first() is not None
