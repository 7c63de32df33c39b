"""prefect.yaml with a separate Prefect server and worker, left to its schedule and killed in mid-run."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_server

import pytest

from tests.flows.eventually import eventually
from tests.flows.orchestration.real_nights import (
    EVERY_MINUTE,
    Nights,
    kill_with_children,
    open_nights,
    own_environment,
    start_command,
)

ROOT = Path(__file__).parents[3]
ROWS = 25
PREFECT = [sys.executable, "-m", "prefect", "--no-prompt"]


@pytest.fixture(scope="module")
def port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def environment_of(nights: Nights, port: int) -> dict[str, str]:
    return own_environment(
        PREFECT_API_URL=f"http://127.0.0.1:{port}/api",
        PREFECT_HOME=str(nights.folder / "prefect-home"),
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        DO_NOT_TRACK="1",
        TIEOUT_CONFIG=str(nights.config),
    )


def prefect(nights: Nights, port: int, *arguments: str) -> bool:
    command = [*PREFECT, *arguments]
    done = subprocess.run(  # noqa: S603 - Prefect's own command
        command, cwd=ROOT, env=environment_of(nights, port), capture_output=True, text=True, check=False
    )
    return done.returncode == 0


@contextmanager
def server_and_worker(nights: Nights, port: int, *, is_new: bool) -> Iterator[None]:
    """Start both as prefect.yaml says; at the end both are killed with all that came from them."""
    environment = environment_of(nights, port)
    with ExitStack() as stack:
        log = stack.enter_context((nights.folder / "prefect.log").open("a", encoding="utf-8"))
        command = [*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        server = start_command(command, nights.folder, log, environment)
        stack.callback(kill_with_children, server)
        assert eventually(lambda: prefect(nights, port, "work-pool", "ls")), "the server did not come up"
        if is_new:
            deploy(nights, port)
        worker = start_command([*PREFECT, "worker", "start", "--pool", "tieout"], nights.folder, log, environment)
        stack.callback(kill_with_children, worker)
        yield


def deploy(nights: Nights, port: int) -> None:
    """Deploy the repository's own file, with the minute in place of the night."""
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert '"0 3 * * *"' in text
    path = nights.folder / "prefect.yaml"
    path.write_text(text.replace('"0 3 * * *"', f'"{EVERY_MINUTE}"'), encoding="utf-8")
    assert prefect(nights, port, "work-pool", "create", "tieout", "--type", "process")
    assert prefect(nights, port, "deploy", "--all", "--prefect-file", str(path))


@pytest.mark.long
@pytest.mark.real_nights
@pytest.mark.timeout(1200)
def test_a_worker_runs_the_nights_by_itself_and_after_a_kill_of_everything(tmp_path: Path, port: int) -> None:
    with open_nights(tmp_path) as nights:
        with server_and_worker(nights, port, is_new=True):
            nights.put("first.csv", 2, day=1)
            nights.wait_for_commits(day=1, count=2)
            nights.put("second.csv", ROWS, day=2)
            nights.wait_for_commits(day=2, count=5)
        assert len(nights.commits_of(day=2)) < ROWS, "it was over before it was killed"

        with server_and_worker(nights, port, is_new=False):
            nights.wait_for_commits(day=2, count=ROWS)
        assert [nights.is_each_posted_once(1, 2), nights.is_each_posted_once(2, ROWS)] == [True, True]
