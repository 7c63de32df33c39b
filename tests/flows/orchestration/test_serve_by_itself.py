"""`tieout serve` on a fresh folder, left to its schedule, and killed twice in mid-run."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.settings.sections import Settings
from tests.flows.eventually import eventually
from tests.flows.orchestration.real_nights import (
    EVERY_MINUTE,
    TIEOUT,
    Nights,
    children_of,
    kill_with_children,
    open_nights,
    own_environment,
    start_command,
)

ROWS = 25


@contextmanager
def serving(nights: Nights) -> Iterator["subprocess.Popen[str]"]:
    with (nights.folder / "serve.log").open("a", encoding="utf-8") as log:
        process = start_command([TIEOUT, "serve", "--cron", EVERY_MINUTE], nights.folder, log, own_environment())
        try:
            yield process
        finally:
            kill_with_children(process)


@pytest.mark.real_nights
@pytest.mark.timeout(1200)
def test_serve_runs_the_nights_by_itself_and_after_a_kill_of_everything(tmp_path: Path, prefect_store: Path) -> None:
    shutil.copytree(prefect_store, Settings(workspace=tmp_path).prefect_folder)
    with open_nights(tmp_path) as nights:
        kill_the_first_night(nights)
        with serving(nights) as process:
            nights.wait_for_commits(day=1, count=ROWS)
            status = end_in_order(nights, process)
        assert nights.is_each_posted_once(1, ROWS)
        assert (status["last_night"]["ties_out"], status["missed"]) == (True, [])
        assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.real_nights
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kills_a_later_night", [False, True])
def test_serve_on_a_fresh_folder_goes_on_after_a_kill_of_its_server_and_of_later_nights(
    tmp_path: Path, kills_a_later_night: bool
) -> None:
    with open_nights(tmp_path) as nights:
        kill_the_first_night(nights)
        with serving(nights) as process:
            nights.wait_for_commits(day=1, count=ROWS)
            # Prefect's server alone is killed: it comes back, and the next night comes by itself.
            (server,) = [pid for pid, line in children_of(process) if "orchestration.server" in line]
            os.kill(server, signal.SIGKILL)
            nights.put("second.csv", 2, day=2)
            nights.wait_for_commits(day=2, count=2)
            if not kills_a_later_night:
                status = end_in_order(nights, process)
            else:
                nights.put("third.csv", ROWS, day=3)
                nights.wait_for_commits(day=3, count=5)
                kill_with_children(process)
                assert len(nights.commits_of(day=3)) < ROWS, "it was over before it was killed"

        if kills_a_later_night:
            with serving(nights) as process:
                nights.wait_for_commits(day=3, count=ROWS)
                status = end_in_order(nights, process)

        rows_of_days = {1: ROWS, 2: 2, 3: ROWS if kills_a_later_night else 0}
        assert all(nights.is_each_posted_once(day, count) for day, count in rows_of_days.items())
        assert status["last_night"]["ties_out"]
        # Where the server was killed a minute before, the night of that minute may really have been missed.
        assert not kills_a_later_night or status["missed"] == []
        assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")


def kill_the_first_night(nights: Nights) -> None:
    """Let the first night ever begin, and kill it in its middle, together with everything that belongs to it."""
    nights.put("first.csv", ROWS, day=1)
    with serving(nights):
        nights.wait_for_commits(day=1, count=5)
    assert len(nights.commits_of(day=1)) < ROWS, "it was over before it was killed"


def end_in_order(nights: Nights, process: "subprocess.Popen[str]") -> dict:
    """Tell it to stop once a night has ended; return what the status said of that night."""
    status = wait_for_a_night_that_ended(nights)
    process.send_signal(signal.SIGTERM)
    process.wait()
    assert process.returncode == 0
    return status


def wait_for_a_night_that_ended(nights: Nights) -> dict:
    def last_one() -> dict | None:
        found = json.loads(nights.status().stdout)
        return found if found["last_night"]["state"] == "ended" else None

    found = eventually(last_one)
    assert found
    return found
