import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.runs.turn import is_night_at_work, only_one, turn_of_night
from flows.runtime.errors import CouldNotRun, Interrupted, NightWaitsAlready
from flows.runtime.interrupt import stop_requested
from tests.flows.eventually import eventually

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time
from pathlib import Path
from flows.runs.turn import turn_of_night
with turn_of_night(Path(sys.argv[1]), print):
    print("mine", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process, whose turn it is."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own script
        assert process.stdout
        assert process.stdout.readline() == "mine\n"
        yield process
        process.kill()


def take_turn(folder: Path, said: list[str]) -> threading.Thread:
    def wait() -> None:
        with turn_of_night(folder, said.append):
            said.append("mine")

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_second_night_waits_until_the_first_is_killed(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    second = take_turn(tmp_path, said)
    assert eventually(lambda: said) == ["another night is at work: waiting for it to end"]
    holder.kill()
    second.join()
    assert said[-1] == "mine"


def test_a_third_night_has_nothing_to_add(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    second = take_turn(tmp_path, said)
    eventually(lambda: said)
    with pytest.raises(NightWaitsAlready), turn_of_night(tmp_path, said.append):
        pass
    holder.kill()
    second.join()


def test_a_night_that_waits_stops_where_it_is_asked_to(tmp_path: Path, holder: object) -> None:
    stop_requested.set()
    try:
        with pytest.raises(Interrupted), turn_of_night(tmp_path, lambda _line: None):
            pass
    finally:
        stop_requested.clear()


def test_is_night_at_work_tells_whose_turn_it_is(tmp_path: Path) -> None:
    with turn_of_night(tmp_path, lambda _line: None):
        assert is_night_at_work(tmp_path)
    assert not is_night_at_work(tmp_path)


def test_only_one_says_who_else(tmp_path: Path) -> None:
    with (
        only_one(tmp_path / "lock", "the first"),
        pytest.raises(CouldNotRun, match="the second"),
        only_one(tmp_path / "lock", "the second"),
    ):
        pass
