"""How long matching takes, against datacompy's pandas comparison of the same data.

tieout joins sheet and ledger, matches them with the service's entries and classifies all; datacompy compares two of
the three sides, sheet and service, on all columns of an event. Each runs in a process of its own, one after the
other; times are of the processor, the best of three. datacompy wants an older pandas than tieout, so it gets a
temporary environment from the package index; where that is out of reach, a line says so.

    TIEOUT_BENCH_EVENTS     how many events; 1,000,000 without it
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

from tests.truth.seeded import CONTENT, Sides, seed_sides

_EVENTS = int(os.environ.get("TIEOUT_BENCH_EVENTS", "1000000"))
_BREAKS = 5_000
_FIXED_SEED = 1
_DATACOMPY = "datacompy==1.1.0"
_ROOT = Path(__file__).parents[2]
_MOST_SHARE, _MOST_MB, _MOST_GROWTH = 0.5, 1200, 12


def main() -> int:
    """Print the figures; 1 where a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        small, large = (_measure(sys.executable, "ours", n, folder) for n in (_EVENTS // 10, _EVENTS))
        peer = _measure_datacompy(folder)
    growth = large["seconds"] / small["seconds"]
    _say(f"matching {_EVENTS:,} events on three sides, {_BREAKS:,} of them broken")
    _say(f"  tieout     {large['seconds']:6.2f} s   {large['peak_mb']:,.0f} MB with the frames (at most {_MOST_MB:,})")
    _say(f"  a tenth    {small['seconds']:6.2f} s   ten times as many take {growth:.1f} times (at most {_MOST_GROWTH})")
    goals = [large["peak_mb"] <= _MOST_MB, growth <= _MOST_GROWTH]
    if peer:
        share = large["seconds"] / peer["seconds"]
        _say(f"  datacompy  {peer['seconds']:6.2f} s   two sides, version {peer['version']}, pandas {peer['pandas']}")
        _say(f"  tieout takes {share:.2f} of its time (at most {_MOST_SHARE})")
        goals.append(share <= _MOST_SHARE)
    return 0 if all(goals) else 1


def _measure_datacompy(folder: Path) -> dict[str, Any] | None:
    try:
        return _measure(_python_with_datacompy(folder), "datacompy", _EVENTS, folder)
    except (subprocess.CalledProcessError, OSError):
        _say(f"  datacompy is absent: {_DATACOMPY} could not be installed, so there is nothing to compare with")
        return None


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
    for step in ("make", what):
        command = [python, "-m", "tests.bench.matching", step, str(events_count), str(kept)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_ROOT)  # noqa: S603
    kept.unlink()
    return dict(json.loads(done.stdout))


def make(events_count: int, kept: Path) -> dict[str, Any]:
    """Make the three sides and keep them."""
    sides = seed_sides(events_count, min(_BREAKS, events_count // 4), _FIXED_SEED)
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

    return {"seconds": _best(work), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def datacompy(sides: Sides) -> dict[str, Any]:
    """Compare two of the sides, as its manual shows."""
    from datacompy import PandasCompare  # type: ignore[import-not-found]  # in an environment of its own

    def work() -> None:
        compared = PandasCompare(sides.source, sides.remote, join_columns=CONTENT)
        assert len(compared.intersect_rows) > len(sides.source) // 2

    return {"seconds": _best(work), "version": importlib.metadata.version("datacompy"), "pandas": pd.__version__}


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
    if len(sys.argv) == 4:
        step, count, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
        told = make(count, path) if step == "make" else globals()[step](read(path))
        json.dump(told, sys.stdout)
    else:
        sys.exit(main())
