"""Load the rows of one file into a temporary table, without an object or a statement per row.

Grain: one row per good row of the file. The rows come as columns, so that a million of them cost a `zip`; SQLite
takes them by its driver's ``executemany``, PostgreSQL by COPY. The table is gone when the transaction ends.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, String, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable, DropTable

from sql.tables import UtcDateTime
from sql.tables.events import events

# Column by column, all of the same length: text, int, bool, date, datetime in UTC, or None.
Columns = Mapping[str, Sequence[Any]]

_OF_EVENTS = (
    "event_id", "kind", "target", "site_id", "lane", "content_key", "occurrence", "client_id", "action", "points",
    "source", "source_id", "action_at", "is_dated", "reward_id", "payout_id", "amount", "eligibility_on",
    "description", "ordinal", "sheet", "row_number", "fingerprint",
    "action_fraction", "order_at",
)  # fmt: skip
STAGED_COLUMNS = (*_OF_EVENTS, "receipt", "staff")

_staged = Table(
    "staged_events",
    MetaData(),
    # What registering finds out about a row stands first, where SQLite reads it without unpacking the rest.
    Column("fate", String),  # null: new, and nothing speaks against it
    Column("known_event_id", String),
    Column("reason", String),
    Column("held_for", String),  # null: held for a reason of its own, or not held (`HeldFor`)
    Column("by_receipt", Boolean),  # known by the receipt that it bears; null: not
    *(Column(name, events.c[name].type) for name in _OF_EVENTS),
    Column("receipt", String),
    Column("staff", String),
    prefixes=["TEMPORARY"],
)


def stage(connection: Connection, chunks: Iterable[Columns]) -> None:
    """Make the temporary table ``staged_events`` and fill it; only one chunk at a time is held in memory."""
    connection.execute(CreateTable(_staged))
    if connection.dialect.name == "postgresql":
        _copy(connection, chunks)
        connection.exec_driver_sql("ANALYZE staged_events")  # without it the joins below are planned for a few rows
        return
    for chunk in chunks:
        names = _filled(chunk)
        statement = f"INSERT INTO staged_events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        connection.exec_driver_sql(statement, list(_tuples(connection, chunk, names)))


def index_places(connection: Connection) -> None:
    """Let rows be found by their place in the file, where many of them are given a word each."""
    connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS staged_places ON staged_events (ordinal)")


def unstage(connection: Connection) -> None:
    """Drop the temporary table."""
    connection.execute(DropTable(_staged))


def _copy(connection: Connection, chunks: Iterable[Columns]) -> None:
    driver = connection.dialect.loaded_dbapi
    for chunk in chunks:
        names = _filled(chunk)
        statement = f"COPY staged_events ({', '.join(names)}) FROM STDIN"
        try:
            with connection.connection.cursor().copy(statement) as copy:
                for row in _tuples(connection, chunk, names):
                    copy.write_row(row)
        except driver.Error as error:  # as SQLAlchemy words the errors of every other statement
            raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def _filled(chunk: Columns) -> list[str]:
    """Name the columns that hold anything: what the others cost is a quarter of the time."""
    return [name for name in STAGED_COLUMNS if chunk[name].count(None) < len(chunk[name])]


def _tuples(connection: Connection, chunk: Columns, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(_bound(connection, name, chunk[name]) for name in names), strict=True)


def _bound(connection: Connection, name: str, values: Sequence[Any]) -> Iterable[Any]:
    """Turn a column's values into what the driver stores, as SQLAlchemy would; most are stored as they are."""
    type_ = _staged.c[name].type
    if isinstance(type_, UtcDateTime) and connection.dialect.name == "sqlite":
        # The same text as SQLAlchemy's, in half the time: it is a tenth of what a million rows take.
        return [None if at is None else at.isoformat(" ", "microseconds").removesuffix("+00:00") for at in values]
    if isinstance(type_, Boolean):
        # SQLAlchemy asks of each flag whether it is one.
        return values if connection.dialect.name == "postgresql" else map(int, values)
    to_driver = type_.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return values if to_driver is None else map(to_driver, values)
