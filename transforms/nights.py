"""Judge the nights: which were due and did not run, and how a night that began stands.

Grain: one `Night` per nightly run that began or could not, one `DueTime` per time of the schedule. Times are aware.
Nothing is read here; "now" comes in, and so do the due times, since only a cron library knows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# A run at work says so every 20 s. A busy ledger may hold one such word back for a minute; three without any are death.
DEAD_AFTER = timedelta(minutes=3)
# Clocks of two machines on one ledger may differ by that much, so a night may seem to begin before it was due.
_EARLY = timedelta(seconds=5)


class NightState(StrEnum):
    """How a night stands."""

    RUNNING = "running"
    ENDED = "ended"  # it came to its report, whatever the report says
    DIED = "died"  # it began, never ended, and has not been seen since
    COULD_NOT_START = "could_not_start"


_STAND_FOR_A_NIGHT = (NightState.RUNNING, NightState.ENDED)


@dataclass(frozen=True)
class Night:
    """One nightly run, whoever started it."""

    run_id: str
    started_at: datetime
    finished_at: datetime | None
    seen_at: datetime | None  # when it last said that it lives
    failure: str | None  # what it could not do, in words
    summary: Mapping[str, Any] | None  # what its command printed; None before the end, and where it could not start


@dataclass(frozen=True)
class DueTime:
    """One time of the schedule, and the one that follows it."""

    at: datetime
    next_at: datetime
    # How much earlier a scheduler may rightly begin: on the night of a clock change the hour may not exist, and
    # schedulers take either the hour before or the one after.
    early: timedelta = timedelta(0)


@dataclass(frozen=True)
class DueNights:
    """What of the schedule has not run: ``missed`` for certain, ``late`` while it may still begin by itself."""

    missed: tuple[datetime, ...]
    late: datetime | None


def state_of_night(night: Night, now: datetime, dead_after: timedelta = DEAD_AFTER) -> NightState:
    """Return how the night stands at `now`; one that was silent for longer than `dead_after` has died."""
    if night.finished_at is not None:
        return NightState.COULD_NOT_START if night.summary is None else NightState.ENDED
    last_sign_at = night.seen_at or night.started_at
    is_silent = now - last_sign_at > dead_after
    return NightState.DIED if is_silent else NightState.RUNNING


def find_due_nights(
    due_times: Sequence[DueTime],
    nights: Sequence[Night],
    now: datetime,
    late: timedelta,
    dead_after: timedelta = DEAD_AFTER,
) -> DueNights:
    """Return the nights that were due and have not run, in order.

    A night that began after a due time stands for it and for every one before: it takes all that the inbox holds. One
    that died or could not start stands for none. The last due time counts as missed once it is `late` past, or half of
    the way to the next one, whichever comes first.
    """
    ran_at = [night.started_at for night in nights if state_of_night(night, now, dead_after) in _STAND_FOR_A_NIGHT]
    last_start_at = max(ran_at, default=None)
    open_times = [due for due in due_times if due.at <= now and not _stands_for(last_start_at, due)]
    if not open_times:
        return DueNights((), None)
    last = open_times[-1]
    half_way = (last.next_at - last.at) / 2
    is_late_only = now - last.at < min(late, half_way)
    if is_late_only:
        open_times.pop()
    missed = tuple(due.at for due in open_times)
    return DueNights(missed, last.at if is_late_only else None)


def _stands_for(started_at: datetime | None, due: DueTime) -> bool:
    return started_at is not None and started_at >= due.at - _EARLY - due.early
