"""Two files side by side: how much of what both could have is in both, and whether the later one has moved on.

An export of the last thirty days drops a day and brings a day every night. What it dropped, and what came, are no rows
that were corrected; what stands in the place of another row is. The rule in whole: `transforms.identity.lookalikes`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from transforms.identity.aligned_rows import Alignment, Days, Pair
from transforms.identity.changed_rows import SheetRow, is_one_changed

_REPEATED_SHARE = 0.8
_MOST_OF_A_FEW = 2
_FEWEST_REPEATED = 2


class SideBySide:
    """Two files side by side."""

    def __init__(self, pairs: Sequence[Pair], missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> None:
        in_both = [pair.at for pair in pairs if pair.at is not None]
        earlier = Days([*in_both, *_times_of(missing)])
        now = Days([*in_both, *_times_of(new)])
        # A sheet that goes on after a long pause has two bunches of rows, and the first one may seem far outside of
        # the other. What both files have, and is not far outside of one of them, both go back to.
        self.earlier_days = earlier.going_back_to(at for at in in_both if now.cover(at))
        self.now_days = now.going_back_to(at for at in in_both if earlier.cover(at))
        self.alignment = Alignment(pairs)
        self._repeated_count = len(pairs)
        covered_count = sum(self.now_days.cover(pair.at) for pair in pairs)
        left_out_count = sum(self.now_days.cover(row.at) for row in missing)
        self._both_could_have = covered_count + left_out_count
        # A row that was corrected to a later time comes alone; a night brings more than it takes away.
        later_count = sum(self._came_later(row) for row in new)
        sooner_count = sum(self._came_sooner(row) for row in new)
        self._moved_on = later_count > left_out_count
        self._moved_back = sooner_count > left_out_count

    def is_repeated(self, alike_count: int = 0, *, fewest: int = 1) -> bool:
        """Tell whether enough of what both files could have is in both, or almost equal: so many more rows are."""
        repeated_count = self._repeated_count + alike_count
        left_count = self._both_could_have - repeated_count
        if repeated_count < fewest:
            return False
        # One row that both have may as well be a coincidence: two small sheets of one day have it, too.
        of_a_few = left_count <= _MOST_OF_A_FEW and repeated_count >= max(_FEWEST_REPEATED, left_count)
        return of_a_few or repeated_count >= _REPEATED_SHARE * self._both_could_have

    def may_stand_for(self, now: SheetRow, earlier: SheetRow, gap: int) -> bool:
        """Tell whether the new row may stand for the missing one, which lies in the same gap."""
        if now.is_update != earlier.is_update:
            return False
        is_inside = self.alignment.is_inside(gap)
        if self._moved_on or self._moved_back:
            # What is dropped leaves the beginning or the end of a file empty: a row that came there took a place.
            return not self._came_by_moving(now) and not (is_inside and self._was_dropped(earlier))
        # Nothing stands behind the last row that would tell a corrected one from one that came after it.
        came = self._came_later(now) or self._came_sooner(now)
        return is_inside or not came or is_one_changed(now, earlier)

    def _came_by_moving(self, now: SheetRow) -> bool:
        """Tell whether a new row lies where the file has moved to: a file that moved on brings no older ones."""
        return (self._moved_on and self._came_later(now)) or (self._moved_back and self._came_sooner(now))

    def _came_later(self, now: SheetRow) -> bool:
        """Tell whether a new row lies after all that the earlier file has."""
        return self.earlier_days.end_before(now.at)

    def _came_sooner(self, now: SheetRow) -> bool:
        """Tell whether a new row lies before all that the earlier file has; one of a wrong year lies nowhere."""
        return self.earlier_days.begin_after(now.at) and self.now_days.cover(now.at)

    def _was_dropped(self, earlier: SheetRow) -> bool:
        """Tell whether a file that has moved does not go back, or does not go on, as far as this row."""
        return not self.now_days.cover(earlier.at) and self.earlier_days.cover(earlier.at)


def _times_of(rows: Iterable[SheetRow]) -> list[datetime]:
    return [row.at for row in rows if row.at is not None]
