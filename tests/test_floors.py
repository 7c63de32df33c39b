"""The house: every folder of `flows` and `transforms` stands on its floor, and imports lead down only.

Read from the source, so that an import inside a function counts too. A new folder needs a place here: where it stands
says what it may know.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the top floor down. Rooms of one line do not know each other.
FLOORS = (
    ("flows.cli",),
    ("flows.doctor", "flows.nightly", "flows.upload", "flows.settle", "flows.reconcile"),
    ("flows.orchestration",),
    ("flows.runs",),
    ("flows.review", "flows.marked_copy"),
    ("flows.intake",),
    ("flows.loader", "flows.reconciliation", "flows.reference", "flows.notices"),
    ("flows.reports", "flows.services", "flows.status"),
    ("flows.ledger",),
    ("flows.settings", "flows.readers"),
    ("flows.runtime",),
    ("flows.sandbox",),
    ("sql",),
    ("transforms.check", "transforms.totals"),
    ("transforms.reference", "transforms.match"),
    ("transforms.identity", "transforms.settle", "transforms.sheets", "transforms.nights"),
    ("transforms.vocabulary",),
)
FLOOR_OF = {room: len(FLOORS) - number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    package, _, inside = module.partition(".")
    return "sql" if package == "sql" else f"{package}.{inside.partition('.')[0]}"


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("flows", "sql", "transforms"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            if name not in ("flows", "transforms"):
                yield name, path


def imported_by(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in ("flows", "transforms"):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, str(node.module)


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("flows", "sql", "transforms")


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(name) for name, _ in modules()}
    assert rooms == FLOOR_OF.keys()


def test_imports_lead_down_only() -> None:
    breaches = [
        f"{name}:{line} imports {module}"
        for name, path in modules()
        for line, module in imported_by(path)
        if is_ours(module) and room_of(module) != room_of(name)
        if FLOOR_OF[room_of(module)] >= FLOOR_OF[room_of(name)]
    ]
    assert breaches == []


def test_nothing_lies_loose_beside_the_four_flows() -> None:
    loose = {path.stem for path in (ROOT / "flows").glob("*.py")}
    assert loose == {"__init__", "nightly", "upload", "settle", "reconcile"}


@pytest.mark.parametrize(
    ("words", "only_in"),
    [
        pytest.param("sql.queries", "sql", id="named queries"),
        pytest.param("sql.tables", "sql", id="tables"),
    ],
)
def test_queries_are_run_in_sql_alone(words: str, only_in: str) -> None:
    users = {room_of(name).partition(".")[0] for name, path in modules() for _, m in imported_by(path) if m == words}
    assert users == {only_in}


def test_nothing_is_executed_outside_sql_but_what_opens_the_ledger() -> None:
    """A connection is handed to a function of `sql`; only the engine's own set-up speaks to the driver."""
    callers = {
        name
        for name, path in modules()
        if not name.startswith(("sql", "flows.sandbox"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("execute", "exec_driver_sql", "scalars")
    }
    assert callers == {"flows.ledger.connection"}
