"""Tell a person what goes on, on stderr; the steps only know that they may say a line or count."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from flows.runtime.log import is_json, record, say

_EVERY_SECONDS = 2.0


Say = Callable[[str], None]


class Progress(Protocol):
    """Takes a line for each step, and counts while a step goes on."""

    def __call__(self, line: str, /) -> None:
        """Say what begins."""

    def count(self, more: int, /, unit: str = "events") -> None:
        """Say that so many more events, or rows, are done."""


class _Silent:
    def __call__(self, line: str, /) -> None:
        """Say nothing."""

    def count(self, more: int, /, unit: str = "events") -> None:
        """Count nothing."""


class Stderr:
    """Lines on stderr; counts with their rate, at most every two seconds, of whatever is at work side by side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = 0
        self._started = self._said = time.monotonic()

    def __call__(self, line: str, /) -> None:
        """Say what begins, and count from zero."""
        self._done = 0
        self._started = self._said = time.monotonic()
        say(line)

    def count(self, more: int, /, unit: str = "events") -> None:
        """Add up, and say so now and then."""
        with self._lock:
            self._done += more
            now = time.monotonic()
            if now - self._said >= _EVERY_SECONDS:
                self._said = now
                rate = self._done / (now - self._started)
                if is_json():
                    record("count", count=self._done, unit=unit, per_second=round(rate, 1))
                else:
                    say(f"  {self._done:,} {unit}, {rate:,.0f} a second")


say_nothing: Progress = _Silent()


def say_on_stderr(line: str) -> None:
    """Say one line at once."""
    say(line)


def count_rows(progress: Progress) -> Callable[[int], None]:
    """Return what takes how many more rows of a file were read."""
    return partial(progress.count, unit="rows")
