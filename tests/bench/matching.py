"""How long matching takes, against datacompy's comparisons of the same data, on pandas and on polars.

tieout joins sheet and ledger, matches them with the service's entries and classifies all; datacompy compares two of
the three sides, sheet and service, on all columns of an event. Each runs in a process of its own, one after the
other; times are of the processor, the best of three. datacompy wants an older pandas than tieout, so it gets a
temporary environment from the package index; where that is out of reach, a line says so.

Then as many times these events, a group of clients after the other, as reconciliation does: what is matched is counted
and forgotten, what is broken is kept, and the memory is that of one group.

    TIEOUT_BENCH_EVENTS     how many events; 1,000,000 without it
    TIEOUT_BENCH_GROUPS     how many such groups; 2 without it, 10 for ten million events
    TIEOUT_BENCH_DATACOMPY  a Python that has datacompy; a temporary environment is made without it
"""

import importlib.metadata
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from tests.bench.goals import Goal, tell
from tests.truth.seeded import CONTENT, Sides, seed_sides

_EVENTS = int(os.environ.get("TIEOUT_BENCH_EVENTS", "1000000"))
_GROUPS = int(os.environ.get("TIEOUT_BENCH_GROUPS", "2"))
_BREAKS = 5_000
_FIXED_SEED = 1
_DATACOMPY = "datacompy==1.1.0"
_ROOT = Path(__file__).parents[2]
_MOST_MB, _MOST_GROWTH, _MOST_MB_OF_GROUPS = 1200, 12, 4096
_MOST_SHARE = {"pandas": 0.5, "polars": 1.5}  # of datacompy's time


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        small, large = (_measure(sys.executable, "ours", n, folder) for n in (_EVENTS // 10, _EVENTS))
        many = _measure_groups(folder)
        peers = _measure_datacompy(folder)
    growth = large["seconds"] / small["seconds"]
    _say(f"matching {_EVENTS:,} events on three sides, {_BREAKS:,} of them broken")
    _say(f"  tieout     {large['seconds']:6.2f} s   {large['peak_mb']:,.0f} MB with the frames (at most {_MOST_MB:,})")
    _say(f"  a tenth    {small['seconds']:6.2f} s   ten times as many take {growth:.1f} times (at most {_MOST_GROWTH})")
    _say(
        f"  {_GROUPS} groups   {many['seconds']:6.2f} s   {_GROUPS * _EVENTS:,} events, {many['breaks']:,.0f} breaks,"
        f" {many['peak_mb']:,.0f} MB (at most {_MOST_MB_OF_GROUPS:,})"
    )
    goals = [large["peak_mb"] <= _MOST_MB, growth <= _MOST_GROWTH, many["peak_mb"] <= _MOST_MB_OF_GROUPS]
    for peer in peers:
        most, share = _MOST_SHARE[peer["on"]], large["seconds"] / peer["seconds"]
        of = f"version {peer['version']}, {peer['on']} {peer['library']}"
        _say(
            f"  datacompy  {peer['seconds']:6.2f} s   two sides, {of}: tieout takes {share:.2f} of it (at most {most})"
        )
        what = f"matching {_EVENTS:,} on three sides, of datacompy's time"
        goals.append(tell(Goal(what, share, most, "times", f"datacompy on {peer['on']}: {peer['seconds']:.1f} s")))
    return 0 if all(goals) else 1


def _measure_groups(folder: Path) -> dict[str, Any]:
    """Match groups in one process; each is made in another one."""
    for number in range(_GROUPS):
        _run(sys.executable, "make", _EVENTS, folder / f"group-{number}", seed=_FIXED_SEED + number)
    return _run(sys.executable, "groups", _EVENTS, folder)


def _measure_datacompy(folder: Path) -> list[dict[str, Any]]:
    try:
        python = _python_with_datacompy(folder)
        return [_measure(python, f"datacompy_on_{library}", _EVENTS, folder) for library in _MOST_SHARE]
    except (subprocess.CalledProcessError, OSError):
        _say(f"  datacompy is absent: {_DATACOMPY} could not be installed, so there is nothing to compare with")
        return []


def _python_with_datacompy(folder: Path) -> str:
    if known := os.environ.get("TIEOUT_BENCH_DATACOMPY"):
        return known
    python = folder / "venv" / "bin" / "python"
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], **quiet)  # noqa: S603
    subprocess.run([str(python), "-m", "pip", "install", _DATACOMPY], **quiet)  # noqa: S603
    return str(python)


