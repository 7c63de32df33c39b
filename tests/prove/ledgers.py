"""Where a night's ledger lives: a file of its own, or a database of its own on a PostgreSQL server."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests.postgresql import PostgresqlServer

NewLedger = Callable[[Path, int], str]  # folder and number of a night -> database_url
_SQLITE = "sqlite:///"


def sqlite_ledgers(folder: Path) -> NewLedger:
    """Return what copies an empty ledger: its tables take longer to make than a night takes to post."""
    template = folder / "template.db"
    _make_tables(_SQLITE + str(template))

    def copy(night_folder: Path, _number: int) -> str:
        night_folder.mkdir(parents=True)
        return _SQLITE + str(shutil.copy(template, night_folder / "tieout.db"))

    return copy


def postgresql_ledgers(server: PostgresqlServer, name: str) -> NewLedger:
    """Return what makes databases `name` 1, 2, … from one with empty tables."""
    _execute(server, f"CREATE DATABASE {name}_template")
    _make_tables(server.url(f"{name}_template"))

    def copy(night_folder: Path, number: int) -> str:
        night_folder.mkdir(parents=True)
        _execute(server, f"CREATE DATABASE {name}{number} TEMPLATE {name}_template")
        return server.url(f"{name}{number}")

    return copy


def read_rows(database_url: str, sql: str) -> list[tuple[Any, ...]]:
    """Read the ledger past the product."""
    if database_url.startswith(_SQLITE):
        with closing(sqlite3.connect(database_url.removeprefix(_SQLITE))) as connection:
            return connection.execute(sql).fetchall()
    with psycopg.connect(database_url.replace("+psycopg", "", 1), options="-c timezone=UTC") as connection:
        return connection.execute(sql.encode()).fetchall()


def _make_tables(database_url: str) -> None:
    from flows.ledger.connection import open_ledger
    from flows.settings.sections import Settings

    with open_ledger(Settings(database_url=database_url)):
        pass


def _execute(server: PostgresqlServer, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(statement.encode())
