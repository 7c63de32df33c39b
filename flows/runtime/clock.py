"""The one place that reads the clock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_shift = timedelta(0)


def utc_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC) + _shift


def steady_seconds() -> float:
    """Return the seconds of a clock that nobody can set, for what must be waited out whatever the other one does.

    It counts the time that a machine sleeps as well, where the system has such a clock.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@contextmanager
def clock_set_to(moment: datetime) -> Iterator[None]:
    """Let the clock of this process go on from `moment`, to rehearse another night; afterwards it is right again."""
    global _shift
    before, _shift = _shift, moment - datetime.now(UTC)
    try:
        yield
    finally:
        _shift = before
