"""Remember where the snapshot of a run lies, and its hash, by which a changed one shows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from sql.tables.runs import snapshots


def record_snapshot(
    connection: Connection,
    run_id: str,
    *,
    taken_at: datetime,
    name: str,
    sha256: str,
    size_bytes: int,
    last_decision_id: int,
) -> None:
    """Keep the name and the hash of a run's snapshot, and the last decision that it tells; a run has one."""
    kept = {
        "run_id": run_id,
        "taken_at": taken_at,
        "name": name,
        "sha256": sha256,
        "size_bytes": size_bytes,
        "last_decision_id": last_decision_id,
    }
    connection.execute(insert(snapshots).values(kept))


def last_told_decision_id(connection: Connection) -> int:
    """Return the last decision that any report has told; 0 where none told one."""
    # Decisions take the ledger's turn, so their ids come in the order in which they are kept: none is passed over.
    told = select(func.coalesce(func.max(snapshots.c.last_decision_id), 0))
    return int(connection.execute(told).scalar_one())


def find_snapshot(connection: Connection, run_id: str) -> Row[Any] | None:
    """Return the snapshot of the run; None where none was kept."""
    return connection.execute(select(snapshots).where(snapshots.c.run_id == run_id)).one_or_none()


def last_snapshot(connection: Connection) -> Row[Any] | None:
    """Return the snapshot that was taken last; None where none was kept."""
    latest_first = select(snapshots).order_by(snapshots.c.taken_at.desc(), snapshots.c.run_id.desc())
    return connection.execute(latest_first.limit(1)).one_or_none()


def known_snapshots(connection: Connection) -> set[str]:
    """Return the names of the files of all snapshots that the ledger knows."""
    return set(connection.execute(select(snapshots.c.name)).scalars())
