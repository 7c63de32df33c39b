"""Ask the database about itself: its clock, and whether it may be written to. Nothing is changed."""

from datetime import datetime

from sqlalchemy import Connection, text


def is_shared(connection: Connection) -> bool:
    """Return whether the ledger is a server that several machines may use, with a clock of its own."""
    return connection.dialect.name == "postgresql"


def database_clock(connection: Connection) -> datetime | None:
    """Return the server's time, aware; None where the database is a file of this machine."""
    if not is_shared(connection):
        return None
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now


def is_read_only(connection: Connection) -> bool:
    """Return whether the server lets nobody write, as a standby does."""
    if not is_shared(connection):
        return False
    return bool(connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on")


def probe_writing(connection: Connection) -> None:
    """Write nothing; the driver's error comes out where writing is not allowed."""
    connection.execute(text("UPDATE runs SET kind = kind WHERE 1 = 0"))
