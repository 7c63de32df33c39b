"""When a request may leave: so many a second, and none while a service asks for quiet."""

import math
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flows.runtime.errors import ServiceUnreachable
from flows.runtime.interrupt import sleep_unless_stopped

# What is in doubt is read back once all places are posted to, so one that asks for an hour would keep all waiting.
LONGEST_PAUSE_SECONDS = 900  # a service that asks for more quiet than this is left to the next run
# Of a time-out, in which what is claimed has to get its turns: others may come to share the pace meanwhile.
_SHARED_PART = 0.8


class Pacer:
    """Lets requests out at most so many a second, and none while the service asks for quiet.

    Several may share another one's pace beside their own, each from a thread of its own. A turn of it is taken only
    once the own one has come: taken ahead, it would be lost to the others while nobody uses it.
    """

    def __init__(self, requests_per_second: float, shared: "Pacer | None" = None) -> None:
        self._interval = 1 / requests_per_second
        self._next_at = 0.0
        self._paused_until = 0.0
        self._shared = shared
        self._sharers = 0
        self._lock = threading.Lock()

    @property
    def paused_seconds(self) -> float:
        """How long the pause still lasts."""
        return max(0.0, self._paused_until - time.monotonic())

    @property
    def seconds_until_turn(self) -> float:
        """How long a request would wait that came now."""
        free_at = max(self._next_at, self._paused_until)
        own = max(0.0, free_at - time.monotonic())
        if self._shared is None:
            return own
        return max(own, self._shared.seconds_until_turn)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Within the block, count among those who share the pace."""
        if self._shared is None:
            yield
            return
        self._shared.count_sharers(1)
        try:
            yield
        finally:
            self._shared.count_sharers(-1)

    def count_sharers(self, more: int) -> None:
        """Let so many more, or fewer, share this pace."""
        with self._lock:
            self._sharers += more

    def turns_within(self, seconds: float) -> int:
        """How many requests may leave in the next so many seconds; none during a pause."""
        left = seconds - self.seconds_until_turn
        if left < 0 or self.paused_seconds > 0:
            return 0
        own = 1 + int(left / self._interval)
        if self._shared is None:
            return own
        return min(own, self._shared.part_within(seconds))

    def part_within(self, seconds: float) -> int:
        """How many turns of this pace one of those who share it may count on, beside those who wait already."""
        left = _SHARED_PART * seconds - self.seconds_until_turn
        if left < 0:
            return 0
        turns = left / self._interval
        of_each = turns / max(1, self._sharers)
        return 1 + int(of_each)

    def pause(self, seconds: float) -> None:
        """Hold every request, also one that waits for its turn already, for at least so long."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    async def wait(self, at_most_seconds: float = math.inf) -> bool:
        """Wait for a turn; False, at once, where it would not come in time or the run is to stop."""
        deadline = time.monotonic() + at_most_seconds
        while True:
            seconds = self._take_turn(deadline)
            if seconds is None or not await sleep_unless_stopped(seconds):
                return False
            if self._shared is not None and not await self._shared.wait(deadline - time.monotonic()):
                return False
            # A pause that another answer asked for during the wait holds this request too.
            if time.monotonic() >= self._paused_until:
                return True

    def _take_turn(self, deadline: float) -> float | None:
        """Return how long to wait for the next turn, which is taken; None where it comes after the deadline."""
        with self._lock:
            now = time.monotonic()
            turn_at = max(now, self._next_at, self._paused_until)
            if turn_at > deadline:
                return None
            # The turn is taken before the wait: whoever comes meanwhile gets the one after it.
            self._next_at = turn_at + self._interval
            return turn_at - now


async def wait_to_repeat(asked_seconds: float | None, failures: int) -> None:
    """Wait before a read is repeated: as long as the service asked for, or by the number of failures in a row.

    `ServiceUnreachable` where it asks for more than `LONGEST_PAUSE_SECONDS`; a stop ends the wait.
    """
    seconds = backoff_seconds(failures) if asked_seconds is None else asked_seconds
    if seconds > LONGEST_PAUSE_SECONDS:
        raise ServiceUnreachable(f"The service asks for {seconds:.0f} seconds of quiet. Run again after that.")
    await sleep_unless_stopped(seconds)


def backoff_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row: doubling from half a second to 30, with jitter."""
    # More than ten doublings are past the 30 seconds anyway, and a thousand would be no number any more.
    longest = min(30.0, 0.25 * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
