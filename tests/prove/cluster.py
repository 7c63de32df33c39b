"""Two runs at once on one PostgreSQL ledger, whose long file is judged by a Dask cluster that is taken from under them.

A night has few events; what makes its file a long one are rows with nothing but blanks, which are no rows.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.flows.workers.cluster import running_cluster
from tests.postgresql import postgresql_server
from tests.prove.command import start_run, wait_for
from tests.prove.sweeps import ANSWERS_LOST, Line, run_trials
from tests.prove.trial import prove_night

# Three parts, and past the size from which anything is handed out.
_BLANK_ROWS, _BLANKS = 240_000, 80
_SETTINGS = """
[scale]
executor = "dask"
scheduler = "{address}"
"""


def sweep_cluster(folder: Path, seed: int, trials_count: int) -> Iterator[Line]:
    """Kill a worker while two runs are at it, and the scheduler a moment later; then run until quiet."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    with postgresql_server("fsync=off") as server:
        waits = [(chance.uniform(0.5, 4), chance.uniform(0.2, 2)) for _ in range(trials_count)]
        trials = [lambda bench, wait=wait: prove_night(bench, _cluster_lost(*wait)) for wait in waits]
        name = "PostgreSQL, Dask: two runs, a worker and the scheduler lost"
        yield run_trials(folder, name, trials, ANSWERS_LOST, server=server, workers=1)


def _cluster_lost(before_worker: float, before_scheduler: float) -> Callable[[Path], bool]:
    def run_both(config: Path) -> bool:
        _make_long(config.parent / "inbox" / "1_points.csv")
        with running_cluster(config.parent) as cluster:
            config.write_text(config.read_text("utf-8") + _SETTINGS.format(address=cluster.address), "utf-8")
            processes = [start_run(config), start_run(config)]
            time.sleep(before_worker)
            os.kill(cluster.workers[0], signal.SIGKILL)
            time.sleep(before_scheduler)
            cluster.process.kill()
            for process in processes:
                wait_for(process)
        # Hit where the cluster was at it, or had been asked: not where all was judged before.
        return "with the same result" in (config.parent / "run.err").read_text("utf-8")

    return run_both


def _make_long(path: Path) -> None:
    """Put rows of blanks between the rows of the file."""
    headings, *rows = path.read_text("utf-8").splitlines()
    blank = "," * headings.count(",") + " " * _BLANKS
    between = [blank] * (_BLANK_ROWS // len(rows))
    lines = [headings]
    for row in rows:
        lines += [row, *between]
    path.write_text("\n".join(lines) + "\n", "utf-8")
