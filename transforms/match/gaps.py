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
    found: list[Explained] = []
    open_gaps = [gap for gap in gaps if gap.more]
    left = list(parts)
    for fits in (_was_entered_between, _bears_a_time_between, _may_be_in):
        for gap in list(open_gaps):
            more = others if gap.gap_id is None and fits is _may_be_in else ()
            fitting = [part for part in left if is_new_since(gap.since_at, part) and fits(gap, part)]
            taken = _adding_up(gap.more, fitting, more)
            if taken is None:
                continue
            found += [Explained(gap.gap_id, part) for part in taken]
            left = [part for part in left if part not in taken]
            open_gaps.remove(gap)
    for gap in open_gaps:
        taken = _partly(gap, left)
        found += [Explained(gap.gap_id, part) for part in taken]
        left = [part for part in left if part not in taken]
    return found


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
    if part.entered_at is None or part.entered_at > gap.until_at:
        return False
    return gap.known_from_at is None or part.entered_at > gap.known_from_at


def _may_be_in(gap: Gap, part: Part) -> bool:
    """Return whether nothing contradicts that it was made in between, whatever time it bears.

    An old entry of days that were never read may equal a new one that nobody has read yet. So of a gap of before it is
    believed only where the days in between are read by now, and there is no such other one.
    """
    if gap.gap_id is None:
        return True
    return gap.is_read and (part.entered_at is None or part.entered_at <= gap.until_at)


def _adding_up(wanted: int, parts: Sequence[Part], others: Sequence[int]) -> list[Part] | None:
    """Return parts that add up to the points, with some of the others or none; None where none do."""
    values = [part.more for part in parts]
    if not adds_up([*values, *others], wanted):
        return None
    if len(parts) > _MOST_TRIED:
        return list(parts)
    # Left out one by one as long as the rest still adds up: what is not needed is free to explain something else.
    needed = list(parts)
    for part in parts:
        without = [other for other in needed if other is not part]
        if adds_up([*(other.more for other in without), *others], wanted):
            needed = without
    return needed


def _partly(gap: Gap, parts: Sequence[Part]) -> list[Part]:
    """Return the entries that are in the gap, though they do not explain all of it."""
    new = [part for part in parts if is_new_since(gap.since_at, part)]
    taken = [part for part in new if _was_entered_between(gap, part)]
    left = gap.more - sum(part.more for part in taken)
    # One that was dated back is believed only as far as points are lacking: it must not make up any itself.
    dated_back = [part for part in new if part not in taken and _bears_a_time_between(gap, part)]
    for part in dated_back:
        if 0 < part.more <= left or left <= part.more < 0:
            taken.append(part)
            left -= part.more
    return taken
