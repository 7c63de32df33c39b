"""Find the new rows of a file that look like rows of the file before it: corrected there, so that both would be paid.

A sheet that is sent again with a corrected row, and without receipts, brings an event that nobody has met, while the
row that it corrects has been posted. Nothing in the row itself tells. What tells is the file before: the corrected row
stands where another one stood, between rows that both files have.

The rule, of which every word keeps a row from being paid twice, or an honest one from being held:

- Two files are compared where four fifths of the rows that both could have, by their times, are in both. Of a few rows
  one or two may differ, where at least two, and half of them, are in both.
- A row that differs only in that the one file says its source, source id or time and the other does not, is the same
  row: an optional column, or some of its cells, is filled anew, or is not any more.
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from transforms.identity.aligned_rows import Pair
from transforms.identity.changed_rows import (
    SheetRow,
    is_filled_in,
    is_of_another_client,
    is_one_changed,
    is_one_day,
    likeness,
)
from transforms.identity.side_by_side import SideBySide

_FEWEST_ALIKE = 3
_MOST_COMPARED = 10_000
_MOST_OF_A_CLIENT = 20

MayStandFor = Callable[[SheetRow, SheetRow], bool]  # of a new row and a missing one


class Lookalike(NamedTuple):
    """A new row, and the row of the earlier file that it looks like, by their places."""

    now: int
    earlier: int


class _Alike(NamedTuple):
    """A new row and a row of the earlier file that may be the same one."""

    now: SheetRow
    earlier: SheetRow


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
    # What is the same row, told a little differently, is in both files: it says that they are of one series, and where
    # the others stand.
    same = [*_fill_in(missing, new), *_replaced_anyway(missing, new)]
    pairs = [*pairs, *(_as_pair(one) for one in same)]
    missing, new = _others(missing, new, same)
    sheets = SideBySide(pairs, missing, new)
    # Who and when say more than the place does: a row that was moved into the gap of another one is not that one.
    one_changed = _find_one_changed(missing, new)
    is_repeated = sheets.is_repeated()
    if not is_repeated and not sheets.is_repeated(len(one_changed), fewest=_FEWEST_ALIKE):
        return Comparison()
    missing, new = _others(missing, new, one_changed)
    # An update that takes the place of another one is no double: the later value holds, and nothing is paid by it.
    found = [one for one in same if not one.now.is_update]
    found += one_changed
    if is_repeated:
        found += _find_in_place(sheets, missing, new)
    lookalikes = sorted(Lookalike(one.now.place, one.earlier.place) for one in found)
    gone = _without(missing, (one.earlier.place for one in found))
    vanished = tuple(row.place for row in gone if sheets.now_days.cover(row.at))
    return Comparison(is_of_series=True, lookalikes=tuple(lookalikes), vanished=vanished)


def _as_pair(same: _Alike) -> Pair:
    return Pair(same.earlier.place, same.now.place, same.now.at or same.earlier.at)


def _others(
    missing: Sequence[SheetRow], new: Sequence[SheetRow], alike: Sequence[_Alike]
) -> tuple[list[SheetRow], list[SheetRow]]:
    """Return the missing and the new rows that are in none of these."""
    left_of_missing = _without(missing, (one.earlier.place for one in alike))
    left_of_new = _without(new, (one.now.place for one in alike))
    return left_of_missing, left_of_new


def _without(rows: Sequence[SheetRow], places: Iterable[int]) -> list[SheetRow]:
    taken = set(places)
    return [row for row in rows if row.place not in taken]


def _find_in_place(sheets: SideBySide, missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> list[_Alike]:
    """Return the rows that stand where another one stood."""
    missing_in: defaultdict[int, list[SheetRow]] = defaultdict(list)
    for row in missing:
        gap = sheets.alignment.gap_of_earlier(row.place)
        missing_in[gap].append(row)
    new_in: defaultdict[int, list[SheetRow]] = defaultdict(list)
    for row in new:
        gap = sheets.alignment.gap_of_now(row.place)
        new_in[gap].append(row)
    found: list[_Alike] = []
    for gap, here in new_in.items():
        may_stand_for = partial(sheets.may_stand_for, gap=gap)
        found += _match(here, missing_in.get(gap, []), may_stand_for)
    return found


def _match(new: Sequence[SheetRow], missing: Sequence[SheetRow], may_stand_for: MayStandFor) -> list[_Alike]:
    """Give each missing row of a gap a new one: the next where there are as many, else the one that is most like it."""
    side_by_side = [_Alike(now, earlier) for now, earlier in zip(new, missing, strict=False)]
    in_order = [one for one in side_by_side if may_stand_for(one.now, one.earlier)]
    are_all_matched = len(in_order) == len(new) == len(missing)
    # Of blocks that were written anew the order is all that can be looked at.
    is_long = len(new) * len(missing) > _MOST_COMPARED
    if are_all_matched or is_long:
        return in_order
    every = (_Alike(now, earlier) for now in new for earlier in missing if may_stand_for(now, earlier))
    possible = _by_likeness(every)
    found = _one_to_one(possible)
    return found + _as_much_like(possible, found)


def _as_much_like(possible: Sequence[_Alike], found: Sequence[_Alike]) -> list[_Alike]:
    """Return the further new rows that are as much like a missing row as the one that was given to it.

    Of two new rows that are equally like a missing one, nobody can tell which it became. Both wait for a person: the
    wrong one let through would be paid beside the row that it corrects.
    """
    likeness_of = {one.earlier.place: likeness(one.now, one.earlier) for one in found}
    taken = {one.now.place for one in found}
    more: list[_Alike] = []
    for one in possible:
        if one.now.place in taken:
            continue
        if likeness(one.now, one.earlier) == likeness_of[one.earlier.place]:
            more.append(one)
            taken.add(one.now.place)
    return more


def _by_likeness(pairs: Iterable[_Alike]) -> list[_Alike]:
    """Return pairs, the most alike first, and in the order of the files where they are equally so."""
    return sorted(pairs, key=lambda one: (-likeness(one.now, one.earlier), one.now.place, one.earlier.place))


def _one_to_one(possible: Iterable[_Alike]) -> list[_Alike]:
    """Return those of the possible ones that come first, so that each row is in one at most."""
    found: list[_Alike] = []
    taken_now: set[int] = set()
    taken_earlier: set[int] = set()
    for one in possible:
        if one.now.place not in taken_now and one.earlier.place not in taken_earlier:
            found.append(one)
            taken_now.add(one.now.place)
            taken_earlier.add(one.earlier.place)
    return found


def _find_one_changed(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> list[_Alike]:
    """Return rows of one client and day with one value changed; each row is in one at most.

    One booking or sale by its id, of another client, is such a pair too.
    """
    possible = [*_of_one_client(missing, new), *_of_one_visit(missing, new)]
    return _one_to_one(_by_likeness(possible))


def _of_one_client(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> Iterator[_Alike]:
    # By day, by day in UTC and by hour, since a correction leaves one of the three as it was; all pairs of two files of
    # a thousand rows would be a million.
    of_day: defaultdict[tuple[str, date | None], list[SheetRow]] = defaultdict(list)
    of_utc_day: defaultdict[tuple[str, date | None], list[SheetRow]] = defaultdict(list)
    of_hour: defaultdict[tuple[str, time | None], list[SheetRow]] = defaultdict(list)
    for row in missing:
        of_day[row.who, row.day].append(row)
        of_utc_day[row.who, row.utc_day].append(row)
        of_hour[row.who, row.hour].append(row)
    for now in new:
        # Whoever misses dozens of rows of a day, or at one hour, is no client with a corrected one.
        on_its_day = of_day[now.who, now.day][:_MOST_OF_A_CLIENT]
        on_its_utc_day = of_utc_day[now.who, now.utc_day][:_MOST_OF_A_CLIENT]
        at_its_hour = of_hour[now.who, now.hour][:_MOST_OF_A_CLIENT]
        for earlier in chain(on_its_day, on_its_utc_day, at_its_hour):
            if is_one_changed(now, earlier) and is_one_day(now, earlier):
                yield _Alike(now, earlier)


def _of_one_visit(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> Iterator[_Alike]:
    """Give new rows that give a booking or sale to another client than the missing row did.

    The first client has the points already; let through, the second one would get them too.
    """
    of_visit: defaultdict[object, list[SheetRow]] = defaultdict(list)
    for row in missing:
        of_visit[row.visit].append(row)
    for now in new:
        if now.visit is None:
            continue
        for earlier in of_visit[now.visit][:_MOST_OF_A_CLIENT]:
            if is_of_another_client(now, earlier):
                yield _Alike(now, earlier)


def _fill_in(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> list[_Alike]:
    """Return rows that differ in what only one of the files says."""
    found = _told_otherwise(missing, new, ignores_time=False)
    # Only then those of which one says a time and the other none, whether a whole column was read anew or some of its
    # cells were emptied or filled: a client's row of the same time is surer than one of some other time.
    missing, new = _others(missing, new, found)
    return found + _told_otherwise(missing, new, ignores_time=True)


def _told_otherwise(missing: Sequence[SheetRow], new: Sequence[SheetRow], *, ignores_time: bool) -> list[_Alike]:
    waiting: defaultdict[tuple[Any, ...], list[SheetRow]] = defaultdict(list)
    for row in missing:
        waiting[_said_by_both(row, ignores_time=ignores_time)].append(row)
    found: list[_Alike] = []
    for now in new:
        alike = waiting.get(_said_by_both(now, ignores_time=ignores_time), [])
        earlier = next((row for row in alike if is_filled_in(now, row)), None)
        if earlier is not None:
            alike.remove(earlier)
            found.append(_Alike(now, earlier))
    return found


def _replaced_anyway(missing: Sequence[SheetRow], new: Sequence[SheetRow]) -> list[_Alike]:
    """Return the last update of each reward that both files update."""
    # Of several updates of one reward in a file the last one holds.
    earlier_of = {row.who: row for row in missing if row.is_update}
    now_of = {row.who: row for row in new}
    in_both = [reward for reward in now_of if reward in earlier_of]
    return [_Alike(now_of[reward], earlier_of[reward]) for reward in in_both]


def _said_by_both(row: SheetRow, *, ignores_time: bool) -> tuple[Any, ...]:
    action = row.values.get("action")
    points = row.values.get("points")
    at = None if ignores_time else row.at
    return (row.who, row.is_update, action, points, at)
