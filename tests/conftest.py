"""The ledger's two homes, for every test that keeps something.

A test that takes ``database_url``, ``ledger_settings`` or ``ledger`` runs twice, on SQLite and on PostgreSQL 18, each
time with a database of its own, in which are this version's tables and nothing in them:

- ``ledger``: an open `Ledger`; ``shared_ledger`` is one for the whole module, whose tests leave it as it is;
- ``ledger_settings``: the `Settings` that it was opened with, and nothing else configured; workspace is ``tmp_path``;
- ``database_url``: the address alone, for tests that write settings of their own or start a process;
- ``bare_settings`` and ``bare_database_url``: the same without tables, or without a file, for tests of how a ledger
  comes to be.

``postgresql`` is the server itself, started when the first test asks for it; a test that stops or kills a server
starts one of its own with ``tests.postgresql.postgresql_server``.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pydantic import SecretStr
from xdist.scheduler.loadscope import LoadScopeScheduling

from flows.ledger.connection import Ledger, open_ledger
from flows.settings.sections import Settings
from tests.postgresql import PostgresqlServer, postgresql_server

# A busy machine takes its time for an example; how long a test may take is said in pyproject.toml.
_profile: dict[str, Any] = {"deadline": None}
# Where the checkout is somebody else's, examples that failed have no place to be kept, and nobody needs a warning.
if not os.access(Path(__file__).parents[1], os.W_OK):
    _profile["database"] = None
hypothesis.settings.register_profile("tieout", **_profile)
hypothesis.settings.load_profile("tieout")


def pytest_collection_finish() -> None:
    """Let the collector leave alone what lives as long as the session: walking through it is a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def own_config(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test meet the settings file of another: `--config` names it in the environment too, for flow runs."""
    monkeypatch.delenv("TIEOUT_CONFIG", raising=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A server for the whole session; its databases are lost with it, so nothing waits for the disk."""
    with postgresql_server("fsync=off", "full_page_writes=off") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which of both the test is run on."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[str]:
    with _with_tables(request, database, tmp_path) as url:
        yield url


@contextmanager
def _with_tables(request: pytest.FixtureRequest, database: str, folder: Path) -> Iterator[str]:
    """Give the address of a database with this version's tables, like the template."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "ledger.db")
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    template = request.getfixturevalue("postgresql_template")
    with request.getfixturevalue("postgresql").own_database(template) as name:
        yield request.getfixturevalue("postgresql").url(name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """An open ledger for all tests of a module that leave it as it is, since what they try is refused."""
    folder = tmp_path_factory.mktemp("shared")
    with (
        _with_tables(request, request.param, folder) as url,
        open_ledger(Settings(database_url=SecretStr(url), workspace=folder)) as opened,
    ):
        yield opened


@pytest.fixture
def bare_database_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[str]:
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.own_database() as name:
        yield server.url(name)


@pytest.fixture
def ledger_settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=SecretStr(database_url), workspace=tmp_path)


@pytest.fixture
def bare_settings(bare_database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=SecretStr(bare_database_url), workspace=tmp_path)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with this version's tables and nothing in them: to copy it takes a tenth of making one."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    with open_ledger(Settings(database_url=SecretStr(f"sqlite:///{path}"), workspace=path.parent)):
        pass
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database like it."""
    workspace = tmp_path_factory.mktemp("template")
    with postgresql.own_database() as name:
        with open_ledger(Settings(database_url=SecretStr(postgresql.url(name)), workspace=workspace)):
            pass
        yield name


@pytest.fixture
def ledger(ledger_settings: Settings) -> Iterator[Ledger]:
    with open_ledger(ledger_settings) as opened:
        yield opened


# What a person or a night does is met on both databases here; in the other rooms on PostgreSQL by `make prove` alone.
_ON_BOTH = ("tests/sql/", "tests/flows/ledger/", "tests/flows/loader/", "tests/prove/")

# The files of these rooms take a second or a few each.
_SHORT = ("tests/transforms/", "tests/flows/readers/", "tests/flows/services/", "tests/flows/sandbox/")


# The fixtures that bring Prefect's server (tests/flows/conftest.py).
_OF_PREFECTS_SERVER = ("prefect_url", "prefect_client", "prefect_environment")


class _ByFile(LoadScopeScheduling):
    """Give a file to one worker, as its fixtures are; and to one all that ask Prefect's server, which comes up slowly.

    pytest-xdist's own way to group tests writes to the ids of tests, which pytest 9.2 makes anew each time.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "prefect" if _asks_prefect(file) else file


@cache
def _asks_prefect(file: str) -> bool:
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    return any(fixture in text for fixture in _OF_PREFECTS_SERVER)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Distribute tests by their files (`make test` runs several workers)."""
    return _ByFile(config, log)


# First of all hooks, so that what is deselected by its marks is deselected by these too.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes long begin first, so that no worker ends with it while the others have nothing to do."""
    items.sort(key=_turn)
    for item in items:
        if _is_on_postgresql(item) and not item.nodeid.startswith(_ON_BOTH):
            item.add_marker(pytest.mark.long)
    _leave_later_cases(items)


def _turn(item: pytest.Item) -> int:
    """Tests of real nights wait for the clock while the others compute; pure ones fill what is left at the end."""
    file = item.nodeid.partition("::")[0]
    if item.get_closest_marker("real_nights") is not None:
        return 0
    if _asks_prefect(file):
        return 1
    return 3 if file.startswith(_SHORT) else 2


def _leave_later_cases(items: list[pytest.Item]) -> None:
    """Leave to `make prove` all cases but the first of what bears the mark `first_case`."""
    seen = set()
    for item in items:
        if item.get_closest_marker("first_case") is None:
            continue
        test = item.nodeid.partition("[")[0]
        if test in seen:
            item.add_marker(pytest.mark.long)
        seen.add(test)


def _is_on_postgresql(item: pytest.Item) -> bool:
    if item.get_closest_marker("postgresql") is not None or not isinstance(item, pytest.Function):
        return False
    callspec = getattr(item, "callspec", None)
    return callspec is not None and callspec.params.get("database") == "postgresql"
