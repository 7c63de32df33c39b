"""How long short commands take, from their start to their end, beside a Python that only loads pandas.

Each is a process of its own, in turn with the others, and the least of some rounds counts. Nothing is counted of the
sandbox that they talk to.

    TIEOUT_BENCH_ROUNDS   how many rounds; 5 without it
    TIEOUT_BENCH_DEMO     1: the demo too, with its sandbox and its Prefect server, which takes a minute
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from flows.sandbox import start_sandbox
from tests.bench.goals import Goal, tell
from tests.flows.workplace import HEADINGS, earned, open_workplace

_ROUNDS = int(os.environ.get("TIEOUT_BENCH_ROUNDS", "5"))
_ROOT = Path(__file__).parents[2]
_PANDAS = "python -c 'import pandas'"
# A clone writes what it compiles once; to compile all of it at each start is nobody's case.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_OF_CLOCK = {"upload of ten rows": 2.0, "run with an empty inbox": 1.0}
_OF_PROCESSOR = {"breaks": 0.5, "plan": 0.5, "status": 0.5}
_NO_GOAL = ("check of ten rows",)


@dataclass
class Took:
    """The least that a command took so far."""

    seconds: float = float("inf")
    cpu_seconds: float = float("inf")


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        took = _measure(Path(name))
        bare = took.pop(_PANDAS)
        lines = [_line(what, one, bare) for what, one in took.items()]
        if os.environ.get("TIEOUT_BENCH_DEMO"):
            demo = _take(["demo"], Took())
            lines.append(Goal("demo, with all it starts", demo.cpu_seconds, 12.5, "s of processor"))
    missed = [line for line in lines if not tell(line)]
    return 1 if missed else 0


def _line(what: str, one: Took, bare: Took) -> Goal:
    """Hold a command against its goal; beside it stands what it is in times of the bare one."""
    times = f"{one.cpu_seconds:.2f} s of processor, {one.cpu_seconds / bare.cpu_seconds:.1f} times {_PANDAS}"
    if what in _OF_CLOCK:
        return Goal(what, one.seconds, _OF_CLOCK[what], "s by the clock", times)
    return Goal(what, one.cpu_seconds, _OF_PROCESSOR.get(what), "s of processor", times)


def _measure(folder: Path) -> dict[str, Took]:
    """Run the commands in turn, round by round, in one workspace that is never idle for long."""
    took = {_PANDAS: Took(), **{what: Took() for what in (*_OF_CLOCK, *_OF_PROCESSOR, *_NO_GOAL)}}
    with start_sandbox(state=folder / "sandbox.json") as ready:
        work = open_workplace(folder / "work", ready)
        for number in range(_ROUNDS):
            rows = _write_rows(folder / f"rows-{number}.csv", number)
            commands = {
                "upload of ten rows": ["upload", "--yes", "--plain", str(rows)],
                "run with an empty inbox": ["run", "--plain"],
                "check of ten rows": ["check", str(rows)],
                **{what: [what] for what in _OF_PROCESSOR},
            }
            took[_PANDAS] = _least(took[_PANDAS], [sys.executable, "-c", "import pandas"])
            for what, words in commands.items():
                took[what] = _take([*words, "--config", str(work.config)], took[what])
    return took


def _write_rows(path: Path, number: int) -> Path:
    """Write ten rows that no other file has."""
    rows = [earned("100000001", points=1 + place, time=f"2026-09-{10 + number:02}T17:00:00Z") for place in range(10)]
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return path


def _take(words: list[str], before: Took) -> Took:
    return _least(before, [sys.executable, "-m", "flows.cli", *words])


def _least(before: Took, command: list[str]) -> Took:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, env=_ENVIRONMENT, cwd=_ROOT, capture_output=True, check=False)  # noqa: S603
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime - used.ru_utime + after.ru_stime - used.ru_stime
    return Took(min(before.seconds, seconds), min(before.cpu_seconds, cpu_seconds))


if __name__ == "__main__":
    sys.exit(main())
