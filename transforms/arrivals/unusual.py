"""What is not as it was before: a file of another size than all of its kind, and one that did not come.

Both go by what came before and never by a setting of each file, so they say little of a file that is new, and nothing
is held for it: a person looks whether an export was cut short, filtered by mistake, or never written.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

_LEAST_BEFORE = 5  # fewer files say nothing of what is usual
_LEAST_ROWS = 10  # of a file of a few rows half as many are nothing unusual
_FACTOR = 2
_HALF_DAY = timedelta(hours=12)
# Since the last night, which may have begun a little later than this one.
_TONIGHT = timedelta(hours=20)
_NIGHTS = 5
_WEEKS = 3


def unusual_size(rows_read: int, before: Sequence[int]) -> str | None:
    """Say that a file has far more or fewer rows than all that came before; None where it is one of them.

    >>> unusual_size(30, [100, 110, 120, 105, 100])
    '30 rows, where the 5 files like it before had 100 to 120'
    """
    if len(before) < _LEAST_BEFORE:
        return None
    least = min(before)
    most = max(before)
    # By a factor, so that large files may differ more; and by some rows, or a file of 4 would be told after one of 2.
    is_small = rows_read * _FACTOR < least and least - rows_read >= _LEAST_ROWS
    is_large = rows_read > most * _FACTOR and rows_read - most >= _LEAST_ROWS
    if not is_small and not is_large:
        return None
    had = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return f"{rows_read:,} rows, where the {len(before)} files like it before had {had}"


def is_missed(came_at: Iterable[datetime], now: datetime) -> str | None:
    """Say why a file should have come tonight and did not; None where it came, or nobody could expect it.

    It is expected where one came in each of the five nights before, or on this day of each of the three weeks before.
    """
    times = list(came_at)
    if any(now - _TONIGHT < at <= now for at in times):
        return None
    nights = [now - timedelta(days=count) for count in range(1, _NIGHTS + 1)]
    if all(_came_about(times, night) for night in nights):
        return f"one came in each of the {_NIGHTS} nights before"
    weeks = [now - timedelta(weeks=count) for count in range(1, _WEEKS + 1)]
    if all(_came_about(times, day) for day in weeks):
        return f"one came on this day of each of the {_WEEKS} weeks before"
    return None


def _came_about(times: Sequence[datetime], night_at: datetime) -> bool:
    """Return whether one came around a night: nights do not begin at the same second, nor do clocks that change."""
    return any(abs(at - night_at) <= _HALF_DAY for at in times)
