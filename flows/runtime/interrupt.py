"""Stop in order: the first Ctrl-C or SIGTERM asks, and what is in flight is finished; the second one kills.

Being killed is harmless too: what was claimed and not recorded is read back by the next run.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

stop_requested = threading.Event()
_POLL_SECONDS = 0.1


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """Within the block the first signal only sets `stop_requested`; outside the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, _request_stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop_requested.clear()


def _request_stop(number: int, _frame: FrameType | None) -> None:
    stop_requested.set()
    signal.signal(number, signal.SIG_DFL)


async def sleep_unless_stopped(seconds: float) -> bool:
    """Sleep, and return True; False, at once, when a stop is asked for."""
    until = time.monotonic() + seconds
    while not stop_requested.is_set():
        left = until - time.monotonic()
        if left <= 0:
            return True
        await asyncio.sleep(min(left, _POLL_SECONDS))
    return False
