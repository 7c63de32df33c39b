"""Match what the ledger holds with what a service reports; every record of either side gets exactly one outcome.

Equal events are matched by count: the nth equal event with the nth equal entry, so the order of rows changes
nothing. Each step looks only at what the steps before it left over, from the surest pairing to the loosest: equal,
equal within the tolerance, the same but for the time, the same but for the points.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pandas as pd

from transforms.vocabulary import Action, Outcome, State

_WHO = ["site_id", "client_id", "action", "source", "source_id"]
_EXACT = [*_WHO, "points", "action_at"]
_SHARED = ["site_id", "client_id", "action", "points", "action_at"]
_REVERSALS = [Action.RETURNED, Action.REMOVED, Action.LATE_CANCELED]
_RESULT = [
    "outcome", "event_id", "remote_id", "site_id", "client_id", "action", "points", "remote_points", "action_at",
    "remote_at",
]  # fmt: skip


@dataclass(frozen=True)
class Tolerances:
    """What still counts as equal, and how long an entry may take to show."""

    now: datetime  # aware UTC
    grace: timedelta = timedelta(hours=24)  # of transactions
    grace_of_rewards: timedelta = timedelta(hours=24)
    time: timedelta = timedelta(seconds=1)
    amount: Decimal = Decimal(0)


def match_transactions(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Return one row per pair, per event without an entry, and per entry without an event.

    ``events``: event_id, state (posted, refused or unknown), settled_at, and the columns of `_EXACT`, one row per
    event. ``remote``: remote_id and the columns of `_EXACT`, one row per transaction. ``points`` and ``action_at`` of
    the result are the ledger's, or the entry's where there is no event; ``remote_points`` and ``remote_at`` the
    entry's. Times are UTC.
    """
    ours, theirs = _coded(events, remote)
    of = {state: ours[ours["state"].eq(state)] for state in (State.POSTED, State.UNKNOWN, State.REFUSED)}
    found: list[_Found] = []

    matched, posted, rest = _pair(of[State.POSTED], theirs)
    doubtful, unknown, rest = _pair(of[State.UNKNOWN], rest)
    close, posted, rest = _pair_nearest(posted, rest, "points", "action_at", tolerances.time)
    found += [(Outcome.MATCHED, matched), (Outcome.MATCHED, close), (Outcome.UNKNOWN, doubtful)]
    is_twice = rest["exact"].isin(theirs["exact"].loc[pd.concat([matched["theirs"], close["theirs"]])])
    found.append((Outcome.DUPLICATE_REMOTE, _alone("theirs", rest[is_twice])))
    shown, refused, rest = _pair(of[State.REFUSED], rest[~is_twice])
    found.append((Outcome.STATUS_MISMATCH, shown))
    shifted, posted, rest = _pair_nearest(posted, rest, "points", "action_at")
    found.append((Outcome.TIME_MISMATCH, shifted))
    other_points, posted, rest = _pair_nearest(posted, rest, "action_at", "points")
    found.append((Outcome.AMOUNT_MISMATCH, other_points))

    is_late = posted["settled_at"] > tolerances.now - tolerances.grace
    found.append((Outcome.LATE, _alone("ours", posted[is_late])))
    found.append((Outcome.MISSING_REMOTE, _alone("ours", posted[~is_late])))
    found.append((Outcome.UNKNOWN, _alone("ours", unknown)))
    found.append((Outcome.REFUSED, _alone("ours", refused)))
    is_reversal = remote["action"].iloc[rest.index].isin(_REVERSALS).to_numpy()
    found.append((Outcome.REVERSED_REMOTE, _alone("theirs", rest[is_reversal])))
    found.append((Outcome.UNEXPECTED_REMOTE, _alone("theirs", rest[~is_reversal])))
    return _assemble(found, events, remote)


_OF_ENTRY = {"remote_id": "remote_id", "remote_points": "points", "remote_at": "action_at"}
_MOST_CODES = 2**62


_Found = tuple[Outcome, pd.DataFrame]  # places in both frames, -1 where a side has nothing
_Split = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]  # places of pairs, what is left of the events and the entries


