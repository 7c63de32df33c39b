"""Let one transaction at a time decide what is new."""

from sqlalchemy import Connection, func, select

_DECIDING = 0x7469656F7574  # the number of the lock on PostgreSQL; anything that other programs do not take


def take_turn(connection: Connection) -> None:
    """Wait until no other transaction decides what is new; it holds until the caller's ends.

    Two processes that register overlapping files at once would otherwise not see each other's events. On SQLite every
    transaction waits for the one before it anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_DECIDING)))
