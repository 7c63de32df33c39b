"""Pair events of the ledger with entries of a service: the arithmetic that each rung of the match stands on.

Two ways of pairing: records that are equal in everything, by count, and records that are equal but for one value, so
that this value differs least. Both are one to one, and neither minds the order of rows. Which of them is tried when,
and what a pair then means, is said in `transforms.match.transactions`.

A side is a frame whose index is the place of each record among all of its side; pairs are two columns of such places.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from typing import NamedTuple

import pandas as pd

_WHO = ["site_id", "client_id", "action", "source", "source_id"]
_EXACT = [*_WHO, "points", "action_at"]
# Codes are signed 64-bit integers, which end at 2**63.
_MOST_CODES = 2**62
_MICROSECOND = timedelta(microseconds=1)
_OF_EVENT = ["event_id", "state", "settled_at", "points", "action_at"]
_OF_ENTRY = ["remote_id", "points", "action_at"]

_Pairs = list[tuple[int, int]]


class _Group(NamedTuple):
    """The records of one side that are alike, in ascending order of the value by which they may differ."""

    values: list[int]
    places: list[int]


def coded(events: pd.DataFrame, remote: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both sides by place, with whole numbers that are equal where the records are.

    ``who`` is equal for records that differ at most in points and time, ``exact`` for records that are equal in
    everything. A million records are compared by number in a tenth of the time that their texts take.
    """
    codes = _common_codes(events, remote)
    codes_of_events = codes.iloc[: len(events)]
    codes_of_remote = codes.iloc[len(events) :].reset_index(drop=True)
    ours = events[_OF_EVENT].reset_index(drop=True)
    theirs = remote[_OF_ENTRY].reset_index(drop=True)
    return (
        ours.join(codes_of_events, validate="1:1"),
        theirs.join(codes_of_remote, validate="1:1"),
    )


def _common_codes(events: pd.DataFrame, remote: pd.DataFrame) -> pd.DataFrame:
    """Return ``who`` and ``exact`` of the events, and below them of the entries."""
    code = {}
    for name in _EXACT:
        # Both sides are numbered together, so that a number means the same on either; nulls count as equal to each
        # other: where the sheet leaves the source's id empty, the service shows none.
        values = pd.concat([events[name], remote[name]])
        code[name] = _factorized(values)
    who = _codes([code[name] for name in _WHO])
    exact = _codes([who, code["points"], code["action_at"]])
    return pd.DataFrame({"who": who, "exact": exact})


def pair_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Pair the nth event with the nth equal entry; of equal events the longest settled comes first."""
    # By count, since equal entries of a service cannot be told apart: where it shows two and the ledger has three, one
    # is missing, and which of the three is called so must be the same every night. Otherwise a break would close and
    # another one open while nothing has happened.
    nth_of_ours = _number_equals(ours, ["event_id", "settled_at"])
    nth_of_theirs = _number_equals(theirs, ["remote_id"])
    # The record and its number among its equals make one key, which no other record of the side has: that turns a
    # join by two columns into one look-up.
    width = max(_width(nth_of_ours), _width(nth_of_theirs))
    key_of_ours = ours["exact"] * width + nth_of_ours
    key_of_theirs = theirs["exact"] * width + nth_of_theirs
    looked_up = pd.Index(key_of_theirs).get_indexer(pd.Index(key_of_ours))
    found = pd.Series(looked_up, index=ours.index)
    found = found[found >= 0]
    return pd.DataFrame({"ours": found.index, "theirs": theirs.index[found]})


def pair_nearest(
    ours: pd.DataFrame, theirs: pd.DataFrame, *, same: str, by: str, within: timedelta | None = None
) -> pd.DataFrame:
    """Pair events and entries of one client that are equal in ``same``, so that ``by`` differs least.

    With ``within`` only what differs by at most that is paired, and as many as can be.
    """
    # Within a client alone: an entry of somebody else's is never the lost one, however near it lies.
    both = pd.concat([ours, theirs])
    group = _codes([_factorized(both["who"]), _factorized(both[same])])
    group_of_ours = group.iloc[: len(ours)].set_axis(ours.index)
    group_of_theirs = group.iloc[len(ours) :].set_axis(theirs.index)
    # Only groups that both sides have can give a pair; after the surer rungs these are few of the rows, so that the
    # loop below runs over the exceptions of a night and never over its million matched records.
    is_shared_of_ours = group_of_ours.isin(group_of_theirs)
    is_shared_of_theirs = group_of_theirs.isin(group_of_ours)
    groups_of_ours = _groups(ours[is_shared_of_ours], group_of_ours, [by, "settled_at", "event_id"])
    groups_of_theirs = _groups(theirs[is_shared_of_theirs], group_of_theirs, [by, "remote_id"])
    pairs: _Pairs = []
    for number, of_ours in groups_of_ours.items():
        pairs += _pair_group(of_ours, groups_of_theirs[number], within)
    return pd.DataFrame(pairs, columns=["ours", "theirs"], dtype="int64")


def _pair_group(ours: _Group, theirs: _Group, within: timedelta | None) -> _Pairs:
    """Pair what is alike on both sides, and give the places among all of the side."""
    if within is None:
        chosen = _nearest(ours.values, theirs.values)
    else:
        chosen = _close(ours.values, theirs.values, within // _MICROSECOND)
    return [(ours.places[mine], theirs.places[other]) for mine, other in chosen]


def _factorized(column: pd.Series) -> pd.Series:
    """Return the number of each value from 0 on, that of null too, on a fresh index."""
    return pd.Series(pd.factorize(column, use_na_sentinel=False)[0])


def _codes(columns: Sequence[pd.Series]) -> pd.Series:
    """Return one number per row, equal for rows that are equal in all columns, from 0 without gaps."""
    combined = columns[0]
    size = _width(combined)
    for column in columns[1:]:
        width = _width(column)
        # Numbers that pass 64 bits would wrap around and make different records equal. Numbering anew costs a pass
        # over all rows, so it waits until the product would no longer fit.
        if size * width >= _MOST_CODES:
            combined = _factorized(combined)
            size = _width(combined)
        combined = combined * width + column
        size *= width
    return _factorized(combined)


def _width(codes: pd.Series) -> int:
    """Return how many different numbers from 0 on the codes need; 1 where there are none."""
    return 1 + int(codes.max()) if len(codes) else 1


def _number_equals(side: pd.DataFrame, order: list[str]) -> pd.Series:
    """Return each row's number among its equals from 0, by the last column of ``order``, then by the one before."""
    # Most keys stand alone; sorting only the others, by one column after the other, keeps a million rows cheap.
    shared = side[side.duplicated("exact", keep=False)]
    for column in order:
        shared = shared.sort_values(column, kind="stable")
    return shared.groupby("exact").cumcount().reindex(side.index, fill_value=0)


