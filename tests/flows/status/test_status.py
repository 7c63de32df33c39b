"""The command, on a ledger in which the nights are written down by the runs themselves or, to be dead, by hand."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.ledger.connection import Ledger, open_ledger
from flows.runs.nightly import nightly as nightly_run
from flows.runtime.clock import clock_set_to, utc_now
from flows.runtime.errors import ExitCode
from flows.settings.load import load_settings
from flows.settings.sections import Settings
from flows.status import collect_status, status_lines
from flows.status.schedule import Schedule, keep_schedule
from sql.runs import open_run

DAY = timedelta(days=1)
# Due every minute, so that any pause of the test is a missed night; and once a year, so that none is.
OFTEN, SELDOM = Schedule("* * * * *", "UTC"), Schedule("0 0 1 1 *", "UTC")


def plan(settings: Settings, schedule: Schedule, ago: timedelta) -> None:
    with open_ledger(settings) as ledger, ledger.begin() as connection:
        keep_schedule(connection, schedule, utc_now() - ago)


def status_of(settings: Settings) -> tuple[ExitCode, str]:
    with open_ledger(settings) as ledger:
        status = collect_status(settings, ledger)
    return status.exit_code, "\n".join(status_lines(status))


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return load_settings(workspace / "tieout.toml")


def test_nobody_misses_a_night_that_nobody_planned(settings: Settings) -> None:
    code, lines = status_of(settings)
    assert code is ExitCode.TIES_OUT
    assert "last night: none yet\nnext night: none is planned" in lines


def test_a_night_that_was_due_and_did_not_run_is_red(settings: Settings) -> None:
    plan(settings, OFTEN, timedelta(minutes=5))
    code, lines = status_of(settings)
    assert code is ExitCode.COULD_NOT_RUN
    assert "did not run: " in lines


def test_a_night_makes_up_for_all_that_were_missed(settings: Settings) -> None:
    plan(settings, Schedule("0 3 * * *", "UTC"), 3 * DAY)
    assert status_of(settings)[0] is ExitCode.COULD_NOT_RUN
    nightly_run(settings)
    code, lines = status_of(settings)
    assert code is ExitCode.TIES_OUT, lines
    assert "ties out" in lines


def test_a_night_that_died_is_red_even_without_a_schedule(settings: Settings, ledger_of: Ledger) -> None:
    with ledger_of.begin() as connection:
        open_run(connection, "nightly-1", "nightly", utc_now() - timedelta(minutes=10))
    code, lines = status_of(settings)
    assert code is ExitCode.COULD_NOT_RUN
    assert "died after" in lines


@pytest.fixture
def ledger_of(settings: Settings) -> Iterator[Ledger]:
    with open_ledger(settings) as ledger:
        yield ledger


def test_a_night_that_cannot_start_is_red_and_says_why(workspace: Path) -> None:
    settings = load_settings(workspace / "tieout.toml")
    (workspace / "inbox" / "a.csv").write_text("ClientId,Points,Action\n1,2,Earned\n", encoding="utf-8")
    (workspace / "layouts.toml").write_text("mended by hand, and not well", encoding="utf-8")
    with pytest.raises(Exception, match="cannot be read"):
        nightly_run(settings)
    code, lines = status_of(settings)
    assert code is ExitCode.COULD_NOT_RUN
    assert "could not start" in lines
    assert "layouts.toml" in lines


def test_the_settings_alone_plan_nights_from_the_first_look_on(workspace: Path) -> None:
    config = workspace / "tieout.toml"
    config.write_text('database_url = "sqlite:///ledger.db"\n[schedule]\ncron = "* * * * *"\n', encoding="utf-8")
    first = CliRunner().invoke(app, ["status", "--config", str(config), "--json"])
    with clock_set_to(utc_now() + timedelta(minutes=10)):
        later = CliRunner().invoke(app, ["status", "--config", str(config), "--json"])
    assert (first.exit_code, later.exit_code) == (0, 3)
    assert json.loads(first.stdout)["missed"] == []
    assert json.loads(later.stdout)["missed"]


def test_json_has_its_keys(settings: Settings) -> None:
    nightly_run(settings)
    plan(settings, SELDOM, timedelta(0))
    found = CliRunner().invoke(app, ["status", "--config", str(settings.root / "tieout.toml"), "--json"])
    told = json.loads(found.stdout)
    assert set(told) == {
        *("last_night", "next_night", "schedule", "missed", "late"),
        *("waits", "pending", "kept", "to_recover", "calls_made", "calls_left"),
    }
    assert set(told["last_night"]) == {
        *("run_id", "state", "started_at", "finished_at", "ties_out", "agrees", "failure", "report"),
    }
    assert told["waits"] == {"held": 0, "unknown": 0, "breaks_open": 0, "rejected": 0, "not_read": 0}
