"""`tieout status --notify`, as a second timer calls it again and again."""

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli.app import app
from flows.ledger.connection import open_ledger
from flows.runs.nightly import nightly as nightly_run
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.settings.load import load_settings
from flows.status.schedule import Schedule, keep_schedule
from tests.flows.notices.listener import Listener


@pytest.fixture
def config(workspace: Path, listener: Listener) -> Path:
    path = workspace / "tieout.toml"
    urls = f'[notify]\nurls = ["{listener.message_url}"]\n'
    path.write_text(f'database_url = "sqlite:///ledger.db"\n{urls}', encoding="utf-8")
    return path


def watch(config: Path) -> Result:
    return CliRunner().invoke(app, ["status", "--config", str(config), "--notify"])


def miss_a_night(config: Path) -> None:
    with open_ledger(load_settings(config)) as ledger, ledger.begin() as connection:
        keep_schedule(connection, Schedule("0 3 * * *", "UTC"), utc_now() - timedelta(days=2))


def test_a_missed_night_is_told_once_and_so_is_the_recovery(config: Path, listener: Listener) -> None:
    assert watch(config).exit_code == 0
    miss_a_night(config)
    assert [watch(config).exit_code for _ in range(3)] == [3, 3, 3]
    nightly_run(load_settings(config))
    assert [watch(config).exit_code for _ in range(2)] == [0, 0]
    titles = [message["title"] for message in listener.messages]
    assert titles == ["tieout: a night did not run", "tieout: nights run again"]
    assert "did not run: " in listener.messages[0]["message"]


def test_what_nobody_heard_is_told_again(config: Path, listener: Listener) -> None:
    miss_a_night(config)
    listener.status = 500
    watch(config)
    listener.status = 200
    assert "took no message" not in watch(config).stderr
    assert len(listener.messages) == 2


def test_a_ledger_out_of_reach_is_told_once(config: Path, listener: Listener) -> None:
    (config.parent / "ledger.db").write_bytes(b"no database at all, only some text" * 100)
    for _ in range(2):
        assert isinstance(watch(config).exception, CouldNotRun)
    assert [message["title"] for message in listener.messages] == ["tieout: nobody can tell whether the nights run"]


def test_a_watch_that_could_tell_nobody_is_wrong_usage(workspace: Path) -> None:
    miss_a_night(workspace / "tieout.toml")
    assert isinstance(watch(workspace / "tieout.toml").exception, WrongUsage)
