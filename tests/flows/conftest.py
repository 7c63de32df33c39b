"""The command in this process, and one Prefect server on loopback for the whole session: its start takes long."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.orchestration.server import lasting_home, prefect_api

# isort: split
from prefect.client.orchestration import SyncPrefectClient, get_client

from tests.flows.command import Command


@pytest.fixture
def tieout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command as a shell sees it, run within this process."""
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
