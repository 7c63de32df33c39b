"""A database that cannot do its work: one line at connect and in `doctor` that says what to do, and exit 3."""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from flows.ledger.connection import Ledger, open_ledger
from flows.runtime.errors import LedgerRefused, LedgerUnavailable
from flows.settings.sections import Settings
from tests.flows.command import Command, Ended
from tests.flows.shell import tieout as tieout_of_a_shell
from tests.postgresql import PostgresqlServer

SECRET = "hush-4711"
NOBODY = 65534


@pytest.fixture
def database(postgresql: PostgresqlServer) -> Iterator[str]:
    name = f"trouble_{uuid4().hex}"
    with postgresql.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield name
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def both(tieout: Callable[..., Any], folder: Path, url: str) -> tuple[Ended, Ended]:
    """Run the night and the doctor with a ledger at this address."""
    (folder / "tieout.toml").write_text(f'database_url = "{url}"\n')
    return tieout("run", "--plain", folder=folder), tieout("doctor", folder=folder)


def assert_told(tieout: Callable[..., Any], folder: Path, url: str, words: str) -> None:
    night, doctor = both(tieout, folder, url)
    last = night.err.strip().splitlines()[-1]
    assert (night.code, words in last, SECRET in night.said) == (3, True, False), night.said
    line = next(line for line in doctor.out.splitlines() if line.startswith("fail  ledger"))
    assert (words in line, SECRET in doctor.said, doctor.code in (2, 3)) == (True, False, True), doctor.said


