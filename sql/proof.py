"""What the ledger knows of a client's balance: its last reading, the requests since, and how often chains were right.

Points are whole, times UTC.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.queries import query, rows_query
from sql.read_back import ClientSpan, spans
from sql.tables.balances import balance_readings
from transforms.destinations import lane_of_client

Client = tuple[str, str]  # site and client id


def clients_facts(connection: Connection, clients: Iterable[Client]) -> Sequence[Row[Any]]:
    """Return what is known of each client.

    Grain: one row per client: lane, site_id, client_id; of the latest reading is_base, balance, read_at and
    last_attempt_id, all null before the first; is_doubtful, is_watched, has_break; unread_count and waits_since_at, of
    what was posted and no reading has compared.
    """
    return connection.execute(rows_query("clients_facts"), {"given": _by_lane(clients)}).all()


def clients_to_post(connection: Connection) -> list[ClientSpan]:
    """Return the clients with events that are sent next, or in doubt."""
    return spans(connection.execute(rows_query("clients_to_post")))


def chain_links(connection: Connection, last_attempts: Mapping[str, int]) -> Sequence[Row[Any]]:
    """Return the requests since then that may have reached the service, by lane the last attempt before.

    Grain: one row per attempt, in order: lane, attempt_id, event_id, action, points, verdict, is_echo, balance,
    answered_at (null where no answer is recorded), is_unread.
    """
    lanes = {lane: {"last_attempt_id": attempt_id} for lane, attempt_id in last_attempts.items()}
    return connection.execute(rows_query("chain_links"), {"given": json.dumps(lanes)}).all()


def last_attempts(connection: Connection, clients: Iterable[Client]) -> dict[str, int]:
    """Return by lane the last request that was claimed for each client, 0 where there was none."""
    rows = connection.execute(rows_query("last_attempts"), {"given": _by_lane(clients)})
    return {row.lane: row.last_attempt_id or 0 for row in rows}


def agreed_count(connection: Connection, site_id: str, enough: int) -> int:
    """Return how many chains of the site agreed with a reading since the last that did not, up to ``enough``."""
    values = {"site_id": site_id, "most": enough}
    return int(connection.execute(query("agreed_count"), values).scalar_one())


def keep_readings(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was read of clients: the columns of `sql.tables.balances` but for its id."""
    if rows:
        connection.execute(insert(balance_readings), [dict(row) for row in rows])


def _by_lane(clients: Iterable[Client]) -> str:
    # Facts are asked for by lane, which is what attempts and events are indexed by; site and client go along for the
    # answer.
    whose = {lane_of_client(*client): {"site_id": client[0], "client_id": client[1]} for client in clients}
    return json.dumps(whose)
