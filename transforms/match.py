"""Match what the ledger holds with what a service reports; every record of either side gets exactly one outcome.

Equal events are matched by count: the nth equal event with the nth equal entry, so the order of rows changes
nothing. Each step looks only at what the steps before it left over, from the surest pairing to the loosest: equal,
equal within the tolerance, the same but for the time, the same but for the points.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pandas as pd

from transforms.vocabulary import Action, Outcome, State

_WHO_AND_WHAT = ["site_id", "client_id", "action", "points", "source", "source_id"]
_EXACT = [*_WHO_AND_WHAT, "action_at"]
_ALL_BUT_POINTS = ["site_id", "client_id", "action", "source", "source_id", "action_at"]
_REVERSALS = [Action.RETURNED, Action.REMOVED, Action.LATE_CANCELED]
_RESULT = ["outcome", "event_id", "remote_id", "site_id", "client_id", "action", "points", "remote_points", "action_at"]


@dataclass(frozen=True)
class Tolerances:
    """What still counts as equal, and how long an entry may take to show."""

    now: datetime  # aware UTC
    grace: timedelta = timedelta(hours=24)
    time: timedelta = timedelta(seconds=1)
    amount: Decimal = Decimal(0)


def match_transactions(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Return one row per pair, per event without an entry, and per entry without an event.

    ``events``: event_id, state (posted, refused or unknown), settled_at, and the columns of `_EXACT`, one row per
    event. ``remote``: remote_id and the columns of `_EXACT`, one row per transaction. ``points`` of the result are
    the ledger's, or the entry's where there is no event; ``remote_points`` the entry's. Times are UTC.
    """
    of = {state: events[events["state"].eq(state)] for state in (State.POSTED, State.UNKNOWN, State.REFUSED)}
    found: list[pd.DataFrame] = []

    matched, posted, rest = _pair(of[State.POSTED], remote, _EXACT)
    doubtful, unknown, rest = _pair(of[State.UNKNOWN], rest, _EXACT)
    close, posted, rest = _pair_nearest(posted, rest, _WHO_AND_WHAT, "action_at", tolerances.time)
    found += [_labeled(matched, Outcome.MATCHED), _labeled(close, Outcome.MATCHED)]
    found.append(_labeled(doubtful, Outcome.UNKNOWN))
    is_twice = _is_among(rest, [matched, close])
    found.append(_remote_only(rest[is_twice], Outcome.DUPLICATE_REMOTE))
    shown, refused, rest = _pair(of[State.REFUSED], rest[~is_twice], _EXACT)
    found.append(_labeled(shown, Outcome.STATUS_MISMATCH))
    shifted, posted, rest = _pair_nearest(posted, rest, _WHO_AND_WHAT, "action_at")
    found.append(_labeled(shifted, Outcome.TIME_MISMATCH))
    other_points, posted, rest = _pair_nearest(posted, rest, _ALL_BUT_POINTS, "points")
    found.append(_labeled(other_points, Outcome.AMOUNT_MISMATCH))

    is_late = posted["settled_at"] > tolerances.now - tolerances.grace
    found.append(_labeled(posted[is_late], Outcome.LATE))
    found.append(_labeled(posted[~is_late], Outcome.MISSING_REMOTE))
    found.append(_labeled(unknown, Outcome.UNKNOWN))
    found.append(_labeled(refused, Outcome.REFUSED))
    is_reversal = rest["action"].isin(_REVERSALS)
    found.append(_remote_only(rest[is_reversal], Outcome.REVERSED_REMOTE))
    found.append(_remote_only(rest[~is_reversal], Outcome.UNEXPECTED_REMOTE))
    return _stack(found, _RESULT)


_REWARD_RESULT = ["outcome", "event_id", "reward_id", "amount", "remote_amount"]


