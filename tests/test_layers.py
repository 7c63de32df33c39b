"""The imports run in one direction: transforms know nobody, sql our words, names and spoken times, flows know all.

Read from the source, so that an import inside a function or behind TYPE_CHECKING counts too.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("transforms", "sql", "flows")


class Layer(NamedTuple):
    """What a package may import beside the standard library, what of that library it may not, and must not call."""

    imports: frozenset[str]
    refused_stdlib: frozenset[str] = frozenset()
    refused_calls: frozenset[str] = frozenset()


# Clock, files, network, environment, processes, chance, logger: a frame would depend on more than its arguments.
WORLD = frozenset(
    {"asyncio", "concurrent", "ctypes", "ftplib", "getpass", "glob", "http", "importlib", "locale", "logging", "mmap"}
    | {"multiprocessing", "os", "pathlib", "platform", "random", "secrets", "select", "selectors", "shutil", "signal"}
    | {"smtplib", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request"}
)
LAYERS = {
    "transforms": Layer(
        frozenset({"pandas", "pandera", "transforms"}), WORLD, frozenset({"now", "today", "utcnow", "open", "print"})
    ),
    "sql": Layer(
        frozenset(
            {
                "sqlalchemy",
                "alembic",
                "sql",
                "transforms.vocabulary",
                "transforms.destinations",
                "transforms.spoken_times",
            }
        ),
        refused_calls=frozenset({"commit", "create_engine", "create_async_engine", "engine_from_config"}),
    ),
}


def is_within(module: str, names: frozenset[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def read_imports(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import; `from a import b` is a.b, since b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = package if node.level else str(node.module)
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def read_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, getattr(node.func, "attr", getattr(node.func, "id", ""))


def is_allowed(module: str, layer: Layer) -> bool:
    if module.split(".")[0] in sys.stdlib_module_names:
        return not is_within(module, layer.refused_stdlib)
    return is_within(module, layer.imports)


def find_breaches(root: Path) -> list[str]:
    """`path:line: what` of every import and call that a layer refuses."""
    breaches = []
    for package, layer in LAYERS.items():
        for path in sorted((root / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            place = path.relative_to(root).as_posix()
            imported = [(n, f"imports {m}") for n, m in read_imports(tree, package) if not is_allowed(m, layer)]
            called = [(n, f"calls {name}") for n, name in read_calls(tree) if name in layer.refused_calls]
            breaches += [f"{place}:{line}: {what}" for line, what in imported + called]
    return breaches


def test_the_packages_import_in_one_direction() -> None:
    assert find_breaches(ROOT) == []


def test_every_package_is_read() -> None:
    assert all(any((ROOT / package).rglob("*.py")) for package in PACKAGES)


@pytest.mark.parametrize(
    ("path", "line", "breach"),
    [
        pytest.param(
            "transforms/a.py",
            "import flows.settings.sections",
            "imports flows.settings.sections",
            id="transforms-flows",
        ),
        pytest.param("transforms/a.py", "from sql import ledger", "imports sql.ledger", id="transforms-sql"),
        pytest.param("transforms/deep/a.py", "import prefect", "imports prefect", id="a-package-inside"),
        pytest.param("transforms/a.py", "def f():\n    import socket", "imports socket", id="inside-a-function"),
        pytest.param("transforms/a.py", "from os import environ", "imports os.environ", id="environment"),
        pytest.param("transforms/a.py", "from datetime import *\ndatetime.now()", "calls now", id="clock"),
        pytest.param("transforms/a.py", "open('a')", "calls open", id="file"),
        pytest.param("sql/a.py", "from flows import loader", "imports flows.loader", id="sql-flows"),
        pytest.param("sql/a.py", "from transforms import match", "imports transforms.match", id="sql-transforms"),
        pytest.param("sql/a.py", "import pandas as pd", "imports pandas", id="sql-pandas"),
        pytest.param("sql/a.py", "connection.commit()", "calls commit", id="sql-commit"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, path: str, line: str, breach: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(line, encoding="utf-8")
    assert [found.split(": ")[1] for found in find_breaches(tmp_path)] == [breach]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param("transforms/a.py", "import pandera.pandas as pa\nfrom . import vocabulary", id="transforms"),
        pytest.param("transforms/a.py", "import urllib.parse\nfrom zoneinfo import ZoneInfo", id="pure-stdlib"),
        pytest.param("sql/a.py", "from transforms.vocabulary import State\nimport sqlalchemy as sa", id="sql"),
        pytest.param("sql/a.py", "from transforms import vocabulary\nfrom pathlib import Path", id="sql-vocabulary"),
        pytest.param("flows/a.py", "import prefect, socket, sql.tables, transforms.match.transactions", id="flows"),
    ],
)
def test_what_a_layer_may_import_is_no_breach(tmp_path: Path, path: str, line: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(line, encoding="utf-8")
    assert find_breaches(tmp_path) == []


def test_the_command_line_imports_nothing_heavy() -> None:
    """`tieout --help` and `tieout check` answer at once, without Prefect's seconds of start-up."""
    script = "import sys, flows.cli; print(sorted({'prefect', 'pandas', 'pandera', 'aiohttp'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own script
    assert found.stdout.strip() == "[]"
