"""Hand out pure work and take back what became of it, in order: here, to processes beside this one, or to a cluster.

Only functions of `transforms` are handed out. They change nothing, so that a cluster may run the work of a lost worker
again, and this process may do by itself whatever nobody brought back. Nothing that talks to a service or to the ledger
ever leaves the process that holds its lease.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from flows.runtime.errors import CouldNotRun
from flows.runtime.log import say
from flows.settings.sections import Settings
from flows.workers.local import open_processes
from flows.workers.pool import Pool
from flows.workers.same_code import do_if_same

T = TypeVar("T")
R = TypeVar("R")

# Below it, processes that first have to load pandas come too late: about 300,000 rows, which take two seconds.
_LARGE_BYTES = 16 * 2**20


@dataclass(frozen=True)
class _Out(Generic[T, R]):
    """A piece of work, kept until what became of it is back; None where nobody has it."""

    task: T
    coming: "Future[R] | None"

    @property
    def is_back(self) -> bool:
        return self.coming is not None and self.coming.done()


class Workers:
    """Who does pure work; nobody is started before there is work for more than one."""

    def __init__(self, settings: Settings, size: int, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._is_wanted = size >= _LARGE_BYTES
        self._pool: Pool | None = None
        self._left: Pool | None = None  # one that was lost, with which something may still be out

    def in_order(self, do: Callable[[T], R], tasks: Iterator[T]) -> Iterator[R]:
        """Give what becomes of each task, in their order; the next ones are asked for as the work goes on.

        The first error is that of the first task that has one, whoever did the work; then comes what `tasks` raises.
        """
        self._open()
        out: deque[_Out[T, R]] = deque()
        error: Exception | None = None
        while error is None:
            try:
                task = next(tasks)
            except StopIteration:
                break
            except Exception as found:  # noqa: BLE001 - raised below, once what came before it is back
                error = found
                break
            out.append(_Out(task, self._send(do, task)))
            while len(out) > self._ahead or (out and out[0].is_back):
                yield self._bring(do, out.popleft())
        while out:
            yield self._bring(do, out.popleft())
        if error is not None:
            raise error

    @property
    def _ahead(self) -> int:
        """How many pieces may be out while the next one is read."""
        return 0 if self._pool is None else self._pool.ahead

    def _open(self) -> None:
        """Start who is to do the work, once, where it is worth it; where nobody is there, this process does it."""
        if not self._is_wanted:
            return
        self._is_wanted = False
        try:
            self._pool = self._stack.enter_context(_pool_of(self._settings))
        except CouldNotRun as error:
            say(f"{error} This process does the work alone, with the same result.")

    def _send(self, do: Callable[[T], R], task: T) -> "Future[R] | None":
        pool = self._pool
        if pool is None:
            return None
        try:
            if pool.code is None:
                return pool.executor.submit(do, task)
            return pool.executor.submit(do_if_same, do, task, pool.code)
        except pool.lost as error:
            self._go_on_alone(error)
            return None

    def _bring(self, do: Callable[[T], R], out: _Out[T, R]) -> R:
        """Return what became of a task; where who had it is gone, it is done here: nothing had come of it."""
        if out.coming is None:
            return do(out.task)
        pool = self._pool or self._left
        lost = () if pool is None else pool.lost
        try:
            return out.coming.result()
        except lost as error:
            self._go_on_alone(error)
            return do(out.task)

    def _go_on_alone(self, error: BaseException) -> None:
        if self._pool is None:  # what was out with them is lost too, and that was said
            return
        why = str(error) or type(error).__name__
        say(f"{self._pool.name} cannot go on ({why}): this process does the rest, with the same result.")
        self._left, self._pool = self._pool, None


@contextmanager
def open_workers(settings: Settings, size: int) -> Iterator[Workers]:
    """Give who does the work on so many bytes; at the end of the block they are gone, whatever is still out."""
    with ExitStack() as stack:
        yield Workers(settings, size, stack)


@contextmanager
def _pool_of(settings: Settings) -> Iterator[Pool | None]:
    if settings.scale.executor == "dask":
        from flows.workers.cluster import open_cluster

        with open_cluster(settings.scale.scheduler) as pool:
            yield pool
        return
    with open_processes(settings.scale.workers) as pool:
        yield pool
