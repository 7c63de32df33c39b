"""The command in this process, a workplace to run it at, and one Prefect server on loopback for the whole session.

- ``ready``: a sandbox for all tests of a module, with nine clients to spare; a module that wants other clients, or
  faults, has a ``ready`` of its own;
- ``workplace``: a folder whose settings name that sandbox, for one test;
- ``tieout``: the command as a shell sees it, with the settings of the workplace;
- ``bare_tieout``: the same with nothing but what a test names.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.orchestration.server import lasting_home, prefect_api
from flows.sandbox import start_sandbox

# isort: split
from prefect.client.orchestration import SyncPrefectClient, get_client

from tests.flows.command import Command, Tieout
from tests.flows.workplace import Workplace, open_workplace


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "9")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path, ready)


@pytest.fixture
def tieout(workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(workplace, monkeypatch, capsys)


@pytest.fixture
def bare_tieout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture(scope="session")
def prefect_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a workspace keeps of Prefect after its first night, made once: to copy it spares eight seconds of each."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # one for all workers
        folder = folder.parent
    store = folder / "prefect"
    with (folder / "prefect.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lasting_home(store)
    return store


@pytest.fixture(scope="session")
def prefect_url(prefect_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server, with its scheduler; flows of this process run against it."""
    store = shutil.copytree(prefect_store, tmp_path_factory.mktemp("prefect") / "store")
    with prefect_api(store, with_scheduler=True) as url:
        yield url


@pytest.fixture
def prefect_client(prefect_url: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with an empty inbox and settings that name no service."""
    return fill_workspace(tmp_path)


def fill_workspace(folder: Path) -> Path:
    (folder / "inbox").mkdir()
    (folder / "tieout.toml").write_text('database_url = "sqlite:///ledger.db"\n', encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def prefect_environment(prefect_url: str) -> dict[str, str]:
    """For processes that run flows against the server; they find the packages as this one does."""
    return {**os.environ, "PREFECT_API_URL": prefect_url, "PYTHONPATH": str(Path(__file__).parents[2])}