def _groups(side: pd.DataFrame, group: pd.Series, order: list[str]) -> dict[int, _Group]:
    """Return the values of the first column of ``order`` by group, sorted; times in microseconds."""
    rows = side.sort_values(order)
    column = order[0]
    by = rows[column]
    if column.endswith("_at"):
        by = by.dt.as_unit("us")
    numbers = group[rows.index].tolist()
    values = by.astype("int64").tolist()
    places = rows.index.tolist()
    groups: dict[int, _Group] = {}
    for number, value, place in zip(numbers, values, places, strict=True):
        found = groups.setdefault(number, _Group([], []))
        found.values.append(value)
        found.places.append(place)
    return groups


def _close(ours: Sequence[int], theirs: Sequence[int], within: int) -> _Pairs:
    """Return as many pairs of places as differ by at most ``within``; both sides are sorted.

    >>> _close([0, 10], [9, 11, 50], 1)
    [(1, 0)]
    """
    pairs: _Pairs = []
    # To take the earliest entry that is near enough never costs a pair: later events reach further up, so a later
    # entry serves them as well, and what was too early for this event is too early for them.
    first = 0
    for place, value in enumerate(ours):
        first = bisect_left(theirs, value - within, lo=first)
        if first < len(theirs) and theirs[first] <= value + within:
            pairs.append((place, first))
            first += 1
    return pairs


def _nearest(ours: Sequence[int], theirs: Sequence[int]) -> _Pairs:
    """Pair every member of the shorter side so that the differences add up to the least; both sides are sorted.

    >>> _nearest([0, 10], [9])
    [(1, 0)]
    """
    if len(ours) > len(theirs):
        return [(place, other) for other, place in _nearest(theirs, ours)]
    # Two sorted sides never need to cross: of equal length, pairing them in order is the least. That is the common
    # case (a file of one wrong zone), and it spares the table below, which takes a cell for every possible pair.
    if len(ours) == len(theirs):
        return [(place, place) for place in range(len(ours))]
    return _trace_back(_least_costs(ours, theirs))


def _least_costs(ours: Sequence[int], theirs: Sequence[int]) -> list[list[float]]:
    """Return costs[i][j]: the least sum of differences for the first i of ours among the first j of theirs."""
    costs: list[list[float]] = [[0] * (len(theirs) + 1)]
    for value in ours:
        before = costs[-1]
        # What it costs to pair this value with each of theirs, when all before it are paired further left; where
        # leaving an entry out is cheaper, the least so far is carried on.
        paired_here = [cost + abs(value - other) for cost, other in zip(before, theirs, strict=False)]
        least_so_far = accumulate([math.inf, *paired_here], min)
        costs.append(list(least_so_far))
    return costs


def _trace_back(costs: Sequence[Sequence[float]]) -> _Pairs:
    """Return the pairs that made the least costs, found from the last of ours to the first.

    Row i of the costs tells what the first i of ours cost at least; the last column of it, with all of theirs to choose
    from. Where that cost first appears in its row, there the i-th of ours was paired. Whatever stands right of it is
    left out, and the one before it may only choose among what stands left.
    """
    pairs: _Pairs = []
    choice = len(costs[0]) - 1  # the first so many of theirs may still be chosen
    for place in range(len(costs) - 1, 0, -1):
        # The first of equals, so that the same records give the same pairs whatever order they came in.
        choice = _first_with(costs[place], costs[place][choice], most=choice)
        pairs.append((place - 1, choice - 1))
        choice -= 1
    pairs.reverse()
    return pairs


def _first_with(falling: Sequence[float], cost: float, *, most: int) -> int:
    """Return the first place, up to ``most``, that has the cost; costs fall along a row, or stay as they are.

    >>> _first_with([9, 4, 4, 1], 4, most=2)
    1
    """
    # `bisect` wants what rises.
    return bisect_left(falling, -cost, hi=most + 1, key=lambda one: -one)
