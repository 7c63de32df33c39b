"""Prefect's server goes away in mid-run: the run comes to its end, quickly, and says so in a line."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.orchestration.gone import LINE, Work, begin_flow, end_of_flow, keep_error
from flows.orchestration.server import OwnServer
from flows.runtime.errors import CouldNotRun, SettingsError
from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace, earned, open_workplace

EVENTS = 40
_LONGEST_SECONDS = 120.0  # ten of them are the posting itself


def test_work_is_done_once_whoever_asks_for_its_result() -> None:
    done: list[int] = []
    work = Work(lambda: done.append(1))
    work()
    work.result()
    assert done == [1]


def test_work_that_has_not_begun_is_done_when_its_result_is_asked_for() -> None:
    assert Work(lambda: 7).result() == 7


def test_work_raises_its_own_error_again_and_knows_it() -> None:
    error = CouldNotRun("no")

    def fail() -> None:
        raise error

    work = Work(fail)
    with pytest.raises(CouldNotRun):
        work()
    assert (work.raised(error), work.raised(CouldNotRun("no"))) == (True, False)
    with pytest.raises(CouldNotRun, match="no"):
        work.result()


def test_why_a_flow_could_not_run_is_told_though_prefect_is_gone() -> None:
    begin_flow()
    with pytest.raises(CouldNotRun, match="Prefect's server does not answer"):
        end_of_flow()
    keep_error(SettingsError("There is no settings file"))
    with pytest.raises(SettingsError, match="no settings file"):
        end_of_flow()
    begin_flow()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_server_that_dies_in_mid_run_costs_a_line(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    server = OwnServer(tmp_path / "home")
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "60")) as ready:
        place = open_workplace(tmp_path / "work", ready)
        place.configure(
            place.config.read_text("utf-8").replace("requests_per_second = 2000", "requests_per_second = 4")
        )
        place.put("a.csv", *map(earned, ready["mindbody"]["client_ids"][-EVENTS:]))
        environment = {**os.environ, "PREFECT_API_URL": server.start()}
        command = [sys.executable, "-m", "flows.cli", "run", "--config", str(place.config)]
        with subprocess.Popen(  # noqa: S603 - our own module
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as run:
            _wait_for_posts(place, run)
            server.stop()
            killed_at = time.monotonic()
            out, err = run.communicate()
        assert time.monotonic() - killed_at < _LONGEST_SECONDS
        assert (run.returncode, len(place.commits())) == (0, EVENTS)
        assert "ties_out: yes" in out
        assert LINE in err
        assert "Traceback" not in err
        assert "Error logging" not in err


def _wait_for_posts(place: Workplace, run: "subprocess.Popen[str]") -> None:
    while len(place.commits()) < 5 and run.poll() is None:
        time.sleep(0.1)
