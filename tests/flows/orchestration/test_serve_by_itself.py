"""`tieout serve` on a fresh folder, left to its schedule, and killed twice in mid-run."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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
def test_serve_runs_the_nights_by_itself_and_after_a_kill_of_everything(tmp_path: Path) -> None:
    with open_nights(tmp_path) as nights:
        # The first run ever is killed in its middle, together with everything that belongs to it.
        nights.put("first.csv", ROWS, day=1)
        with serving(nights):
            nights.wait_for_commits(day=1, count=5)
        assert len(nights.commits_of(day=1)) < ROWS, "it was over before it was killed"

        with serving(nights) as process:
            nights.wait_for_commits(day=1, count=ROWS)
            # Prefect's server alone is killed: it comes back, and the next night comes by itself.
            (server,) = [pid for pid, line in children_of(process) if "orchestration.server" in line]
            os.kill(server, signal.SIGKILL)
            nights.put("second.csv", 2, day=2)
            nights.wait_for_commits(day=2, count=2)
            # A later night, killed with everything as well.
            nights.put("third.csv", ROWS, day=3)
            nights.wait_for_commits(day=3, count=5)
            kill_with_children(process)
        assert len(nights.commits_of(day=3)) < ROWS, "it was over before it was killed"

        with serving(nights) as process:
            nights.wait_for_commits(day=3, count=ROWS)
            status = wait_for_a_night_that_ended(nights)
            process.send_signal(signal.SIGTERM)
            process.wait()
            assert process.returncode == 0

        posted_once = [nights.is_each_posted_once(day, count) for day, count in ((1, ROWS), (2, 2), (3, ROWS))]
        assert posted_once == [True] * 3
        assert status["last_night"]["ties_out"]
        assert status["missed"] == []
        assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")


def wait_for_a_night_that_ended(nights: Nights) -> dict:
    def last_one() -> dict | None:
        found = json.loads(nights.status().stdout)
        return found if found["last_night"]["state"] == "ended" else None

    found = eventually(last_one)
    assert found
    return found
