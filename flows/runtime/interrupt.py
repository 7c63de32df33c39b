"""Stop in order: the first Ctrl-C, SIGTERM or hang-up asks, and what is in flight is finished; the second one kills.

Being killed is harmless too: what was claimed and not recorded is read back by the next run.

What runs side by side also stops where one of it has met what concerns all, such as a ledger that is gone.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

stop_requested = threading.Event()
Halt = threading.Event
_halt: ContextVar[Halt | None] = ContextVar("halt_of_what_runs_side_by_side", default=None)
_POLL_SECONDS = 0.1


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """Within the block the first signal only sets `stop_requested`; outside the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _signals()}
    for number in before:
        signal.signal(number, _request_stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop_requested.clear()


def _signals() -> tuple[signal.Signals, ...]:
    """Return what asks to stop; whoever runs by `nohup` has said that a closed terminal does not."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@contextmanager
def halting_together() -> Iterator[Halt]:
    """Give what asks everything that is begun within the block to stop; outside of it nothing does."""
    halt = Halt()
    before = _halt.set(halt)
    try:
        yield halt
    finally:
        _halt.reset(before)


def is_stopping() -> bool:
    """Return whether nothing more may begin: somebody asked for it, or what runs beside this met what concerns all."""
    halt = _halt.get()
    return stop_requested.is_set() or (halt is not None and halt.is_set())


def _request_stop(number: int, _frame: FrameType | None) -> None:
    stop_requested.set()
    signal.signal(number, signal.SIG_DFL)


async def sleep_unless_stopped(seconds: float) -> bool:
    """Sleep, and return True; False, at once, when a stop is asked for."""
    until = time.monotonic() + seconds
    while not is_stopping():
        left = until - time.monotonic()
        if left <= 0:
            return True
        await asyncio.sleep(min(left, _POLL_SECONDS))
    return False
