"""The clock of a service, by the Date header of its answers, against this machine's.

A time that lies in a service's future is refused, so the two must be known to the second. A header is cut to the
second, and an answer takes a while: what is known are the earliest and the latest that the service's clock can show.
From then on it is reckoned by a clock that nobody sets, so that this machine's may be set in mid-run without harm.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from flows.runtime.clock import steady_seconds, utc_now
from flows.services.http import Exchange

NOTABLE_SECONDS = 1.5
_CUT = timedelta(seconds=1)  # what a header may lack


@dataclass(frozen=True)
class ClockReading:
    """One look at a service's clock."""

    shown_at: datetime  # the service's clock, cut to the second, at some moment between question and answer
    asked_at: datetime  # this machine's clock
    answered_at: datetime
    answered_seconds: float  # of the clock that nobody sets

    @property
    def ahead_seconds(self) -> float:
        """How far this machine's clock is ahead, by the best guess: half a second lost, read in the middle."""
        took = self.answered_at - self.asked_at
        middle_at = self.asked_at + took / 2
        # What a header cuts off the second is on the average half of one.
        shown_at = self.shown_at + _CUT / 2
        return (middle_at - shown_at).total_seconds()

    @property
    def surely_ahead_seconds(self) -> float:
        """How far this machine's clock is ahead at least, negative where it is behind; 0 where they may agree."""
        ahead = (self.asked_at - self.shown_at - _CUT).total_seconds()
        behind = (self.shown_at - self.answered_at).total_seconds()
        if ahead > 0:
            return ahead
        return -behind if behind > 0 else 0.0

    def earliest_now(self) -> datetime:
        """Return the earliest time that the service's clock can show now: what lies before it is no future there."""
        return self.shown_at + timedelta(seconds=steady_seconds() - self.answered_seconds)


def read_clock(exchange: Exchange) -> ClockReading | None:
    """Return what a request that has just ended tells of the service's clock; None where it does not say."""
    shown_at = _shown_at(exchange.headers.get("Date", ""))
    if shown_at is None:
        return None
    answered_at = utc_now()
    asked_at = answered_at - timedelta(milliseconds=exchange.duration_ms)
    return ClockReading(shown_at, asked_at, answered_at, steady_seconds())


# All answers of one second show the same.
@lru_cache(maxsize=16)
def _shown_at(date_header: str) -> datetime | None:
    """Return the time of a Date header, in UTC; None where it is none."""
    try:
        shown_at = parsedate_to_datetime(date_header)
    except ValueError:
        return None
    # A zone of -0000 means UTC and is parsed as none.
    return shown_at.replace(tzinfo=UTC) if shown_at.tzinfo is None else shown_at.astimezone(UTC)


class ServiceClock:
    """The latest look at one service's clock; it starts without any."""

    def __init__(self) -> None:
        self.reading: ClockReading | None = None

    def look(self, exchange: Exchange) -> None:
        """Look at the clock that an answer shows; one that shows none changes nothing."""
        self.reading = read_clock(exchange) or self.reading

    def earliest_now(self) -> datetime | None:
        """Return the earliest time that the service's clock can show now; None where it was never seen."""
        return None if self.reading is None else self.reading.earliest_now()


Clocks = dict[str, ServiceClock]  # by the service's address
_of_run: ContextVar[Clocks | None] = ContextVar("service_clocks_of_run", default=None)


@contextmanager
def sharing_clocks() -> Iterator[None]:
    """Within the block, what one step of a run saw of a service's clock the others know too."""
    before = _of_run.set({})
    try:
        yield
    finally:
        _of_run.reset(before)


def clock_of(base_url: str) -> ServiceClock:
    """Return the clock of the service at this address, as this run knows it; outside of a run a new one."""
    shared = _of_run.get()
    return ServiceClock() if shared is None else shared.setdefault(base_url, ServiceClock())


def skew_line(name: str, clock: ServiceClock) -> str | None:
    """Return the sentence for a person where the clocks surely differ by more than a moment; None where they agree."""
    if clock.reading is None:
        return None
    ahead = clock.reading.surely_ahead_seconds
    if abs(ahead) < NOTABLE_SECONDS:
        return None
    about = f"This machine's clock is {abs(clock.reading.ahead_seconds):.0f} s"
    mend = "Set this machine's clock by a time service."
    if ahead > 0:
        return f"{about} ahead of {name}'s: what lies in its future waits until it does not. {mend}"
    return (
        f"{about} behind {name}'s: rows of this last while are rejected as if they lay in the future. {mend} Then send "
        "those again."
    )
