"""Which entries explain how a balance moved: a difference that was first seen in the balance, and then by itself.

A balance that is off tells that something was entered on days that nobody read. Once those days are read, the entry is
a break of its own, and the one about the balance would tell the same points a second time. When an entry was made
cannot be read anywhere; what can be known is the time that it bears, and whether the sums come out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from transforms.match.balances import adds_up

# To find which of so many entries add up takes a try for each; past that all of them are taken to be the reason.
_MOST_TRIED = 200


@dataclass(frozen=True)
class Gap:
    """Points of a client by which a balance was off between two readings; signed, as everything here."""

    gap_id: str | None  # None: of the reading at hand
    more: int  # what is not explained of them yet
    since_at: datetime | None  # of the reading before; None: the client was never read before
    until_at: datetime
    known_from_at: datetime | None = None  # the latest time of an event of ours that was known at the reading before
    is_read: bool = False  # all days that were not read then have been read by now


@dataclass(frozen=True)
class Part:
    """A break of the same client that says what the service has more."""

    break_id: str
    more: int
    entered_at: datetime | None  # the time that its entry bears; None: it is about an entry that is not there
    found_at: datetime | None  # since when it is known; None: since the reading at hand


@dataclass(frozen=True)
class Explained:
    """That a break is the reason of points by which a balance was off."""

    gap_id: str | None  # None: of the reading at hand
    part: Part


_Fits = Callable[[Gap, Part], bool]


def explain(gaps: Sequence[Gap], parts: Sequence[Part], others: Sequence[int] = ()) -> list[Explained]:
    """Return which parts explain which gaps; a part explains one gap, or none.

    ``gaps`` in the order in which they are asked, the one of the reading at hand first. ``others`` are points that may
    be in that one too, and are no entries. What adds up to the last point comes first, from the surest times to the
    least sure; then entries that bear a time in between are taken off, and the rest of the gap is left.
    """
    left = _Left([gap for gap in gaps if gap.more], list(parts))
    # Every gap is asked with the surest times before any is asked with less sure ones: an entry that surely belongs to
    # an old gap must not be used up by a newer one that it merely happens to add up with.
    for fits in (_was_entered_between, _bears_a_time_between):
        for gap in list(left.gaps):
            left.take_whole(gap, fits)
    for gap in list(left.gaps):
        beside = others if gap.gap_id is None else ()
        left.take_whole(gap, _may_be_in, beside)
    for gap in left.gaps:
        left.take(gap, _partly(gap, left.parts))
    return left.explained


class _Left:
    """Gaps that nothing explains yet, and parts that explain none yet.

    A part that is taken is gone: counted for two gaps, it would explain twice as many points as somebody entered, and
    points that nobody accounts for would not be told.
    """

    def __init__(self, gaps: list[Gap], parts: list[Part]) -> None:
        self.gaps = gaps
        self.parts = parts
        self.explained: list[Explained] = []

    def take_whole(self, gap: Gap, fits: _Fits, beside: Sequence[int] = ()) -> None:
        """Explain the gap to the last point by parts that fit, and some of the points beside them; or not at all."""
        fitting = [part for part in self.parts if is_new_since(gap.since_at, part) and fits(gap, part)]
        taken = _adding_up(gap.more, fitting, beside)
        if taken is None:
            return
        self.take(gap, taken)
        self.gaps.remove(gap)

    def take(self, gap: Gap, taken: Sequence[Part]) -> None:
        """Say that these parts are in the gap."""
        self.explained += [Explained(gap.gap_id, part) for part in taken]
        self.parts = [part for part in self.parts if part not in taken]


def is_new_since(read_at: datetime | None, part: Part) -> bool:
    """Return whether nothing was known of the part at a reading: what was is counted in its balance.

    A reading begins after the run that finds the part in it, so what it found itself is not new.
    """
    return part.found_at is None or read_at is None or part.found_at > read_at


def _was_entered_between(gap: Gap, part: Part) -> bool:
    """Return whether the part's entry bears a time between the two readings: nothing can be surer."""
    if part.entered_at is None or gap.since_at is None:
        return False
    return gap.since_at < part.entered_at <= gap.until_at


def _bears_a_time_between(gap: Gap, part: Part) -> bool:
    """Return whether it bears a later time than all that was known at the reading before.

    People date an entry back by some hours or days; by its time it belongs to what came since all the same.
    """
    at = part.entered_at
    if at is None or at > gap.until_at:
        return False
    return gap.known_from_at is None or at > gap.known_from_at


def _may_be_in(gap: Gap, part: Part) -> bool:
    """Return whether nothing contradicts that it was made in between, whatever time it bears.

    An old entry of days that were never read may equal a new one that nobody has read yet. So of a gap of before it is
    believed only where the days in between are read by now, and there is no such other one.
    """
    if gap.gap_id is None:
        return True
    if not gap.is_read:
        return False
    return part.entered_at is None or part.entered_at <= gap.until_at


def _adding_up(wanted: int, parts: Sequence[Part], others: Sequence[int]) -> list[Part] | None:
    """Return parts that add up to the points, with some of the others or none; None where none do."""
    if not _do_add_up(parts, others, wanted):
        return None
    if len(parts) > _MOST_TRIED:
        return list(parts)
    # Left out one by one as long as the rest still adds up: what is not needed is free to explain something else.
    needed = list(parts)
    for part in parts:
        without = [other for other in needed if other is not part]
        if _do_add_up(without, others, wanted):
            needed = without
    return needed


def _do_add_up(parts: Sequence[Part], others: Sequence[int], wanted: int) -> bool:
    points = [part.more for part in parts]
    return adds_up([*points, *others], wanted)


def _partly(gap: Gap, parts: Sequence[Part]) -> list[Part]:
    """Return the entries that are in the gap, though they do not explain all of it."""
    new = [part for part in parts if is_new_since(gap.since_at, part)]
    taken = [part for part in new if _was_entered_between(gap, part)]
    left = gap.more - sum(part.more for part in taken)
    dated_back = [part for part in new if part not in taken and _bears_a_time_between(gap, part)]
    for part in dated_back:
        # One that was dated back is believed only as far as points are lacking: it must not make up any itself. Of a
        # gap of 30 an entry of 50 would leave -20, a difference that nobody ever had.
        is_within_plus = 0 < part.more <= left
        is_within_minus = left <= part.more < 0
        if is_within_plus or is_within_minus:
            taken.append(part)
            left -= part.more
    return taken
