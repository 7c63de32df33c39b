"""Work on other processes gives what it gives here, and nothing of them outlives who asked for it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import flows.workers.open as workers_open
from flows.runtime.errors import FileRejected
from flows.settings.sections import Settings
from flows.workers.open import open_workers
from tests.flows.workers.rows import HEADINGS, checked, mixed_rows, what_was_told, write_rows

ROOT = Path(__file__).parents[3]
TWO = Settings(scale={"workers": 2})


@pytest.fixture
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_open, "_LARGE_BYTES", 0)


@pytest.mark.usefixtures("every_file_is_large")
def test_processes_find_what_one_alone_finds(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", *mixed_rows())
    alone = what_was_told(checked(path, Settings(scale={"workers": 1})))
    assert what_was_told(checked(path, TWO)) == alone


@pytest.mark.usefixtures("every_file_is_large")
def test_the_first_error_of_a_file_is_told_whoever_met_it(tmp_path: Path) -> None:
    good = [f"10000{number:04},5,Earned,Referral,2026-09-01T10:00:00Z" for number in range(200)]
    swallowed = f'"{good[0]}\n{good[1]}\n",5,Earned,Referral,2026-09-01T10:00:00Z'
    path = write_rows(tmp_path / "rows.csv", *good, swallowed, *good, "Points,Action", *good)
    told = []
    for count in (1, 2):
        with pytest.raises(FileRejected) as raised:
            checked(path, Settings(scale={"workers": count}))
        told.append((str(raised.value), raised.value.cause.place))
    assert told[0] == told[1]
    assert "row 202" in told[0][0]


def test_a_small_file_starts_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_open, "open_processes", lambda _count: pytest.fail("processes were started"))
    rows = ["100000001,5,Earned,Referral,2026-09-01T10:00:00Z"] * 300
    assert checked(write_rows(tmp_path / "rows.csv", *rows), TWO, part_rows=250).file_totals.rows_read == 300


def _double_or_die(number: int) -> int:
    if number == 3 and multiprocessing.parent_process() is not None:
        os._exit(1)
    return number * 2


def test_what_a_killed_worker_had_is_done_here(capfd: pytest.CaptureFixture[str]) -> None:
    with open_workers(TWO, 2**30) as workers:
        assert list(workers.in_order(_double_or_die, iter(range(12)))) == [2 * number for number in range(12)]
    told = capfd.readouterr().err
    assert told.count("this process does the rest, with the same result") == 1


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "rows.csv"
    row = f"100000001,5,Earned,Referral,2026-09-01T10:00:00Z,{'x' * 30}\n"
    path.write_text(f"{HEADINGS},Note\n" + row * 330_000, encoding="utf-8")
    return path


# Of the machine's own, a killed process says nothing to those it started; Ctrl-C reaches all of them at once.
@pytest.mark.first_case
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGKILL, id="killed"), pytest.param(signal.SIGINT, id="ctrl-c")]
)
def test_no_worker_outlives_a_check(large_file: Path, tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "flows.cli", "check", "--site", "-99", str(large_file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIEOUT_SCALE__WORKERS": "2"}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=tmp_path, env=environment, stdout=-3, stderr=-1, text=True, start_new_session=True
    ) as process:
        workers = _wait_for_workers(process)
        process.kill() if number is signal.SIGKILL else os.killpg(process.pid, number)
        assert process.stderr is not None
        told = process.stderr.read()
        process.wait(30)
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
    assert "Traceback" not in told


def _wait_for_workers(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Return what the process started, once two workers are there: the server that splits them off, too."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        started = psutil.Process(process.pid).children(recursive=True)
        if len(started) >= 4:  # the server, the one that tracks what is shared, two workers
            return started
        time.sleep(0.05)
    raise AssertionError("no workers came up")
