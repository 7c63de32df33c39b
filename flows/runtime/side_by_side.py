"""Do several things at once, each in a thread of its own, and let all of them end where one met what concerns all.

Each call runs in a copy of the caller's context: what a run shares (how a place stands, tokens, clocks) it shares with
its threads too, and a scheduler knows which run they belong to.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TypeVar

from flows.runtime.errors import Interrupted
from flows.runtime.interrupt import Halt, halting_together, is_stopping

R = TypeVar("R")
ConcernsAll = Callable[[BaseException], bool]


def side_by_side(calls: Sequence[Callable[[], R]], at_once: int, concerns_all: ConcernsAll) -> list[Future[R]]:
    """Return how each call ended, in their order: so many at once, none left at work.

    Where an error of one ``concerns_all`` the others end as by Ctrl-C, and what has not begun ends as `Interrupted`.
    """
    with halting_together() as halt:
        if min(at_once, len(calls)) <= 1:
            return [_mind(_ended(call), halt, concerns_all) for call in calls]
        with ThreadPoolExecutor(at_once, thread_name_prefix="tieout-place") as pool:
            ending = [pool.submit(copy_context().run, _begin, call) for call in calls]
            try:
                for ended in as_completed(ending):
                    _mind(ended, halt, concerns_all)
            finally:
                # Where this thread itself is ended, what is in flight elsewhere is finished and recorded first.
                if not all(ended.done() for ended in ending):
                    halt.set()
    return ending


def _begin(call: Callable[[], R]) -> R:
    if is_stopping():
        raise Interrupted("Stopped as asked: nothing was in flight, the rest waits. Run again.")
    return call()


def _ended(call: Callable[[], R]) -> Future[R]:
    """Do one call here and now."""
    future: Future[R] = Future()
    try:
        future.set_result(_begin(call))
    except Exception as error:  # noqa: BLE001 - whoever asks for the result is raised it
        future.set_exception(error)
    return future


def _mind(ended: Future[R], halt: Halt, concerns_all: ConcernsAll) -> Future[R]:
    error = ended.exception()
    if error is not None and concerns_all(error):
        halt.set()
    return ended
