"""How long the report of a large night takes: 1,000,000 posted events and 5,000 open breaks.

The workbook keeps the breaks and the sums; the matched detail goes into a CSV file beside it.

    TIEOUT_BENCH_EVENTS   how many events; 1,000,000 without it
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from flows.reports.page.page import write_page
from flows.reports.record import write_json
from flows.reports.workbook.workbook import write_workbook
from tests.flows.reports import samples

_EVENTS = int(os.environ.get("TIEOUT_BENCH_EVENTS", "1000000"))
_BREAKS = 5_000
_MOST_SECONDS = 15.0


def main() -> int:
    """Print the figures; 1 where the goal is missed."""
    night = samples.report(posted=samples.posted(_EVENTS), breaks=_breaks())
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        workbook = _seconds(lambda: write_workbook(night, folder / "night.xlsx"))
        others = _seconds(lambda: (write_page(night, folder / "night.html"), write_json(night, folder / "night.json")))
        sizes = ", ".join(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in sorted(folder.iterdir()))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"report of {_EVENTS:,} posted events and {_BREAKS:,} open breaks\n")
    sys.stdout.write(f"  workbook and its detail {workbook:6.1f} s (at most {_MOST_SECONDS:.0f}), of the processor\n")
    sys.stdout.write(f"  page and JSON           {others:6.1f} s; peak memory {peak_mb:,.0f} MB\n  {sizes}\n")
    return 0 if workbook <= _MOST_SECONDS else 1


def _breaks() -> pd.DataFrame:
    few = samples.breaks()
    many = pd.concat([few] * (_BREAKS // len(few) + 1), ignore_index=True).head(_BREAKS)
    return many.assign(id=[f"brk-{number:06d}" for number in range(_BREAKS)])


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
