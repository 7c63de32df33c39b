"""Make the engine of a ledger, and prepare each of its connections: what a claim needs, and who may write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from flows.ledger.address import database_address, no_address
from flows.ledger.file_there import LedgerFile
from flows.runtime.errors import LedgerUnavailable, SettingsError

ONLY_READS: Final = "tieout_only_reads"
# Registering a million events writes to the middle of every index; with SQLite's own 2 MB it takes twice as long.
_CACHE_KIB = 64 * 1024
# A desk has a connection for each of many pages at once, and none of them registers a million.
_SMALL_CACHE_KIB = 4 * 1024
# The pages that posting touches are copied from the log to the file once in 32 MB, not in 4: a third less writing.
_CHECKPOINT_PAGES = 8000
_OLDEST_SQLITE = (3, 38)  # the named queries take JSON apart with ->>


def make_engine(address: str, patience_seconds: float) -> Engine:
    """Make the engine of an address, and the folder of a SQLite file; wait so long where another one holds the file.

    `SettingsError` where it is no address, or of another database.
    """
    engine = _create_engine(address, patience_seconds)
    if engine.dialect.driver not in ("pysqlite", "psycopg"):
        raise SettingsError(
            "database_url: the ledger lives in SQLite (sqlite:///) or PostgreSQL (postgresql+psycopg://)."
        )
    if engine.dialect.name == "sqlite":
        _check_sqlite()
    return engine


def prepare(engine: Engine) -> LedgerFile | None:
    """Prepare each connection that is made; return what watches over the file of SQLite, None for a server."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _refuse_other_encodings)
        return None
    file = LedgerFile(Path(engine.url.database or ""))
    event.listen(engine, "do_connect", lambda *_: file.before_connect())
    event.listen(engine, "connect", lambda *_: file.after_connect())
    event.listen(engine, "close", lambda *_: file.after_close())
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return file


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise SettingsError(
            f"This Python has SQLite {sqlite3.sqlite_version}, and the ledger needs 3.38 or later: use another "
            "Python, or PostgreSQL by database_url."
        )


def _create_engine(address: str, patience_seconds: float) -> Engine:
    """Make the engine, and the folder of a SQLite file; what is wrong with the address is told in one line."""
    try:
        url = database_address(address)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # Without the values that a failed statement had: they are people's rows, and no part of a line.
        return create_engine(url, hide_parameters=True, **_engine_options(url.get_backend_name(), patience_seconds))
    except (ArgumentError, NoSuchModuleError):
        raise no_address() from None
    except ModuleNotFoundError:
        raise SettingsError('database_url needs a driver: install "tieout[postgres]".') from None
    except OSError as error:
        raise LedgerUnavailable(f"The ledger's folder cannot be made: {error}.") from None


def _engine_options(backend: str, patience_seconds: float) -> dict[str, object]:
    if backend == "sqlite":
        return {"connect_args": {"timeout": patience_seconds, "check_same_thread": False}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10, "client_encoding": "UTF8"}}


def _refuse_other_encodings(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A name with an accent would be kept as something else, or stop the night that meets it first.
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise LedgerUnavailable(
            f"The ledger's database is {encoding} and not UTF8: make a new one (createdb --encoding=UTF8 "
            "--template=template0) and mend the name at the end of database_url."
        )


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # _begin_immediate begins, not the driver
    cursor = connection.cursor()
    # WAL lets a report read while a run writes.
    cursor.execute("PRAGMA journal_mode = WAL")
    # A claim must survive a power cut: with NORMAL, which is faster, the commit before a request could be lost while
    # the request itself had left.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    cursor.close()


def keep_caches_small(engine: Engine) -> None:
    """Let each connection from now on remember less of a file, for a process that has many at once."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _with_small_cache)
        engine.dispose()  # those of before remember as much as they did


def _with_small_cache(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA cache_size = -{_SMALL_CACHE_KIB}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later could find the file changed in between, and fail half way.
    only_reads = connection.get_execution_options().get(ONLY_READS, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


@contextmanager
def refusing_writes(connection: Connection, *, is_sqlite: bool) -> Iterator[None]:
    """Let SQLite refuse to write by this connection, which is another's afterwards."""
    if not is_sqlite:
        yield
        return
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - it is connected
    raw.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        raw.execute("PRAGMA query_only = OFF")