def match_rewards(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Return one row per event: the last update of each reward against the reward as the service has it.

    ``events``: event_id, state, settled_at, reward_id, payout_id, amount (Decimal or None), eligibility_on (date or
    None), description; at most one posted event a reward, since older updates were replaced. ``remote``: reward_id,
    and remote_payout_id, remote_amount, remote_eligibility_on, remote_description, one row per reward. Rewards that
    nobody updated are none of ours and get no row.
    """
    both = events.merge(remote, on="reward_id", how="left", validate="m:1", indicator="where")
    outcomes = [_reward_outcome(row, tolerances) for row in both.itertuples()]
    return _stack([both.assign(outcome=pd.Series(outcomes, index=both.index, dtype="str"))], _REWARD_RESULT)


def _reward_outcome(row: object, tolerances: Tolerances) -> Outcome:
    state, is_there = getattr(row, "state"), getattr(row, "where") == "both"  # noqa: B009 - named by the frame
    if state != State.POSTED:
        return Outcome.UNKNOWN if state == State.UNKNOWN else Outcome.REFUSED
    if not is_there:
        is_late = getattr(row, "settled_at") > tolerances.now - tolerances.grace  # noqa: B009
        return Outcome.LATE if is_late else Outcome.MISSING_REMOTE
    amount, remote_amount = getattr(row, "amount"), getattr(row, "remote_amount")  # noqa: B009
    if not pd.isna(amount) and (pd.isna(remote_amount) or abs(amount - remote_amount) > tolerances.amount):
        return Outcome.AMOUNT_MISMATCH
    if _is_other(row, "eligibility_on"):
        return Outcome.TIME_MISMATCH
    return Outcome.STATUS_MISMATCH if _is_other(row, "payout_id") or _is_other(row, "description") else Outcome.MATCHED


def _is_other(row: object, column: str) -> bool:
    ours, theirs = getattr(row, column), getattr(row, f"remote_{column}")
    return not pd.isna(ours) and (pd.isna(theirs) or ours != theirs)


_Split = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]  # pairs, what is left of the events, and of the entries


def _pair(events: pd.DataFrame, remote: pd.DataFrame, key: list[str]) -> _Split:
    """Pair the nth event with the nth entry of the same key; of equal events the longest settled comes first."""
    if events.empty or remote.empty:
        return _split(events, remote, [])
    numbered = [*key, "nth"]
    ours, theirs = _number(events, key, ["settled_at", "event_id"]), _number(remote, key, ["remote_id"])
    pairs = ours[["event_id", *numbered]].merge(
        theirs[["remote_id", *numbered]], on=numbered, how="inner", validate="1:1"
    )
    return _split(events, remote, zip(pairs["event_id"], pairs["remote_id"], strict=True))


def _number(frame: pd.DataFrame, key: list[str], order: list[str]) -> pd.DataFrame:
    # Most keys stand alone; sorting only the others keeps a million rows cheap.
    is_shared = frame.duplicated(key, keep=False)
    shared = frame[is_shared].sort_values(order)
    nth = shared.groupby(key, dropna=False).cumcount().reindex(frame.index, fill_value=0)
    return frame.assign(nth=nth)


def _pair_nearest(
    events: pd.DataFrame, remote: pd.DataFrame, key: list[str], by: str, within: timedelta | None = None
) -> _Split:
    """Pair events and entries of one key so that ``by`` differs least over all pairs, and at most ``within``."""
    if events.empty or remote.empty:
        return _split(events, remote, [])
    groups = pd.concat([events[key], remote[key]]).groupby(key, dropna=False).ngroup()
    of_events, of_remote = groups.iloc[: len(events)], groups.iloc[len(events) :]
    ours = _members(events, of_events, set(of_remote), by, ["settled_at", "event_id"])
    theirs = _members(remote, of_remote, set(of_events), by, ["remote_id"])
    pairs: list[tuple[str, int]] = []
    for group, mine in ours.items():
        values = [value for value, _ in mine], [value for value, _ in theirs[group]]
        places = _nearest(*values) if within is None else _close(*values, within // timedelta(microseconds=1))
        pairs += [(mine[place][1], theirs[group][other][1]) for place, other in places]
    return _split(events, remote, pairs)


def _members(
    frame: pd.DataFrame, groups: pd.Series, wanted: set[int], by: str, order: list[str]
) -> dict[int, list[tuple[int, Any]]]:
    """Return (value, id) of each row of the wanted groups, sorted; times in microseconds."""
    rows = frame.assign(group=groups)[groups.isin(wanted)].sort_values([by, *order])
    values = rows[by].dt.as_unit("us").astype("int64") if by.endswith("_at") else rows[by]
    members: dict[int, list[tuple[int, Any]]] = {}
    for group, value, id_ in zip(rows["group"], values, rows[order[-1]], strict=True):
        members.setdefault(group, []).append((int(value), id_))
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


def _split(events: pd.DataFrame, remote: pd.DataFrame, pairs: Iterable[tuple[str, int]]) -> _Split:
    """Return the pairs (the events' columns, remote_id, remote_points, remote_at) and what is left of each side."""
    other_of = dict(pairs)
    is_paired, is_taken = events["event_id"].isin(other_of), remote["remote_id"].isin(other_of.values())
    seen = remote[["remote_id", "points", "action_at"]][is_taken]
    seen = seen.rename(columns={"points": "remote_points", "action_at": "remote_at"})
    paired = events[is_paired]
    paired = paired.assign(remote_id=paired["event_id"].map(other_of).astype("Int64"))
    return paired.merge(seen, on="remote_id", validate="1:1"), events[~is_paired], remote[~is_taken]


def _is_among(remote: pd.DataFrame, matched: Sequence[pd.DataFrame]) -> pd.Series:
    """Return which entries repeat one that was matched."""
    entries = [pairs.assign(points=pairs["remote_points"], action_at=pairs["remote_at"])[_EXACT] for pairs in matched]
    known = pd.concat(entries).drop_duplicates()
    joined = remote[_EXACT].merge(known, on=_EXACT, how="left", validate="m:1", indicator="where")
    return joined["where"].eq("both").set_axis(remote.index)


def _labeled(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    return frame.assign(outcome=str(outcome))


def _remote_only(remote: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    return remote.assign(outcome=str(outcome), remote_points=remote["points"])


def _stack(frames: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [frame.reindex(columns=columns) for frame in frames if len(frame)]
    stacked = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
    # A row without one side has no number there; without this the whole column would turn into floats.
    whole = [column for column in ("points", "remote_points", "remote_id") if column in columns]
    return stacked.astype(dict.fromkeys(whole, "Int64"))
