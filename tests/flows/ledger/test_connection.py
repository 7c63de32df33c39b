import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from flows.ledger.connection import Ledger, connect_ledger, ledger_revision, open_ledger
from flows.runtime.errors import LedgerUnavailable, SettingsError
from flows.settings.sections import Settings
from sql.revision import head_revision
from tests.postgresql import PostgresqlServer, postgresql_server


def opened(url: str) -> Ledger:
    return open_ledger(Settings(database_url=SecretStr(url)))


def count_runs(ledger: Ledger) -> int:
    with ledger.begin() as connection:
        return int(connection.execute(text("SELECT count(*) FROM runs")).scalar_one())


def insert_run(ledger: Ledger, before: Callable[[], None] = lambda: None) -> None:
    with ledger.begin() as connection:
        before()
        connection.execute(text("INSERT INTO runs (run_id, kind, started_at) VALUES ('r', 'upload', '2026-01-01')"))


def test_read_waits_for_no_writer_and_sees_the_ledger_of_one_moment(ledger: Ledger) -> None:
    def read_while_it_is_written() -> None:
        with ledger.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0

    with ledger.read() as connection:
        # Begun before the write, and asked after it.
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
        insert_run(ledger, read_while_it_is_written)
        if ledger.file is not None:
            assert connection.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
    assert count_runs(ledger) == 1


def test_read_cannot_change_anything_and_leaves_its_connection_as_it_was(ledger: Ledger) -> None:
    for _ in range(3):
        with pytest.raises(Exception, match=r"read-?only"), ledger.read() as connection:
            connection.execute(text("INSERT INTO runs (run_id, kind, started_at) VALUES ('x', 'upload', '2026-01-01')"))
    insert_run(ledger)
    assert count_runs(ledger) == 1


def test_begin_keeps_nothing_of_a_transaction_that_failed(ledger: Ledger) -> None:
    twice = text("INSERT INTO runs (run_id, kind, started_at) VALUES ('r', 'upload', '2026-01-01')")
    with pytest.raises(IntegrityError), ledger.begin() as connection:
        connection.execute(twice, [{}, {}])
    assert count_runs(ledger) == 0


def test_connect_ledger_names_a_sqlite_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 37, 2))
    with pytest.raises(SettingsError, match=r"needs 3\.38"):
        connect_ledger(Settings(database_url=SecretStr("sqlite://")))


def test_open_ledger_of_an_older_version_says_what_to_do(ledger: Ledger, ledger_settings: Settings) -> None:
    with ledger.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(LedgerUnavailable, match="tieout db upgrade"):
        open_ledger(ledger_settings)


def test_open_ledger_by_several_at_once_makes_the_tables_once(bare_settings: Settings) -> None:
    revisions: list[str | None] = []

    def open_and_look() -> None:
        with open_ledger(bare_settings) as ledger:
            revisions.append(ledger_revision(ledger))

    threads = [threading.Thread(target=open_and_look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revisions == [head_revision()] * 4


@pytest.mark.parametrize(
    ("login", "database", "said"),
    [
        pytest.param("guarded:not-the-secret", "postgres", "password authentication failed", id="wrong password"),
        pytest.param("postgres:not-the-secret", "nowhere", 'database "nowhere" does not exist', id="no such database"),
    ],
)
def test_open_ledger_says_in_one_line_why_postgresql_refuses(
    postgresql: PostgresqlServer, guarded: None, login: str, database: str, said: str
) -> None:
    with pytest.raises(LedgerUnavailable, match=said) as caught:
        opened(postgresql.url(database, login))
    assert "\n" not in str(caught.value)
    assert "not-the-secret" not in str(caught.value)


@pytest.fixture(scope="module")
def guarded(postgresql: PostgresqlServer) -> None:
    postgresql.require_password("guarded", "the-secret")


def test_open_ledger_logs_in_with_the_password(postgresql: PostgresqlServer, guarded: None) -> None:
    with connect_ledger(Settings(database_url=SecretStr(postgresql.url("postgres", "guarded:the-secret")))) as ledger:
        assert ledger_revision(ledger) is None


def test_begin_survives_a_server_that_was_killed_and_started_again() -> None:
    with postgresql_server() as server, opened(server.url()) as ledger:
        insert_run(ledger)
        server.kill()
        with pytest.raises(LedgerUnavailable, match="out of reach") as caught:
            count_runs(ledger)
        assert "\n" not in str(caught.value)
        server.start()
        assert count_runs(ledger) == 1


@pytest.mark.long
def test_begin_says_that_the_server_went_away_in_a_transaction() -> None:
    with postgresql_server() as server, opened(server.url()) as ledger:
        with pytest.raises(LedgerUnavailable, match="out of reach"):
            insert_run(ledger, before=server.kill)
        server.start()
        assert count_runs(ledger) == 0


def test_open_ledger_says_that_a_file_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("This was meant to be a shopping list. " * 100)
    with pytest.raises(LedgerUnavailable, match="not a database"):
        opened(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["tieout.db", "mysql://x@y/z", "postgresql+nosuch://x@y/z", "sqlite+aiosqlite:///x"])
def test_open_ledger_says_that_the_address_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="database_url"):
        opened(url)


def test_open_ledger_refuses_a_shared_ledger_whose_clock_disagrees(
    ledger_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.ledger.connection.utc_now", lambda: datetime.now(UTC) + timedelta(minutes=4))
    if ledger_settings.ledger_url.startswith("sqlite"):
        open_ledger(ledger_settings).close()  # one machine, one clock
        return
    with pytest.raises(LedgerUnavailable, match="differ by 240 s: set the clock"):
        open_ledger(ledger_settings)


def test_a_process_of_many_connections_remembers_little_of_the_file(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.keep_caches_small()
        with ledger.read() as one, ledger.read() as another:
            for connection in (one, another):
                assert connection.exec_driver_sql("PRAGMA cache_size").scalar_one() == -4096
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
