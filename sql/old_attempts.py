"""Attempts, answers and moves of events that are over for good: found, and let go once a file has them.

The file's name and hash stay in the ledger, chained; a trigger lets nothing be deleted that no file is named for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sql.chain import append_link, digest, find_broken_link
from sql.given import given_ids
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.tables.attempts import attempt_archives

_ANY = 2**31 - 1


@dataclass(frozen=True)
class KeptFile:
    """A file that holds attempts which are to leave the ledger."""

    name: str  # within the folder of old attempts
    sha256: str
    size_bytes: int


def old_attempts(connection: Connection, before_at: datetime, after_id: int, most: int) -> Sequence[Row[Any]]:
    """Return what is over for good and older, each with its answer: so many after this attempt, in their order."""
    values = {"before_at": before_at, "after_id": after_id, "most": most}
    return connection.execute(rows_query("old_attempts"), values).all()


def count_old(connection: Connection, before_at: datetime) -> tuple[int, datetime | None, datetime | None]:
    """Return how many that are, and when the first and the last of them were posted."""
    old = rows_query("old_attempts").subquery()
    state_at = old.c.state_at
    counted = select(func.count(), func.min(state_at), func.max(state_at))
    every_one = {"before_at": before_at, "after_id": 0, "most": _ANY}
    count, first_at, last_at = connection.execute(counted, every_one).one()
    return int(count), first_at, last_at


def moves_of(connection: Connection, event_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return every move of these events, in order."""
    given = {"given": given_ids(event_ids)}
    return connection.execute(rows_query("old_moves"), given).all()


def move_out(
    connection: Connection, rows: Sequence[Row[Any]], file: KeptFile, *, before_at: datetime, by: str, now: datetime
) -> None:
    """Write down that the file has these attempts, and delete them here, with their answers and moves."""
    take_turn(connection)
    kept = {
        "at": now,
        "actor": by,
        "before_at": before_at,
        "name": file.name,
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "attempts_count": len(rows),
        "first_attempt_id": rows[0].attempt_id,
        "last_attempt_id": rows[-1].attempt_id,
    }
    archive_id = append_link(connection, attempt_archives, kept, _archive_hash)
    given = json.dumps({row.event_id: {"attempt_id": row.attempt_id} for row in rows})
    connection.execute(query("mark_moved_out"), {"archive_id": archive_id, "given": given})
    # What refers to an attempt goes before it.
    for name in ("delete_moved_moves", "delete_moved_answers", "delete_moved_attempts", "end_moving_out"):
        connection.execute(query(name))


def archives_of_attempt(connection: Connection, attempt_id: int) -> Sequence[Row[Any]]:
    """Return name and sha256 of each file that may hold the attempt."""
    return connection.execute(rows_query("archives_of_attempt"), {"attempt_id": attempt_id}).all()


def all_archives(connection: Connection) -> Sequence[Row[Any]]:
    """Return every file that attempts were moved to, oldest first."""
    return connection.execute(select(attempt_archives).order_by(attempt_archives.c.archive_id)).all()


def changed_archive(connection: Connection) -> int | None:
    """Return the first record of a file that does not follow from the one before; None where all do."""
    return find_broken_link(connection, attempt_archives, _archive_hash)


_HASHED = (
    "actor", "name", "sha256", "size_bytes", "attempts_count", "first_attempt_id", "last_attempt_id",
)  # fmt: skip


def _archive_hash(previous: str, kept: Mapping[str, Any]) -> str:
    at = kept["at"].isoformat()
    before_at = kept["before_at"].isoformat()
    content = [kept[name] for name in _HASHED]
    return digest([previous, at, before_at, *content])
