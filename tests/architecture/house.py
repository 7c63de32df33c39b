"""Read the house from the source: its rooms, the floors they stand on, and which room imports which.

A room is a folder of `flows` or `transforms` (or a module that stands alone there), and `sql` as a whole. Imports
inside functions count too. `FLOORS` says where each room stands; `test_floors.py` holds the code to it,
`draw.py` draws it.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("flows", "sql", "transforms")

# From the top floor down. Rooms of one line do not know each other; a new room needs a place here.
FLOORS = (
    ("flows.cli",),
    ("flows.doctor", "flows.desk", "flows.nightly", "flows.upload", "flows.settle", "flows.reconcile"),
    ("flows.orchestration",),
    ("flows.runs",),
    ("flows.review", "flows.marked_copy", "flows.recovery", "flows.keeping"),
    ("flows.intake",),
    ("flows.loader", "flows.reconciliation", "flows.reference", "flows.notices", "flows.monitoring", "flows.people"),
    ("flows.reports", "flows.services", "flows.status"),
    ("flows.ledger", "flows.workers"),
    ("flows.settings", "flows.readers"),
    ("flows.runtime", "flows.sandbox"),
    ("sql",),
    ("transforms.check", "transforms.totals"),
    ("transforms.reference", "transforms.match", "transforms.recover"),
    (
        "transforms.identity",
        "transforms.settle",
        "transforms.sheets",
        "transforms.nights",
        "transforms.keeping",
        "transforms.guards",
        "transforms.arrivals",
        "transforms.hours",
    ),
    ("transforms.reconcile",),
    ("transforms.outcomes", "transforms.destinations"),
    ("transforms.vocabulary", "transforms.exact_sums", "transforms.spoken_times"),
)
FLOOR_OF: Mapping[str, int] = {room: len(FLOORS) - n for n, rooms in enumerate(FLOORS) for room in rooms}


class Import(NamedTuple):
    """One import of one of our modules by another."""

    module: str
    line: int
    imported: str

    @property
    def rooms(self) -> tuple[str, str]:
        """The room that imports, and the one that is imported."""
        return room_of(self.module), room_of(self.imported)


def room_of(module: str) -> str:
    """Return the room of a module: sql, or the first folder or module below its package."""
    package, _, inside = module.partition(".")
    return "sql" if package == "sql" else f"{package}.{inside.partition('.')[0]}"


def modules() -> Iterator[tuple[str, Path]]:
    """Give every module of the three packages but the packages themselves."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            if name not in ("flows", "transforms"):
                yield name, path


def imports() -> list[Import]:
    """Return every import of one of our modules."""
    return [
        Import(name, line, imported)
        for name, path in modules()
        for line, imported in _imported_by(path)
        if imported.partition(".")[0] in PACKAGES
    ]


def _imported_by(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in ("flows", "transforms"):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, str(node.module)


def arrows() -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    found: dict[str, set[str]] = {room: set() for room in FLOOR_OF}
    for one in imports():
        upper, lower = one.rooms
        if upper != lower:
            found[upper].add(lower)
    return found


def needed_arrows() -> set[tuple[str, str]]:
    """Return the arrows without those that follow from others: whoever knows A, which knows B, may know B too."""
    direct = arrows()
    needed = set()
    for upper, lowers in direct.items():
        through_others = set().union(*(_all_below(lower, direct) for lower in lowers))
        needed |= {(upper, lower) for lower in lowers - through_others}
    return needed


def _all_below(room: str, direct: Mapping[str, set[str]]) -> set[str]:
    below = set(direct[room])
    for lower in direct[room]:
        below |= _all_below(lower, direct)
    return below
