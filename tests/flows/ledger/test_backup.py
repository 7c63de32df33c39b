"""Copies of the ledger: whole, also of one that is written to; a bounded number, and of use when put back."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.ledger import backup
from flows.ledger.backup import keep_copy
from flows.ledger.connection import open_ledger
from flows.runs.nightly import nightly
from flows.settings.load import load_settings
from tests.flows.command import Command
from tests.flows.ledger.conftest import Copies
from tests.flows.notices.listener import listening
from tests.flows.workplace import Workplace, earned, open_workplace
from tests.postgresql import PostgresqlServer


def night(workplace: Workplace, tieout: Command) -> int:
    return tieout("run", "--plain", "--config", workplace.config).code


def kept(workplace: Workplace) -> list[Path]:
    return sorted((workplace.folder / "backups").glob("*.db"))


@pytest.mark.first_case
def test_a_ledger_that_was_put_back_is_copied_under_a_number_that_it_had_before(
    workspace: Path, tmp_path: Path
) -> None:
    """One process may do it within a second, and in containers each process has the same number."""
    settings = load_settings(workspace / "tieout.toml")
    for _ in range(5):
        with open_ledger(settings) as ledger:
            assert keep_copy(settings, ledger) is None
    assert len(list(settings.backups_folder.glob("*.db"))) == 5


@pytest.fixture
def is_file(database_url: str) -> bool:
    return database_url.startswith("sqlite")


@pytest.fixture
def client_ids(workplace: Workplace) -> list[str]:
    clients: list[str] = workplace.ready["mindbody"]["client_ids"]
    return clients


def rows_of(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_backup_copies_the_whole_ledger(
    workplace: Workplace, tieout: Command, tmp_path: Path, is_file: bool, client_ids: list[str],
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    workplace.put("monday.csv", earned(client_ids[0]))
    night(workplace, tieout)
    path = tmp_path / "copies" / "monday.db"
    if not is_file:
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        monkeypatch.setenv("PATH", f"{server.programs}{os.pathsep}{os.environ['PATH']}")
    ended = tieout("db", "backup", path, "--config", workplace.config)
    assert (ended.code, str(path) in ended.out) == (0, True), ended
    if is_file:
        assert rows_of(path, "SELECT state FROM events") == [("posted",)]
        assert rows_of(path, "PRAGMA integrity_check") == [("ok",)]
    else:
        assert path.read_bytes().startswith(b"PGDMP")
    again = tieout("db", "backup", path, "--config", workplace.config)
    assert (again.code, "there already" in again.err) == (3, True)


def test_backup_of_postgresql_without_its_programs_names_them(
    workplace: Workplace,
    copies: Copies,
    tieout: Command,
    is_file: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies.remove()
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = tieout("db", "backup", tmp_path / "copy", "--config", workplace.config)
    word = "there is no ledger" if is_file else "pg_dump"
    assert (ended.code, word in ended.err.lower(), (tmp_path / "copy").exists()) == (3, True, False)


def test_backup_is_whole_while_others_write(workplace: Workplace, tieout: Command, tmp_path: Path) -> None:
    """Each copy holds what was committed together, and the writer is never kept waiting."""
    with closing(sqlite3.connect(tmp_path / "busy.db", check_same_thread=False)) as busy:
        busy.execute("PRAGMA journal_mode = WAL")
        busy.execute("CREATE TABLE pairs (one INTEGER, other INTEGER)")
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                busy.executemany("INSERT INTO pairs VALUES (?, ?)", [(number, number)] * 50)
                busy.commit()

        writer = threading.Thread(target=write)
        writer.start()
        for number in range(5):
            backup._copy_sqlite(tmp_path / "busy.db", tmp_path / f"{number}.db")
        stop.set()
        writer.join()
    counts = [rows_of(tmp_path / f"{number}.db", "SELECT count(*) FROM pairs")[0][0] for number in range(5)]
    assert [count % 50 for count in map(int, map(str, counts))] == [0] * 5


@pytest.mark.first_case
def test_a_copy_is_kept_after_every_run_and_the_oldest_is_dropped(
    workplace: Workplace, tieout: Command, is_file: bool
) -> None:
    with workplace.config.open("a") as config:
        config.write("\n[backups]\nkeep = 2\n")
    for command in (["run", "--plain"], ["settle", "--plain"], ["reconcile", "--plain"]):
        tieout(*command, "--config", workplace.config)
    assert [path.name.split("-")[2] for path in kept(workplace)] == (["000002", "000003"] if is_file else [])


@pytest.mark.first_case
def test_a_large_ledger_is_copied_by_interval(
    workplace: Workplace, tieout: Command, is_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SMALL_BYTES", 1000)
    for _ in range(3):
        night(workplace, tieout)
    assert len(kept(workplace)) == (1 if is_file else 0)


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_copy_that_cannot_be_kept_stops_nothing_and_is_told_until_one_is_kept_again(
    workplace: Workplace, tieout: Command, client_ids: list[str]
) -> None:
    with listening() as listener:
        with workplace.config.open("a") as config:
            config.write(f'\n[notify]\nurls = ["{listener.message_url}"]\n')
        in_the_way = workplace.folder / "backups"
        in_the_way.write_text("in the way")
        workplace.put("a.csv", earned(client_ids[0]))
        ended = tieout("run", "--plain", "--json", "--config", workplace.config)
        assert (ended.code, ended.json["posted"], "no copy of the ledger was kept" in ended.err) == (3, 1, True), ended
        assert "no copy of the ledger was kept" in tieout("status", "--config", workplace.config).out
        assert night(workplace, tieout) == 3
        in_the_way.unlink()
        assert night(workplace, tieout) == 0
    titles = [message["title"] for message in listener.messages]
    assert titles == ["tieout: could not run to the end", "tieout: all is well again"]


def test_the_last_copy_put_back_goes_on_and_an_older_one_is_refused(
    workplace: Workplace, tieout: Command, is_file: bool, client_ids: list[str], database_url: str
) -> None:
    if not is_file:
        return
    for number, client_id in enumerate(client_ids[:2]):
        workplace.put(f"{number}.csv", earned(client_id))
        assert night(workplace, tieout) == 0
    older, latest = kept(workplace)
    ledger = Path(database_url.removeprefix("sqlite:///"))
    workplace.put("overlapping.csv", earned(client_ids[1]), "1,0,Earned,,,")
    for copy, code in ((older, 3), (latest, 1)):
        ledger.write_bytes(copy.read_bytes())
        assert night(workplace, tieout) == code
    assert [line["client_id"] for line in workplace.commits(*client_ids)] == client_ids[:2]


@pytest.mark.long
def test_backup_of_a_run_at_work_does_not_stop_it(
    workplace: Workplace, tieout: Command, client_ids: list[str], is_file: bool, tmp_path: Path
) -> None:
    if not is_file:
        return
    workplace.put("export.csv", *(earned(client_ids[0], 1 + number) for number in range(100)))
    command = [sys.executable, "-m", "flows.cli", "run", "--plain", "--config", str(workplace.config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603
        copies = 0
        while run.poll() is None and copies < 30:
            ended = tieout("db", "backup", tmp_path / f"{copies}.db", "--config", workplace.config)
            copies += not ended.code
        run.communicate()
    assert run.returncode == 0
    assert len(workplace.commits(client_ids[0])) == 100


@pytest.mark.first_case
@pytest.mark.parametrize("moment", ["register", "post"])
def test_a_copy_of_a_run_that_went_on_is_refused(
    ready: dict[str, Any], tieout: Command, tmp_path: Path, moment: str
) -> None:
    """The run is in the copy, and has the number that was seen; what it did later is missing."""
    workplace = open_workplace(tmp_path / "work", ready)
    client_id = ready["mindbody"]["client_ids"].pop()
    workplace.put("monday.csv", earned(client_id))

    def copying(name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if name.startswith(moment):
            assert tieout("db", "backup", tmp_path / "copy.db", "--config", workplace.config).code == 0
        return function(*args, **kwargs)

    nightly(workplace.settings, copying)
    (tmp_path / "copy.db").replace(workplace.folder / "tieout.db")
    workplace.put("overlapping.csv", earned(client_id), "1,0,Earned,,,")
    ended = tieout("run", "--plain", "--config", workplace.config)
    assert (ended.code, "what that run did later is missing" in ended.err) == (3, True)
    assert len(workplace.commits(client_id)) == 1
