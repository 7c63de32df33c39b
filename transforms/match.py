"""Match what the ledger holds with what a service reports; every record of either side gets exactly one outcome.

Equal events are matched by count: the nth equal event with the nth equal entry, so the order of rows changes
nothing. Each step looks only at what the steps before it left over, from the surest pairing to the loosest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

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
    found.append(_labeled(matched, Outcome.MATCHED))
    doubtful, unknown, rest = _pair(of[State.UNKNOWN], rest, _EXACT)
    found.append(_labeled(doubtful, Outcome.UNKNOWN))
    is_twice = _is_among(rest, matched)
    found.append(_remote_only(rest[is_twice], Outcome.DUPLICATE_REMOTE))
    shown, refused, rest = _pair(of[State.REFUSED], rest[~is_twice], _EXACT)
    found.append(_labeled(shown, Outcome.STATUS_MISMATCH))
    shifted, posted, rest = _pair(posted, rest, _WHO_AND_WHAT)
    is_close = (shifted["action_at"] - shifted["remote_at"]).abs() <= tolerances.time
    found.append(_labeled(shifted[is_close], Outcome.MATCHED))
    found.append(_labeled(shifted[~is_close], Outcome.TIME_MISMATCH))
    other_points, posted, rest = _pair(posted, rest, _ALL_BUT_POINTS)
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


def _pair(
    events: pd.DataFrame, remote: pd.DataFrame, key: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the pairs (the events' columns, remote_id, remote_points, remote_at) and what is left of each side."""
    numbered = [*key, "nth"]
    ours, theirs = _number(events, key), _number(remote, key)
    theirs = theirs.assign(remote_points=theirs["points"], remote_at=theirs["action_at"])
    columns = [*numbered, "remote_id", *({"remote_points", "remote_at"} - set(numbered))]
    pairs = ours.merge(theirs[columns], on=numbered, how="inner", validate="1:1").drop(columns="nth")
    return (
        pairs,
        events[~events["event_id"].isin(pairs["event_id"])],
        remote[~remote["remote_id"].isin(pairs["remote_id"])],
    )


def _number(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    # Ordered by time first, so that the nth of one side is the nth of the other whatever the order of rows.
    ordered = frame.sort_values("action_at", kind="stable")
    return ordered.assign(nth=ordered.groupby(key, dropna=False).cumcount())


def _is_among(remote: pd.DataFrame, matched: pd.DataFrame) -> pd.Series:
    known = matched[_EXACT].drop_duplicates()
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
