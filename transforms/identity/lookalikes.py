"""Find the new rows of a file that look like rows of the file before it: corrected there, so that both would be paid.

A sheet that is sent again with a corrected row, and without receipts, brings an event that nobody has met, while the
row that it corrects has been posted. Nothing in the row itself tells. What tells is the file before: the corrected row
stands where another one stood, between rows that both files have.

The rule, of which every word keeps a row from being paid twice, or an honest one from being held:

- Two files are compared where four fifths of the rows that both could have, by their times, are in both. Of a few rows
  one or two may differ, where at least two, and half of them, are in both.
- A row that differs only in that the one file says its source, source id or time and the other does not, is the same
  row: an optional column is read and filled anew, or is not any more.
- Between two repeated rows, where the earlier file had another row, a new one is held, whatever was changed in it. So
  it is before the first repeated row and after the last, unless it happened after all that the earlier file has.
- An export that moves on drops its oldest rows and brings later ones, and where it is sorted by location or client,
  these meet in the middle of the file. So where it has moved, what it dropped and what came later are no such pair.
  One that now goes back further brings older ones likewise; one row older than all is a corrected time, and no move.
- Elsewhere, as where the file is sorted by a time that was corrected, a missing row holds at most one new one: of the
  same client, with one value changed, on the same day, or at the same hour of a day that was mistyped; or for the same
  booking or sale, with another client and nothing else changed.
- An update of a reward replaces the one before it anyway, so only one of another reward is held.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from transforms.identity.aligned_rows import Alignment, Days, Pair
from transforms.identity.changed_rows import (
    SheetRow,
    is_filled_in,
    is_of_another_client,
    is_one_changed,
    is_one_day,
    likeness,
)

_REPEATED_SHARE = 0.8
_MOST_OF_A_FEW = 2
_FEWEST_REPEATED = 2
_FEWEST_ALIKE = 3
_MOST_COMPARED = 10_000
_MOST_OF_A_CLIENT = 20

MayStandFor = Callable[[SheetRow, SheetRow], bool]  # of a new row and a missing one


class Lookalike(NamedTuple):
    """A new row, and the row of the earlier file that it looks like, by their places."""

    now: int
    earlier: int


@dataclass(frozen=True)
class Comparison:
    """What comparing two files found; nothing where they are not of one series."""

    is_of_series: bool = False
    lookalikes: tuple[Lookalike, ...] = ()
    vanished: tuple[int, ...] = ()  # places in the earlier file of rows that this one should have and does not


def compare_files(pairs: Sequence[Pair], missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> Comparison:
    """Return what a file has in the place of rows that the file before it had.

    `pairs` are the rows that both have, `missing` those that the earlier one alone has, `new` those that nobody has
    met.
    """
    same = [*_fill_in(pairs, missing, new), *_replaced_anyway(missing, new)]
    found = {now.place: earlier.place for earlier, now in same if not now.is_update}
    pairs = [*pairs, *(Pair(earlier.place, now.place, now.at or earlier.at) for earlier, now in same)]
    missing = _without(missing, (earlier.place for earlier, _ in same))
    new = _without(new, (now.place for _, now in same))
    sheets = _Sheets(pairs, missing, new)
    # Who and when say more than the place does: a row that was moved into the gap of another one is not that one.
    one_changed = _find_one_changed(missing, new)
    if not sheets.is_repeated() and not sheets.is_repeated(len(one_changed), fewest=_FEWEST_ALIKE):
        return Comparison()
    found |= {now.place: earlier.place for earlier, now in one_changed}
    missing, new = _without(missing, found.values()), _without(new, found)
    if sheets.is_repeated():
        found |= _find_in_place(sheets, missing, new)
    lookalikes = tuple(Lookalike(now, earlier) for now, earlier in sorted(found.items()))
    gone = _without(missing, found.values())
    vanished = tuple(row.place for row in gone if sheets.now_days.cover(row.at))
    return Comparison(is_of_series=True, lookalikes=lookalikes, vanished=vanished)


def _without(rows: Sequence[SheetRow], places: Iterable[int]) -> list[SheetRow]:
    taken = set(places)
    return [row for row in rows if row.place not in taken]


class _Sheets:
    """Two files side by side."""

    def __init__(self, pairs: Sequence[Pair], missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> None:
        in_both = [pair.at for pair in pairs if pair.at is not None]
        earlier = Days([*in_both, *(row.at for row in missing if row.at is not None)])
        now = Days([*in_both, *(row.at for row in new if row.at is not None)])
        # A sheet that goes on after a long pause has two bunches of rows, and the first one may seem far outside of
        # the other. What both files have, and is not far outside of one of them, both go back to.
        self.earlier_days = earlier.going_back_to(at for at in in_both if now.cover(at))
        self.now_days = now.going_back_to(at for at in in_both if earlier.cover(at))
        self.alignment = Alignment(pairs)
        self._repeated_count = len(pairs)
        self._both_could_have = sum(self.now_days.cover(pair.at) for pair in pairs)
        left_out_count = sum(self.now_days.cover(row.at) for row in missing)
        self._both_could_have += left_out_count
        # A row that was corrected to a later time comes alone; a night brings more than it takes away.
        self._moved_on = sum(self._came_later(row) for row in new) > left_out_count
        self._moved_back = sum(self._came_sooner(row) for row in new) > left_out_count

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


def _find_in_place(sheets: _Sheets, missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> dict[int, int]:
    """Return the place of the earlier row by that of the new one, for rows that stand where another one stood."""
    missing_in: defaultdict[int, list[SheetRow]] = defaultdict(list)
    for row in missing:
        missing_in[sheets.alignment.gap_of_earlier(row.place)].append(row)
    new_in: defaultdict[int, list[SheetRow]] = defaultdict(list)
    for row in new:
        new_in[sheets.alignment.gap_of_now(row.place)].append(row)
    found: dict[int, int] = {}
    for gap, here in new_in.items():
        found |= _match(here, missing_in.get(gap, []), partial(sheets.may_stand_for, gap=gap))
    return found


def _match(new: Sequence[SheetRow], missing: Sequence[SheetRow], may_stand_for: MayStandFor) -> dict[int, int]:
    """Give each missing row of a gap a new one: the next where there are as many, else the one that is most like it."""
    in_order = [(now, earlier) for now, earlier in zip(new, missing, strict=False) if may_stand_for(now, earlier)]
    # Of blocks that were written anew the order is all that can be looked at.
    if len(in_order) == len(new) == len(missing) or len(new) * len(missing) > _MOST_COMPARED:
        return {now.place: earlier.place for now, earlier in in_order}
    possible = _by_likeness((now, earlier) for now in new for earlier in missing if may_stand_for(now, earlier))
    pairs = _one_to_one(possible)
    found = {now.place: earlier.place for earlier, now in pairs}
    likeness_of = {earlier.place: likeness(now, earlier) for earlier, now in pairs}
    for now, earlier in possible:
        # Of two new rows that are as much like a missing one, nobody can tell which it became.
        if now.place not in found and likeness(now, earlier) == likeness_of[earlier.place]:
            found[now.place] = earlier.place
    return found


def _by_likeness(pairs: Iterable[tuple[SheetRow, SheetRow]]) -> list[tuple[SheetRow, SheetRow]]:
    """Return pairs, new and earlier, the most alike first, and in the order of the files where they are equally so."""
    return sorted(pairs, key=lambda pair: (-likeness(*pair), pair[0].place, pair[1].place))


def _one_to_one(possible: Iterable[tuple[SheetRow, SheetRow]]) -> list[tuple[SheetRow, SheetRow]]:
    """Return pairs, earlier and new: of those that are possible the first ones, so that each row is in one at most."""
    found: list[tuple[SheetRow, SheetRow]] = []
    taken_now: set[int] = set()
    taken_earlier: set[int] = set()
    for now, earlier in possible:
        if now.place not in taken_now and earlier.place not in taken_earlier:
            found.append((earlier, now))
            taken_now.add(now.place)
            taken_earlier.add(earlier.place)
    return found


def _find_one_changed(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> list[tuple[SheetRow, SheetRow]]:
    """Return pairs, earlier and new, of one client and day with one value changed; each row is in one at most.

    One booking or sale by its id, of another client, is such a pair too.
    """
    of_visit: defaultdict[object, list[SheetRow]] = defaultdict(list)
    of_day: defaultdict[tuple[str, date | None], list[SheetRow]] = defaultdict(list)
    of_utc_day: defaultdict[tuple[str, date | None], list[SheetRow]] = defaultdict(list)
    of_hour: defaultdict[tuple[str, time | None], list[SheetRow]] = defaultdict(list)
    for row in missing:
        of_day[row.who, row.day].append(row)
        of_utc_day[row.who, row.utc_day].append(row)
        of_hour[row.who, row.hour].append(row)
        of_visit[row.visit].append(row)
    possible = [
        (now, earlier)
        for now in new
        # Whoever misses dozens of rows of a day, or at one hour, is no client with a corrected one.
        for earlier in chain(
            of_day[now.who, now.day][:_MOST_OF_A_CLIENT],
            of_utc_day[now.who, now.utc_day][:_MOST_OF_A_CLIENT],
            of_hour[now.who, now.hour][:_MOST_OF_A_CLIENT],
        )
        if is_one_changed(now, earlier) and is_one_day(now, earlier)
    ]
    possible += [
        (now, earlier)
        for now in new
        if now.visit is not None
        for earlier in of_visit[now.visit][:_MOST_OF_A_CLIENT]
        if is_of_another_client(now, earlier)
    ]
    return _one_to_one(_by_likeness(possible))


def _fill_in(
    pairs: Sequence[Pair], missing: Sequence[SheetRow], new: Sequence[SheetRow]
) -> list[tuple[SheetRow, SheetRow]]:
    """Return pairs, earlier and new, of rows that differ in what only one of the files says."""
    has_times = any(pair.at is not None for pair in pairs)
    missing_dated = {row.at is not None for row in missing if not row.is_update}
    new_dated = {row.at is not None for row in new if not row.is_update}
    # The time is a column that is read anew where no row of the one file has it, and every row of the other.
    ignores_time = not has_times and {True, False} == missing_dated | new_dated and missing_dated != new_dated
    waiting: defaultdict[tuple[Any, ...], list[SheetRow]] = defaultdict(list)
    for row in missing:
        waiting[_said_by_both(row, ignores_time=ignores_time)].append(row)
    found = []
    for now in new:
        alike = waiting.get(_said_by_both(now, ignores_time=ignores_time), [])
        earlier = next((row for row in alike if is_filled_in(now, row)), None)
        if earlier is not None:
            alike.remove(earlier)
            found.append((earlier, now))
    return found


def _replaced_anyway(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> list[tuple[SheetRow, SheetRow]]:
    """Return pairs, earlier and new, of updates of one reward."""
    of_reward = {row.who: row for row in missing if row.is_update}
    return [(of_reward[now.who], now) for now in {row.who: row for row in new}.values() if now.who in of_reward]


def _said_by_both(row: SheetRow, *, ignores_time: bool) -> tuple[Any, ...]:
    at = None if ignores_time else row.at
    return (row.who, row.is_update, row.values.get("action"), row.values.get("points"), at)