def alter(server: PostgresqlServer, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(statement)


@pytest.mark.long
def test_a_server_that_only_reads(tieout: Command, tmp_path: Path, postgresql: PostgresqlServer, database: str) -> None:
    open_ledger(Settings(database_url=postgresql.url(database), workspace=tmp_path)).close()
    alter(postgresql, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert_told(tieout, tmp_path, postgresql.url(database), "the server is read-only")


@pytest.mark.long
def test_a_database_of_another_encoding(tieout: Command, tmp_path: Path, postgresql: PostgresqlServer) -> None:
    name = f"latin_{uuid4().hex}"
    alter(postgresql, f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    assert_told(tieout, tmp_path, postgresql.url(name), "LATIN1 and not UTF8")


def test_a_wrong_password(tieout: Command, tmp_path: Path, postgresql: PostgresqlServer, database: str) -> None:
    user = f"u_{uuid4().hex[:8]}"
    postgresql.require_password(user, "right")
    assert_told(tieout, tmp_path, postgresql.url(database, f"{user}:{SECRET}"), "refuses the user or the password")


@pytest.mark.long
def test_a_database_that_is_not_there(tieout: Command, tmp_path: Path, postgresql: PostgresqlServer) -> None:
    assert_told(tieout, tmp_path, postgresql.url("nowhere"), "there is no such database")


@pytest.mark.long
def test_a_server_without_a_connection_left(
    tieout: Command, tmp_path: Path, postgresql: PostgresqlServer, database: str
) -> None:
    user = f"u_{uuid4().hex[:8]}"
    alter(postgresql, f"CREATE ROLE {user} LOGIN CONNECTION LIMIT 0")
    assert_told(tieout, tmp_path, postgresql.url(database, user), "no connection left")


@pytest.mark.long
def test_a_user_without_the_right_to_make_tables(
    tieout: Command, tmp_path: Path, postgresql: PostgresqlServer, database: str
) -> None:
    user = f"u_{uuid4().hex[:8]}"
    alter(postgresql, f"CREATE ROLE {user} LOGIN")
    (tmp_path / "tieout.toml").write_text(f'database_url = "{postgresql.url(database, user)}"\n')
    night = tieout("run", "--plain", folder=tmp_path)
    assert (night.code, "lacks a right" in night.err) == (3, True)


def _let_a_statement_run_out(connection: object) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 20"))  # type: ignore[attr-defined]
    connection.execute(text("SELECT pg_sleep(5)"))  # type: ignore[attr-defined]


def _wait_in_a_transaction(connection: object) -> None:
    connection.execute(text("SET idle_in_transaction_session_timeout = 50"))  # type: ignore[attr-defined]
    time.sleep(0.5)
    connection.execute(text("SELECT 1"))  # type: ignore[attr-defined]


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("provoke", "words"),
    [
        pytest.param(_let_a_statement_run_out, "statement_timeout", id="statement"),
        pytest.param(_wait_in_a_transaction, "idle_in_transaction|idle-in-transaction", id="idle"),
    ],
)
def test_a_time_out_of_the_server(
    tmp_path: Path, postgresql: PostgresqlServer, database: str, provoke: Callable[[object], None], words: str
) -> None:
    settings = Settings(database_url=postgresql.url(database), workspace=tmp_path)
    with open_ledger(settings) as ledger, pytest.raises(LedgerUnavailable, match=words), ledger.begin() as connection:
        provoke(connection)


def test_a_value_that_a_column_cannot_hold_is_no_outage(
    tmp_path: Path, postgresql: PostgresqlServer, database: str
) -> None:
    settings = Settings(database_url=postgresql.url(database), workspace=tmp_path)
    with open_ledger(settings) as ledger, pytest.raises(LedgerRefused), ledger.begin() as connection:
        connection.execute(text("SELECT 9223372036854775807 + 1"))


@pytest.mark.long
def test_a_folder_in_place_of_the_file(tieout: Command, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    assert_told(tieout, tmp_path, "sqlite:///ledger.db", "cannot be opened")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("ClientId,Points\n" * 500)
    assert_told(tieout_of_a_shell, tmp_path, "sqlite:///ledger.db", "is no SQLite database")


def test_a_full_disk(tmp_path: Path) -> None:
    full = pytest.raises(LedgerUnavailable, match="its disk is full: make room")
    with open_ledger(Settings(workspace=tmp_path)) as ledger, full:
        _fill_up(ledger)


def _fill_up(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(1000000) AS big")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")
def test_a_file_that_may_only_be_read() -> None:
    folder = Path(tempfile.mkdtemp(prefix="tieout-read-only-"))
    try:
        folder.chmod(0o755)
        settings = Settings(workspace=folder)
        open_ledger(settings).close()
        os.seteuid(NOBODY)
        with pytest.raises(LedgerUnavailable, match="read-only for this user"):
            open_ledger(settings)
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)


def test_doctor_does_not_wait_a_minute_for_a_lock(tieout: Command, tmp_path: Path) -> None:
    (tmp_path / "tieout.toml").write_text("")
    open_ledger(Settings(workspace=tmp_path)).close()
    other = sqlite3.connect(tmp_path / "tieout.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    doctor = tieout("doctor", folder=tmp_path)
    other.close()
    assert "another program holds its file locked" in doctor.out


ODD_ADDRESSES = [
    pytest.param(f"postgresql+psycopg://tieout:{SECRET}@db:port/ledger", id="port that is no number"),
    pytest.param(f"postgresql+psycopg://tieout:p@{SECRET}@db/ledger", id="unescaped @"),
    pytest.param(f"postgresql+psycopg://tieout:{SECRET}@[::1/ledger", id="half a bracket"),
    pytest.param(f"postgres://tieout:{SECRET}@db/ledger", id="unknown kind"),
    pytest.param(f"mysql://tieout:{SECRET}@db/ledger", id="another database"),
    pytest.param(f"tieout:{SECRET}@db", id="no address"),
    pytest.param(f"postgresql+psycopg://tieout:{SECRET}@db/le\\nger", id="line break"),
    pytest.param(f"postgresql+psycopg://tieout:x@/db?port={SECRET}", id="odd option"),
]


@pytest.mark.first_case
@pytest.mark.parametrize("url", ODD_ADDRESSES)
def test_an_address_that_does_not_parse_is_a_line_without_its_parts(tieout: Command, tmp_path: Path, url: str) -> None:
    night, doctor = both(tieout, tmp_path, url)
    assert (night.code in (2, 3), doctor.code in (2, 3)) == (True, True)
    assert SECRET not in night.said + doctor.said
    assert len(night.err.strip().splitlines()) == 1
