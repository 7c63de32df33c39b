"""What has become of the rows of a file, for the pages of the desk: counted, listed in parts, or looked up by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query
from sql.sums import summed
from transforms.vocabulary import State


def file_of(connection: Connection, sha256: str, default_site_id: str) -> Row[Any] | None:
    """Return what was registered with this content, None where nothing was."""
    values = {"sha256": sha256, "default_site_id": default_site_id}
    return connection.execute(rows_query("desk_file"), values).one_or_none()


@dataclass(frozen=True)
class Part:
    """Which of many rows: the first so many after those that are skipped."""

    most: int
    skipped: int = 0


# More than a file can have, and a number that both databases take.
ALL_ROWS = Part(2**62)


def rows_of(connection: Connection, file_id: int, tab: str = "all", part: Part = ALL_ROWS) -> Sequence[Row[Any]]:
    """Return a row per event that the file brought, with where it stands, in its order.

    ``tab``: a state, of which what was turned down and came corrected since is "changed", or "all".
    """
    return _part_of(connection, "desk_rows_of_file", part, file_id=file_id, tab=tab)


def known_rows_of(connection: Connection, file_id: int, part: Part = ALL_ROWS) -> Sequence[Row[Any]]:
    """Return a row per row of the file that was known, with the event that it brought again."""
    return _part_of(connection, "desk_known_rows_of_file", part, file_id=file_id)


def bad_cells_of(connection: Connection, file_id: int, part: Part = ALL_ROWS) -> Sequence[Row[Any]]:
    """Return a row per wrong cell of the file."""
    return _part_of(connection, "desk_bad_cells_of_file", part, file_id=file_id)


def _part_of(connection: Connection, name: str, part: Part, **values: Any) -> Sequence[Row[Any]]:
    shown = {"most": part.most, "skipped": part.skipped}
    return connection.execute(rows_query(name), values | shown).all()


def count_bad_cells(connection: Connection, file_id: int) -> int:
    """Count the wrong cells of the file."""
    return int(connection.execute(query("count_bad_cells_of_file"), {"file_id": file_id}).scalar_one())


def states_of(connection: Connection, file_id: int) -> Mapping[State, int]:
    """Count what the file brought by where it stands."""
    counts: dict[State, int] = {}
    for (state, _), count in became_of(connection, file_id).items():
        counts[state] = counts.get(state, 0) + count
    return counts


def became_of(connection: Connection, file_id: int) -> Mapping[tuple[State, str], int]:
    """Count what the file brought by where it stands, and what has become of that: "taken back", "changed" or ""."""
    rows = connection.execute(query("desk_states_of_file"), {"file_id": file_id})
    return {(State(row.state), str(row.since)): int(row.events_count) for row in rows}


def behind_doubt(connection: Connection, file_id: int) -> int:
    """Count what the file brought and waits only for one of the same client, or reward, that is not sure yet."""
    return int(connection.execute(query("desk_behind_doubt"), {"file_id": file_id}).scalar_one())


def row_of_event(connection: Connection, event_id: str) -> Row[Any] | None:
    """Return an event as `rows_of` has it, None where there is none of this id."""
    return connection.execute(rows_query("desk_row_of_event"), {"event_id": event_id}).one_or_none()


def file_by_id(connection: Connection, file_id: int) -> Row[Any]:
    """Return a file that is registered."""
    return connection.execute(rows_query("desk_file_by_id"), {"file_id": file_id}).one()


@dataclass(frozen=True)
class ClientAhead:
    """What a file brings of one client, and what the ledger knows of them."""

    site_id: str
    client_id: str
    earned: int
    redeemed: int
    is_known: bool  # something of them was accepted before
    balance: int | None  # as it was last read, and with what was posted since; None: never read
    read_at: datetime | None


def clients_ahead(connection: Connection, file_id: int) -> list[ClientAhead]:
    """Return the clients of whom the file brings something new, by site and id."""
    rows = connection.execute(rows_query("desk_clients_of_file"), {"file_id": file_id}).mappings()
    return [_client_ahead(row) for row in rows]


def _client_ahead(row: Mapping[Any, Any]) -> ClientAhead:
    # The balance is as old as its reading: what we posted after it counts, too.
    since = 0 if row["since_rest"] is None else summed(row, "since")
    return ClientAhead(
        site_id=row["site_id"],
        client_id=row["client_id"],
        earned=summed(row, "earned"),
        redeemed=summed(row, "redeemed"),
        is_known=bool(row["is_known"]),
        balance=None if row["balance"] is None else int(row["balance"]) + since,
        read_at=row["read_at"],
    )


def sheets_stamp(connection: Connection) -> tuple[int | None, ...]:
    """Return what is another one as soon as anything was registered, has moved or was decided."""
    row = connection.execute(query("desk_ledger_stamp")).one()
    return (row.file_id, row.transition_id, row.decision_id)