def _coded(events: pd.DataFrame, remote: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both sides by place, with whole numbers that are equal where the records are.

    A million records are compared by number in a tenth of the time that their texts take.
    """
    code = {name: _factorized(pd.concat([events[name], remote[name]])) for name in _EXACT}
    who = _codes([code[name] for name in _WHO])
    codes = pd.DataFrame({"who": who, "exact": _codes([who, code["points"], code["action_at"]])})
    of_events, of_remote = codes.iloc[: len(events)], codes.iloc[len(events) :].reset_index(drop=True)
    ours = events[["event_id", "state", "settled_at", "points", "action_at"]].reset_index(drop=True)
    theirs = remote[["remote_id", "points", "action_at"]].reset_index(drop=True)
    return ours.join(of_events, validate="1:1"), theirs.join(of_remote, validate="1:1")


def _factorized(column: pd.Series) -> pd.Series:
    """Return the number of each value from 0 on, that of null too, on a fresh index."""
    return pd.Series(pd.factorize(column, use_na_sentinel=False)[0])


def _codes(columns: Sequence[pd.Series]) -> pd.Series:
    """Return one number per row, equal for rows that are equal in all columns, from 0 without gaps."""
    combined, size = columns[0], 1 + int(columns[0].max()) if len(columns[0]) else 1
    for column in columns[1:]:
        width = 1 + int(column.max()) if len(column) else 1
        if size * width >= _MOST_CODES:
            combined = _factorized(combined)
            size = 1 + int(combined.max())
        combined, size = combined * width + column, size * width
    return _factorized(combined)


def _pair(ours: pd.DataFrame, theirs: pd.DataFrame) -> _Split:
    """Pair the nth event with the nth equal entry; of equal events the longest settled comes first."""
    nth_of = [_number(ours, ["event_id", "settled_at"]), _number(theirs, ["remote_id"])]
    width = max((int(nth.max()) for nth in nth_of if len(nth)), default=0) + 1
    left, right = (side["exact"] * width + nth for side, nth in zip((ours, theirs), nth_of, strict=True))
    places = pd.Series(pd.Index(right).get_indexer(pd.Index(left)), index=ours.index)
    found = places[places >= 0]
    return _split(ours, theirs, pd.DataFrame({"ours": found.index, "theirs": theirs.index[found]}))


def _number(side: pd.DataFrame, order: list[str]) -> pd.Series:
    """Return each row's number among its equals from 0, by the last column of ``order``, then by the one before."""
    # Most keys stand alone; sorting only the others, by one column after the other, keeps a million rows cheap.
    shared = side[side.duplicated("exact", keep=False)]
    for column in order:
        shared = shared.sort_values(column, kind="stable")
    return shared.groupby("exact").cumcount().reindex(side.index, fill_value=0)


def _pair_nearest(
    ours: pd.DataFrame, theirs: pd.DataFrame, same: str, by: str, within: timedelta | None = None
) -> _Split:
    """Pair events and entries of one client, equal in ``same``, so that ``by`` differs least, at most ``within``."""
    both = pd.concat([ours, theirs])
    group = _codes([_factorized(both["who"]), _factorized(both[same])])
    of_ours, of_theirs = group.iloc[: len(ours)].to_numpy(), group.iloc[len(ours) :].to_numpy()
    mine = _members(ours.assign(group=of_ours), of_theirs, by, ["settled_at", "event_id"])
    others = _members(theirs.assign(group=of_theirs), of_ours, by, ["remote_id"])
    pairs: list[tuple[int, int]] = []
    for key, members in mine.items():
        values = [value for value, _ in members], [value for value, _ in others[key]]
        places = _nearest(*values) if within is None else _close(*values, within // timedelta(microseconds=1))
        pairs += [(members[place][1], others[key][other][1]) for place, other in places]
    return _split(ours, theirs, pd.DataFrame(pairs, columns=["ours", "theirs"], dtype="int64"))


def _members(side: pd.DataFrame, wanted: Any, by: str, order: list[str]) -> dict[int, list[tuple[int, int]]]:
    """Return (value, place) of each row of the wanted groups, sorted; times in microseconds."""
    rows = side[side["group"].isin(wanted)].sort_values([by, *order])
    values = rows[by].dt.as_unit("us").astype("int64") if by.endswith("_at") else rows[by].astype("int64")
    members: dict[int, list[tuple[int, int]]] = {}
    for group, value, place in zip(rows["group"].tolist(), values.tolist(), rows.index.tolist(), strict=True):
        members.setdefault(group, []).append((value, place))
    return members


def _close(ours: Sequence[int], theirs: Sequence[int], within: int) -> list[tuple[int, int]]:
    """Return as many pairs of places as differ by at most ``within``; both sides are sorted.

    >>> _close([0, 10], [9, 11, 50], 1)
    [(1, 0)]
    """
    pairs, other = [], 0
    for place, value in enumerate(ours):
        other = bisect_left(theirs, value - within, lo=other)
        if other < len(theirs) and theirs[other] <= value + within:
            pairs.append((place, other))
            other += 1
    return pairs


def _nearest(ours: Sequence[int], theirs: Sequence[int]) -> list[tuple[int, int]]:
    """Pair every member of the shorter side so that the differences add up to the least; both sides are sorted.

    >>> _nearest([0, 10], [9])
    [(1, 0)]
    """
    if len(ours) > len(theirs):
        return [(place, other) for other, place in _nearest(theirs, ours)]
    if len(ours) == len(theirs):
        return [(place, place) for place in range(len(ours))]  # in order is then the least
    # costs[i][j]: the least for the first i of ours among the first j of theirs; sorted pairs never need to cross.
    costs: list[list[float]] = [[0] * (len(theirs) + 1)]
    for value in ours:
        steps = [cost + abs(value - other) for cost, other in zip(costs[-1], theirs, strict=False)]
        costs.append(list(accumulate([math.inf, *steps], min)))
    pairs, end = [], len(theirs)
    for place in range(len(ours), 0, -1):
        end = bisect_left(costs[place], -costs[place][end], hi=end + 1, key=lambda cost: -cost)
        pairs.append((place - 1, end - 1))
        end -= 1
    return pairs[::-1]


def _split(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> _Split:
    """Return the pairs and what is left of each side."""
    return pairs, ours[~ours.index.isin(pairs["ours"])], theirs[~theirs.index.isin(pairs["theirs"])]


def _alone(side: str, rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({side: rows.index}, columns=["ours", "theirs"], dtype="Int64").fillna(-1).astype("int64")


def _assemble(found: Sequence[_Found], events: pd.DataFrame, remote: pd.DataFrame) -> pd.DataFrame:
    """Return the documented columns for the places found: first what has an event, then entries without one."""
    outcomes = pd.Series([str(outcome) for outcome, _ in found], dtype="str").repeat([len(pairs) for _, pairs in found])
    places = pd.concat([pairs for _, pairs in found], ignore_index=True).assign(outcome=outcomes.to_numpy())
    of_events, of_entries = places[places["ours"] >= 0], places[places["ours"] < 0]
    ours = pd.DataFrame(
        {name: _taken(events[name], of_events["ours"]) for name in ("event_id", *_SHARED)}
        | {name: _taken(remote[column], of_events["theirs"]) for name, column in _OF_ENTRY.items()}
    )
    theirs = pd.DataFrame(
        {name: _taken(remote[name], of_entries["theirs"]) for name in _SHARED}
        | {name: _taken(remote[column], of_entries["theirs"]) for name, column in _OF_ENTRY.items()}
    )
    whole = pd.concat([ours, theirs.assign(event_id=pd.Series(None, dtype="str"))], ignore_index=True)
    return whole.assign(outcome=pd.concat([of_events["outcome"], of_entries["outcome"]]).to_numpy())[_RESULT]


def _taken(column: pd.Series, places: pd.Series) -> Any:
    """Return the values at these places, null at -1."""
    return pd.api.extensions.take(column.array, places.to_numpy(), allow_fill=True)
