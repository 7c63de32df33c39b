"""The one place that reads the clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_shift = timedelta(0)


def utc_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC) + _shift


@contextmanager
def clock_set_to(moment: datetime) -> Iterator[None]:
    """Let the clock of this process go on from `moment`, to rehearse another night; afterwards it is right again."""
    global _shift
    before, _shift = _shift, moment - datetime.now(UTC)
    try:
        yield
    finally:
        _shift = before
