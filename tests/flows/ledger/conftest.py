"""A workplace whose ledger can be copied and put back, on both databases."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from flows.sandbox import start_sandbox
from tests.flows.command import Command
from tests.flows.workplace import Workplace, open_workplace
from tests.postgresql import PostgresqlServer


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "400")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A workplace in a folder of its own, with clients of its own and its ledger beside it or on the server."""
    monkeypatch.setenv("TIEOUT_DATABASE_URL", database_url)
    clients = [ready["mindbody"]["client_ids"].pop() for _ in range(4)]
    return open_workplace(tmp_path / "work", {**ready, "mindbody": {**ready["mindbody"], "client_ids": clients}})


@pytest.fixture
def tieout(bare_tieout: Command) -> Command:
    """The command; most tests here name the settings themselves."""
    return bare_tieout


class Copies:
    """Copies of a ledger, as a backup program takes them: the whole file, or the whole database."""

    def __init__(self, database_url: str, server: PostgresqlServer | None) -> None:
        self._name = str(make_url(database_url).database)
        self._server = server

    def keep(self, name: str) -> None:
        """Keep the ledger as it is now."""
        if self._server is None:
            shutil.copy(self._name, f"{self._name}.{name}")
        else:
            self._create(f"{self._name}_{name}", self._name)

    def put_back(self, name: str) -> None:
        """Let the ledger be as it was when this copy was kept."""
        self.remove()
        if self._server is None:
            shutil.copy(f"{self._name}.{name}", self._name)
        else:
            self._create(self._name, f"{self._name}_{name}")

    def remove(self) -> None:
        """Let there be no ledger; on the server an empty database is left, since a run makes none."""
        if self._server is None:
            Path(self._name).unlink()
        else:
            self._create(self._name, "template1")

    def _create(self, name: str, template: str) -> None:
        assert self._server is not None
        with self._server.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


@pytest.fixture
def copies(request: pytest.FixtureRequest, database_url: str) -> Copies:
    is_file = database_url.startswith("sqlite")
    return Copies(database_url, None if is_file else request.getfixturevalue("postgresql"))
