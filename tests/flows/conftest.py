"""The command in this process, and one Prefect server on loopback for the whole session: its start takes long."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.orchestration.server import prefect_api

# isort: split
from prefect.client.orchestration import SyncPrefectClient, get_client

from tests.flows.command import Command


@pytest.fixture
def tieout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command as a shell sees it, run within this process."""
    return Command(monkeypatch, capsys)


@pytest.fixture(scope="session")
def prefect_url() -> Iterator[str]:
    """A real server, with its scheduler; flows of this process run against it."""
    with prefect_api(with_scheduler=True) as url:
        yield url


@pytest.fixture
def prefect_client(prefect_url: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with an empty inbox and settings that name no service."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "tieout.toml").write_text('database_url = "sqlite:///ledger.db"\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def prefect_environment(prefect_url: str) -> dict[str, str]:
    """For processes that run flows against the server; they find the packages as this one does."""
    return {**os.environ, "PREFECT_API_URL": prefect_url, "PYTHONPATH": str(Path(__file__).parents[2])}
