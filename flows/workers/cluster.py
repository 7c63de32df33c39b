"""A Dask cluster that somebody runs: its scheduler is at an address, its workers wherever they are.

It is handed parts of files and gives back what became of them. Whatever becomes of the cluster, nothing was kept or
sent there: a lost worker's part is judged by another, and where the scheduler is lost, by this process.
"""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from flows.runtime.errors import CouldNotRun, SettingsError
from flows.workers.pool import Pool
from flows.workers.same_code import OtherCode, code_of_work

_WAIT_SECONDS = 10
_MOST_WORKERS = 64


@contextmanager
def open_cluster(address: str) -> Iterator[Pool]:
    """Give the workers of a scheduler; `CouldNotRun` where nobody is there, `SettingsError` where Dask is not."""
    try:
        from distributed import Client
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise SettingsError(
            'scale.executor is "dask", and Dask is not installed: install tieout[dask], or take it out of the settings.'
        ) from None
    _be_quiet()
    try:
        client = Client(address, timeout=_WAIT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise CouldNotRun(f"scale.scheduler: nothing answers as a Dask scheduler at {address} ({error}).") from None
    try:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise CouldNotRun(f"scale.scheduler: the cluster at {address} has no workers.")
        gone = (CancelledError, asyncio.CancelledError, FutureCancelledError, KilledWorker, OSError)
        lost = (*gone, ImportError, OtherCode)
        # Every piece of work is done anew: to find out that one was done before takes as long as its half.
        executor = client.get_executor(pure=False)
        ahead = min(workers, _MOST_WORKERS) + 1
        yield Pool(executor, ahead=ahead, lost=lost, name=f"The cluster at {address}", code=code_of_work())
    finally:
        client.close(timeout=1)


def _be_quiet() -> None:
    """Log nothing of a connection that is lost: it would come with a trace, and is told here in one line."""
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
