"""The table of goals, with which `make bench` ends: what was measured, its rival, the goal, and whether it is met.

Every goal is a figure, or a ratio to the rival in the same run, so that a busy machine slows both. A script of this
folder tells a line as it has measured it; where the environment names a file the line is kept there, too.

    python -m tests.bench.goals FILE   prints the lines that were kept
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

TABLE = "TIEOUT_BENCH_TABLE"
_WIDTHS = (56, 12, 12, 10, 44)


@dataclass(frozen=True)
class Goal:
    """One line: a figure against a goal, which is the most that it may be, or the least."""

    what: str
    figure: float
    goal: float | None  # None: a rival, which has none
    unit: str  # "s of processor", "times"
    rival: str = ""  # what a ratio is against, and its own figure
    is_least: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None of a rival."""
        if self.goal is None:
            return None
        return self.figure >= self.goal if self.is_least else self.figure <= self.goal


def tell(line: Goal) -> bool:
    """Print a line, and keep it for the table; False where the goal is missed."""
    _write(_shown(line))
    if os.environ.get(TABLE):
        with Path(os.environ[TABLE]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")
    return line.is_met is not False


def main(path: Path) -> None:
    """Print the lines that were kept, under their headings."""
    _write(_in_columns("goal", "measured", "goal", "", "beside it"))
    for kept in path.read_text(encoding="utf-8").splitlines():
        _write(_shown(Goal(**json.loads(kept))))


def _shown(line: Goal) -> str:
    said = {True: "met", False: "MISSED", None: ""}[line.is_met]
    bound = "" if line.goal is None else f"{'>=' if line.is_least else '<='} {line.goal:g}"
    return _in_columns(line.what, f"{line.figure:.2f}", bound, said, f"{line.unit}  {line.rival}")


def _in_columns(*cells: str) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
