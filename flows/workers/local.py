"""Processes of this machine, one for each core: they load what judges a part once, and end with the process they serve.

They come from a server that loads pandas before there is any thread in it, and splits off from there: this process may
have threads, which a copy of it would not. The operating system gives no such server on Windows, where each loads it.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import BaseContext

from flows.workers.pool import Pool

# The reading of the parts, a seventh of the work, is done by this process alone, and keeps no more than that busy.
_MOST_WORKERS = 8
_LOADED_BEFORE = ["transforms.check.judged"]


@contextmanager
def open_processes(count: int | None) -> Iterator[Pool | None]:
    """Give so many processes, or one for each core; None where one alone would do all the work."""
    workers = min(_cores_count(), _MOST_WORKERS) if count is None else count
    if workers < 2:
        yield None
        return
    executor = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_begin_worker)
    lost = (BrokenExecutor, CancelledError)
    try:
        yield Pool(executor, ahead=workers, lost=lost, name=f"One of {workers} processes beside this one")
    finally:
        executor.shutdown(cancel_futures=True)


def _cores_count() -> int:
    """Return how many cores this process may use, which in a container are fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _context() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED_BEFORE)
    return context


def _begin_worker() -> None:
    """Leave Ctrl-C to the process that is served, and end when it does, however it does: killed, it cannot say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
