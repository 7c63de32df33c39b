"""What the ledger knows of an event, a difference, a reward or a client, for whoever tells its story.

Times are UTC, oldest first. What a row of a file brought is found by `sql.file_rows`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query
from transforms.destinations import lane_of_client, lane_of_reward


def find_event(connection: Connection, event_id: str) -> Row[Any] | None:
    """Return the event with the file that brought it; None where there is none of that id."""
    return connection.execute(rows_query("trace_event"), {"event_id": event_id}).one_or_none()


def transitions_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return every change of state, with its reason."""
    return _of_event(connection, "trace_transitions", event_id)


def answers_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return how every attempt ended."""
    return _of_event(connection, "trace_answers", event_id)


def settlements_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return every reading back of it, and what a person ruled, with the evidence as JSON."""
    return _of_event(connection, "trace_settlements", event_id)


def reversals_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return what takes it back, and what it takes back itself."""
    return _of_event(connection, "trace_reversals", event_id)


def breaks_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return the breaks about it, closed ones too."""
    return _of_event(connection, "trace_breaks", event_id)


def corrections_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return whose row corrected its row, and whose row it corrects."""
    return _of_event(connection, "trace_corrections", event_id)


def _of_event(connection: Connection, name: str, event_id: str) -> Sequence[Row[Any]]:
    return connection.execute(rows_query(name), {"event_id": event_id}).all()


def find_break(connection: Connection, break_id: str) -> Row[Any] | None:
    """Return the break; None where there is none of that id."""
    return connection.execute(rows_query("trace_break"), {"break_id": break_id}).one_or_none()


def moves_of_break(connection: Connection, break_id: str) -> Sequence[Row[Any]]:
    """Return every time the break came to the open ones, or left them."""
    return connection.execute(rows_query("trace_moves"), {"break_id": break_id}).all()


def parts_of_break(connection: Connection, break_id: str) -> Sequence[Row[Any]]:
    """Return which entries explain the break about a balance, or which one the entry explains."""
    return connection.execute(rows_query("trace_parts"), {"break_id": break_id}).all()


def events_of_reward(connection: Connection, reward_id: str) -> Sequence[Row[Any]]:
    """Return the updates of a reward by its id in lower case, oldest first."""
    return _of_lane(connection, lane_of_reward(reward_id))


def events_of_client_at(connection: Connection, site_id: str, client_id: str) -> Sequence[Row[Any]]:
    """Return the events of a client of a site, in the order in which they are sent."""
    return _of_lane(connection, lane_of_client(site_id, client_id))


def _of_lane(connection: Connection, lane: str) -> Sequence[Row[Any]]:
    return connection.execute(rows_query("trace_lane"), {"lane": lane}).all()


def open_breaks_of_client(connection: Connection, site_id: str, client_id: str) -> Sequence[Row[Any]]:
    """Return the open breaks of a client of a site, oldest first."""
    values = {"site_id": site_id, "client_id": client_id}
    return connection.execute(rows_query("trace_client_breaks"), values).all()


def sites_of_client(connection: Connection, client_id: str, also: Iterable[str] = ()) -> list[str]:
    """Return the sites of which the ledger knows something of the client; `also` sites that it may not know."""
    known = connection.execute(query("trace_sites")).scalars()
    return [
        site_id
        for site_id in sorted({*known, *also})
        if events_of_client_at(connection, site_id, client_id) or open_breaks_of_client(connection, site_id, client_id)
    ]


def breaks_of_client_at(connection: Connection, site_id: str, client_id: str) -> Sequence[Row[Any]]:
    """Return every break of a client of a site, closed ones too, oldest first; until_at: when a balance was off."""
    values = {"site_id": site_id, "client_id": client_id}
    return connection.execute(rows_query("breaks_of_client_at"), values).all()


def told_balances(connection: Connection, site_id: str, client_id: str) -> dict[str, int]:
    """Return by event the balance that its answer told."""
    lane = lane_of_client(site_id, client_id)
    rows = connection.execute(rows_query("told_balances"), {"lane": lane})
    return {row.event_id: row.balance for row in rows}