def _measure(python: str, what: str, events_count: int, folder: Path) -> dict[str, Any]:
    """Run one side in a fresh process; the frames are made in another, whose memory does not count."""
    kept = folder / f"{what}-{events_count}.pickle"
    _run(python, "make", events_count, kept)
    found = _run(python, what, events_count, kept)
    kept.unlink()
    return found


def _run(python: str, step: str, events_count: int, kept: Path, seed: int = _FIXED_SEED) -> dict[str, Any]:
    command = [python, "-m", "tests.bench.matching", step, str(events_count), str(kept), str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_ROOT)  # noqa: S603
    return dict(json.loads(done.stdout))


def make(events_count: int, kept: Path, seed: int) -> dict[str, Any]:
    """Make the three sides and keep them."""
    sides = seed_sides(events_count, min(_BREAKS, events_count // 4), seed)
    pd.to_pickle([sides.source, sides.ledger, sides.remote, sides.truth.iloc[:0]], kept)
    return {}


def read(kept: Path) -> Sides:
    """Take back what `make` kept."""
    return Sides(*pd.read_pickle(kept))  # noqa: S301 - made by this very run, in a folder of its own


def ours(sides: Sides) -> dict[str, Any]:
    """Join, match and classify."""
    from tests.truth.compare import TOLERANCES
    from transforms.match.transactions import match_transactions

    def work() -> None:
        found = match_transactions(sides.events, sides.remote, TOLERANCES)
        assert len(found) > len(sides.source)

    return {"seconds": _best(work), "peak_mb": _peak_mb()}


def groups(folder: Path) -> dict[str, Any]:
    """Match group after group, and keep what is broken."""
    from tests.truth.compare import TOLERANCES
    from transforms.match.transactions import in_order, match_group

    started = time.process_time()
    broken = []
    for kept in sorted(folder.glob("group-*")):
        sides = read(kept)
        found = match_group(sides.events, sides.remote, TOLERANCES)
        broken.append(found[found["outcome"].ne("matched")])
    breaks = in_order(broken)
    return {"seconds": time.process_time() - started, "breaks": len(breaks), "peak_mb": _peak_mb()}


def datacompy_on_pandas(sides: Sides) -> dict[str, Any]:
    """Compare two of the sides, as its manual shows."""
    from datacompy import PandasCompare  # type: ignore[import-not-found]  # in an environment of its own

    return _compared("pandas", lambda: PandasCompare(sides.source, sides.remote, join_columns=CONTENT), sides)


def datacompy_on_polars(sides: Sides) -> dict[str, Any]:
    """Compare the same as frames of polars, which are made of the others before the clock starts."""
    import polars  # type: ignore[import-not-found]  # in an environment of its own
    from datacompy import PolarsCompare

    source, remote = polars.from_pandas(sides.source), polars.from_pandas(sides.remote)
    return _compared("polars", lambda: PolarsCompare(source, remote, join_columns=CONTENT), sides)


def _compared(library: str, compare: Callable[[], Any], sides: Sides) -> dict[str, Any]:
    def work() -> None:
        assert len(compare().intersect_rows) > len(sides.source) // 2

    version, of_library = (importlib.metadata.version(name) for name in ("datacompy", library))
    return {"seconds": _best(work), "version": version, "on": library, "library": of_library}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _best(work: Callable[[], None]) -> float:
    """Return the processor's seconds of the quickest of three rounds: what else the machine does only adds to them."""
    rounds = []
    for _ in range(3):
        started = time.process_time()
        work()
        rounds.append(time.process_time() - started)
    return min(rounds)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) == 5:
        step, count, path, seed = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
        if step == "make":
            told = make(count, path, seed)
        else:
            told = groups(path) if step == "groups" else globals()[step](read(path))
        json.dump(told, sys.stdout)
    else:
        sys.exit(main())
