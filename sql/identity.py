"""Who a ledger is and how far it has come: what a marker outside it remembers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from sql.queries import query, rows_query
from sql.tables.runs import run_numbers


@dataclass(frozen=True)
class Position:
    """How far a ledger has come; each number only ever grows, and is committed before anything follows from it."""

    ledger_id: str
    run_number: int  # of the latest run, 0 before the first
    run_id: str | None
    started_at: datetime | None  # of that run
    file_id: int  # of the last file that was registered, 0 before the first
    attempt_id: int  # of the last claim, 0 before the first
    is_from_before: bool  # no run of it was ever counted by a version that keeps markers

    @property
    def is_empty(self) -> bool:
        """Whether no run was ever begun in it."""
        return self.run_number == 0


def number_run(connection: Connection, run_id: str, now: datetime) -> None:
    """Give the run the next number, in the transaction that opens it."""
    connection.execute(insert(run_numbers).values(run_id=run_id, numbered_at=now))


def ledger_position(connection: Connection) -> Position:
    """Return who the ledger is and how far it has come."""
    row = connection.execute(rows_query("ledger_position")).one()
    return Position(
        ledger_id=row.ledger_id,
        run_number=row.run_number,
        run_id=row.run_id,
        started_at=row.started_at,
        file_id=row.file_id,
        attempt_id=row.attempt_id,
        is_from_before=not row.counted,
    )


def run_of_number(connection: Connection, number: int) -> str | None:
    """Return the id of the run with this number; None where the ledger has none."""
    found: str | None = connection.execute(query("run_of_number"), {"number": number}).scalar()
    return found


def knows_run(connection: Connection, run_id: str) -> bool:
    """Return whether a run of this id was ever begun in the ledger."""
    return connection.execute(query("known_run"), {"run_id": run_id}).first() is not None
