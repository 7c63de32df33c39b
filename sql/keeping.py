"""What the ledger says of the things that runs left behind: since when, and whether anything of them is open."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import rows_query


@dataclass(frozen=True)
class KnownToCopy:
    """What a copy of the ledger knows."""

    files: frozenset[str]  # by sha256
    snapshots: frozenset[str]  # by name


def known_to_copy(copy: sqlite3.Connection) -> KnownToCopy:
    """Return what a copy knows, of whatever version it is; sqlite3.Error where it cannot be read."""
    hashes = [sha256 for (sha256,) in copy.execute("SELECT sha256 FROM files")]
    names = [name for (name,) in copy.execute("SELECT name FROM snapshots")]
    return KnownToCopy(frozenset(hashes), frozenset(names))


def run_as_kept(connection: Connection, run_id: str) -> Row[Any] | None:
    """Return finished_at, has_open_event and has_open_break of a run that is over; None where there is none."""
    return connection.execute(rows_query("run_is_kept"), {"run_id": run_id}).one_or_none()


def files_as_kept(connection: Connection, sha256: str) -> Sequence[Row[Any]]:
    """Return registered_at, has_open_event and has_open_break of each file with this content, one per site."""
    return connection.execute(rows_query("file_is_kept"), {"sha256": sha256}).all()
