"""Match the last update of each reward with the reward as the service has it."""

from typing import Any

import pandas as pd

from transforms.match.transactions import Tolerances
from transforms.vocabulary import Outcome, State

_REWARD_RESULT = ["outcome", "event_id", "reward_id", "amount", "remote_amount", "field", "ours", "theirs"]


def match_rewards(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Return one row per event: the last update of each reward against the reward as the service has it.

    ``events``: event_id, state, settled_at, reward_id, payout_id, amount (Decimal or None), eligibility_on (date or
    None), description; at most one posted event a reward, since older updates were replaced. ``remote``: reward_id,
    and remote_payout_id, remote_amount, remote_eligibility_on, remote_description, one row per reward. Rewards that
    nobody updated are none of ours and get no row. ``field``, ``ours``, ``theirs``: the first value that differs.
    """
    both = events.merge(remote, on="reward_id", how="left", validate="m:1", indicator="where")
    found = [_reward_outcome(row, tolerances) for row in both.itertuples()]
    told = pd.DataFrame(found, columns=["outcome", "field", "ours", "theirs"], index=both.index, dtype="object")
    return both.join(told.astype({"outcome": "str", "field": "str"}), validate="1:1")[_REWARD_RESULT]


def _reward_outcome(row: Any, tolerances: Tolerances) -> tuple[Outcome, str | None, object, object]:
    if row.state != State.POSTED:
        return Outcome.UNKNOWN if row.state == State.UNKNOWN else Outcome.REFUSED, None, None, None
    if row.where != "both":
        is_late = row.settled_at > tolerances.now - tolerances.grace_of_rewards
        return Outcome.LATE if is_late else Outcome.MISSING_REMOTE, None, None, None
    ours, theirs = row.amount, row.remote_amount
    if not pd.isna(ours) and (pd.isna(theirs) or abs(ours - theirs) > tolerances.amount):
        return Outcome.AMOUNT_MISMATCH, "amount", ours, theirs
    for field, outcome in _OTHER_FIELDS.items():
        ours, theirs = getattr(row, field), getattr(row, f"remote_{field}")
        if not pd.isna(ours) and (pd.isna(theirs) or ours != theirs):
            return outcome, field, ours, theirs
    return Outcome.MATCHED, None, None, None


_OTHER_FIELDS = {
    "eligibility_on": Outcome.TIME_MISMATCH,
    "payout_id": Outcome.STATUS_MISMATCH,
    "description": Outcome.STATUS_MISMATCH,
}
