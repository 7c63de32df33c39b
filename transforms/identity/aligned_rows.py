"""Lay the rows of two files side by side: which places belong together, and which days both files cover.

Nothing is read of a row but its place, its time, and that both files have it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

# How much longer the days before the middle row may be than those after it, before a row counts as one whose date is
# wrong: exports have about as many rows early as late, and a wrong year is far outside of any of them.
_STRETCH = 3
_ALWAYS = timedelta(days=2)


@dataclass(frozen=True)
class Pair:
    """A row that both files have, by its place in each."""

    earlier: int
    now: int
    at: datetime | None  # UTC; None: a row without a time


class Alignment:
    """The longest run of repeated rows that stand in the same order in both files, and the gaps between them.

    A repeated row that was moved belongs to no gap, and moves no other row: a sheet that was sorted anew is aligned as
    far as its order stayed.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        by_earlier = sorted(pairs, key=lambda pair: pair.earlier)
        # Rows that changed their place in between would make gaps that cross each other. The longest run in which both
        # files have one order is what they agree on.
        kept = _longest_increasing([pair.now for pair in by_earlier])
        in_order = [by_earlier[place] for place in kept]
        self._earlier = [pair.earlier for pair in in_order]
        self._now = [pair.now for pair in in_order]

    def gap_of_earlier(self, place: int) -> int:
        """Return the number of the gap that a place of the earlier file lies in: 0 before the first repeated row."""
        return bisect_left(self._earlier, place)

    def gap_of_now(self, place: int) -> int:
        """Return the number of the gap that a place of the file at hand lies in."""
        return bisect_left(self._now, place)

    def is_inside(self, gap: int) -> bool:
        """Tell a gap between two repeated rows from the one before the first of them, and the one after the last."""
        return 0 < gap < len(self._now)


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Return the places of a longest increasing part of different numbers.

    >>> _longest_increasing([0, 8, 1, 2, 9, 3])
    [0, 2, 3, 5]
    """
    if all(first < second for first, second in pairwise(numbers)):
        return list(range(len(numbers)))
    # Of every length the part that ends lowest: its last number, and its place.
    ends: list[int] = []
    end_places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(end_places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(number)
            end_places.append(place)
        else:
            ends[length] = number
            end_places[length] = place
    found = []
    place = end_places[-1] if end_places else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


@dataclass(frozen=True)
class Days:
    """The times that a file covers: from its first row, but for rows whose date is far outside, to its last one."""

    times: Sequence[datetime]  # of the rows that have one
    oldest_known: datetime | None = None  # a row that is known not to be far outside

    def going_back_to(self, times: Iterable[datetime]) -> "Days":
        """Return the days with these times among them."""
        return replace(self, oldest_known=min(times, default=None))

    @cached_property
    def first(self) -> datetime | None:
        """The first time that is not far outside of all others, or is known to be none."""
        if not self.times:
            return None
        return min(self._first_of_all, self.oldest_known or self._first_of_all)

    @property
    def _first_of_all(self) -> datetime:
        ordered = sorted(self.times)
        middle = ordered[len(ordered) // 2]
        last = ordered[-1]
        # A row of the future is rejected, so the last time can be gone by; a wrong year lies in the past.
        earliest = middle - _ALWAYS - _STRETCH * (last - middle)
        return next(time for time in ordered if time >= earliest)

    @cached_property
    def last(self) -> datetime | None:
        """The last time."""
        return max(self.times, default=None)

    def begin_after(self, at: datetime | None) -> bool:
        """Tell whether a time lies before all of these."""
        return at is not None and self.first is not None and at < self.first

    def end_before(self, at: datetime | None) -> bool:
        """Tell whether a time lies after all of these."""
        return at is not None and self.last is not None and at > self.last

    def cover(self, at: datetime | None) -> bool:
        """Tell whether a time lies among these; a row without one may be of any."""
        return not self.begin_after(at) and not self.end_before(at)
