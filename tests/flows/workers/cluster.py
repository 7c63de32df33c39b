"""A real Dask cluster: a scheduler and two worker processes, in a process of their own that can be killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flows.settings.sections import Settings

ROOT = Path(__file__).parents[3]
_CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        print(cluster.scheduler_address, *pids, flush=True)
        sys.stdin.read()
"""


class Cluster(NamedTuple):
    address: str
    workers: list[int]
    process: "subprocess.Popen[str]"

    @property
    def settings(self) -> Settings:
        return Settings(scale={"executor": "dask", "scheduler": self.address})


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    script = folder / "cluster.py"
    script.write_text(_CLUSTER, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(script)], env=environment, stdin=-1, stdout=-1, stderr=-3, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            address, *pids = process.stdout.readline().split()
            yield Cluster(address, [int(pid) for pid in pids], process)
        finally:
            process.kill()
