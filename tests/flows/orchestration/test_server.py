"""In processes of their own, as a person starts them: no API configured, and watched for what they connect to."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import prefect
import pytest

from flows.orchestration.service_errors import read_errors
from tests.flows.eventually import eventually

ROOT = Path(__file__).parents[3]
# Imported by every Python process that finds it on its path, the server included.
WATCH = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        host = str(arguments[1][0] if event != "socket.getaddrinfo" else arguments[0])
        with open(os.environ["WATCHED"], "a") as file:
            file.write(host + "\\n")
sys.addaudithook(watch)
"""
RUN = """
import sys
from pathlib import Path
from flows.orchestration.server import prefect_api
with prefect_api(Path("store")):
    from prefect import flow
    from flows.orchestration.task import run_as_task
    @flow
    def two_steps():
        return [run_as_task(name, str.upper, name) for name in ("read", "post")]
    print(two_steps(), flush=True)
    if "wait" in sys.argv:
        input()
"""


def start(folder: Path, *arguments: str, script: str = RUN, **variables: str) -> "subprocess.Popen[str]":
    """Start the script in that folder, with nothing of Prefect in its environment but these variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    environment |= {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "WATCHED": str(folder / "hosts")} | variables
    pipe = subprocess.PIPE
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=environment,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


@pytest.fixture(scope="module", params=["a store", pytest.param("no store", marks=pytest.mark.long)])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first run finds the store of another, or none: then it makes its own, in eight seconds."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    if request.param == "a store":
        shutil.copytree(request.getfixturevalue("prefect_store"), folder / "store")
    return folder


@pytest.fixture(scope="module")
def first_run(folder: Path) -> "subprocess.CompletedProcess[str]":
    process = start(folder)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess([], process.returncode, stdout, stderr)


@pytest.fixture
def waiting_run(folder: Path, first_run: object) -> Iterator["subprocess.Popen[str]"]:
    """A second run, in the middle of it."""
    with start(folder, "wait") as process:
        assert process.stdout
        assert process.stdout.readline()
        yield process
        process.kill()


def find_servers(parent: int) -> list[int]:
    found = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True)  # noqa: S607 - of the system
    rows = [tuple(map(int, line.split())) for line in found.stdout.splitlines()[1:]]
    return [pid for pid, ppid in rows if ppid == parent]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.long
def test_a_run_says_nothing_of_prefect(first_run: "subprocess.CompletedProcess[str]") -> None:
    assert (first_run.returncode, first_run.stdout, first_run.stderr) == (0, "['READ', 'POST']\n", "")


def test_a_run_connects_to_this_machine_only(first_run: object, folder: Path) -> None:
    assert set((folder / "hosts").read_text(encoding="utf-8").split()) == {"127.0.0.1"}


def test_the_store_keeps_how_every_task_run_ended(first_run: object, folder: Path) -> None:
    database = sqlite3.connect(folder / "store" / prefect.__version__ / "prefect.db")
    rows = database.execute("SELECT name, state_type FROM task_run ORDER BY name").fetchall()
    database.close()
    assert rows == [("post", "COMPLETED"), ("read", "COMPLETED")]


def test_the_server_goes_when_its_run_is_killed(waiting_run: "subprocess.Popen[str]") -> None:
    (server,) = find_servers(waiting_run.pid)
    waiting_run.send_signal(signal.SIGKILL)
    assert eventually(lambda: not is_alive(server))


def test_a_server_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store" / prefect.__version__ / "prefect.db").mkdir(parents=True)
    _, stderr = start(tmp_path).communicate()
    assert stderr.splitlines()[-1].startswith(
        "flows.runtime.errors.CouldNotRun: Prefect's temporary server did not start ("
    )
    assert "unable to open database file" in stderr.splitlines()[-1]


def test_a_configured_api_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    _, stderr = start(tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api").communicate()
    said = stderr.splitlines()[-1]
    assert said.startswith(
        "flows.runtime.errors.CouldNotRun: Prefect: Failed to reach API at http://127.0.0.1:9/api/. Mend"
    )


SERVE = """
from pathlib import Path
from flows.orchestration.server import OwnServer, lasting_home
store = Path("served")
def say(line):
    print(line, flush=True)
server = OwnServer(lasting_home(store), errors_folder=store, with_scheduler=True, say=say)
print(server.start(), flush=True)
input()
server.stop()
"""


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A server with its services, which pass every second, in a store of its own."""
    process = start(folder, script=SERVE, PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS="1")
    yield process
    process.kill()
    process.wait()


@pytest.mark.long
def test_what_a_service_logs_as_an_error_is_said_and_kept(folder: Path, served: "subprocess.Popen[str]") -> None:
    assert served.stdout
    assert served.stdout.readline().startswith("http://127.0.0.1:")
    # A service that cannot find its table dies in every pass, as Prefect's scheduler did with SQLAlchemy 2.1.
    with sqlite3.connect(folder / "served" / prefect.__version__ / "prefect.db", timeout=30) as database:
        database.execute("ALTER TABLE flow_run RENAME TO flow_run_gone")
    database.close()
    said = served.stdout.readline()
    assert said.startswith("Prefect (")
    assert "flow_run" in said
    kept = eventually(lambda: read_errors(folder / "served", datetime.now(UTC) - timedelta(minutes=5)))
    assert kept[0].line == said.strip()
    _, stderr = served.communicate("stop\n")
    assert (served.returncode, stderr) == (0, "")
