"""Every room stands on its floor, imports lead down only, and queries are run in `sql` alone."""

import ast

import pytest

from tests.architecture.house import FLOOR_OF, ROOT, imports, modules, room_of


def test_every_room_has_its_floor() -> None:
    assert {room_of(name) for name, _ in modules()} == FLOOR_OF.keys()


def test_imports_lead_down_only() -> None:
    breaches = []
    for one in imports():
        upper, lower = one.rooms
        if upper != lower and FLOOR_OF[lower] >= FLOOR_OF[upper]:
            breaches.append(f"{one.module}:{one.line} imports {one.imported}")
    assert breaches == []


def test_nothing_lies_loose_beside_the_four_flows() -> None:
    loose = {path.stem for path in (ROOT / "flows").glob("*.py")}
    assert loose == {"__init__", "nightly", "upload", "settle", "reconcile"}


@pytest.mark.parametrize("module", ["sql.queries", "sql.tables"])
def test_queries_and_tables_are_used_in_sql_alone(module: str) -> None:
    users = {room_of(one.module) for one in imports() if one.imported == module}
    assert users == {"sql"}


def test_nothing_is_executed_outside_sql_but_what_opens_the_ledger() -> None:
    """A connection is handed to a function of `sql`; only the engine's own set-up speaks to the driver."""
    callers = {
        name
        for name, path in modules()
        if room_of(name) not in ("sql", "flows.sandbox")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("execute", "exec_driver_sql", "scalars")
    }
    assert callers == {"flows.ledger.engine"}
