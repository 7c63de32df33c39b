"""Match the last update of each reward with the reward as the service has it."""

from typing import Any, NamedTuple

import pandas as pd

from transforms.identity.reward_ids import all_without_case
from transforms.match.transactions import Tolerances
from transforms.vocabulary import Outcome, State

_REWARD_RESULT = ["outcome", "event_id", "reward_id", "amount", "remote_amount", "field", "ours", "theirs"]
_OTHER_FIELDS = {
    "eligibility_on": Outcome.TIME_MISMATCH,
    "payout_id": Outcome.STATUS_MISMATCH,
    "description": Outcome.STATUS_MISMATCH,
}


class _Found(NamedTuple):
    """What one update came to; of a mismatch, the first value that differs."""

    outcome: Outcome
    field: str | None = None
    ours: object = None
    theirs: object = None


def match_rewards(events: pd.DataFrame, remote: pd.DataFrame, tolerances: Tolerances) -> pd.DataFrame:
    """Return one row per event: the last update of each reward against the reward as the service has it.

    ``events``: event_id, state, settled_at, reward_id, payout_id, amount (Decimal or None), eligibility_on (date or
    None), description; at most one posted event a reward, since older updates were replaced. ``remote``: reward_id,
    and remote_payout_id, remote_amount, remote_eligibility_on, remote_description, one row per reward. Ids
    are compared without case, and told as the event spells them. Rewards that nobody updated are none of ours and get
    no row. ``field``, ``ours``, ``theirs``: the first value that differs.
    """
    ours = events.assign(reward=all_without_case(events["reward_id"]))
    reward_of_theirs = all_without_case(remote["reward_id"])
    theirs = remote.drop(columns="reward_id").assign(reward=reward_of_theirs)
    both = ours.merge(theirs, on="reward", how="left", validate="m:1", indicator="where")
    found = [_compared(row, tolerances) for row in both.itertuples()]
    told = pd.DataFrame(found, columns=list(_Found._fields), index=both.index, dtype="object")
    told = told.astype({"outcome": "str", "field": "str"})
    return both.join(told, validate="1:1")[_REWARD_RESULT]


def _compared(row: Any, tolerances: Tolerances) -> _Found:
    """Return the first that applies, from what the ledger says of the update to what the service shows of it."""
    # 1. An update that may not have taken effect is not compared by its values: an earlier update, or a person, may
    # have set the same ones, so that equal values would prove nothing.
    if row.state == State.UNKNOWN:
        return _Found(Outcome.UNKNOWN)
    if row.state != State.POSTED:
        return _Found(Outcome.REFUSED)

    # 2. The service does not list the reward at all. What was posted just now may still be on its way into the list:
    # to call it missing at once would raise an alarm for every update of the night.
    if row.where != "both":
        is_late = row.settled_at > tolerances.now - tolerances.grace_of_rewards
        return _Found(Outcome.LATE if is_late else Outcome.MISSING_REMOTE)

    # 3. The amount comes before all other values. A row has one outcome, and where several values differ it must be
    # the one that is money: the equation of amounts counts the difference by this outcome alone.
    if _differs_in_amount(row, tolerances):
        return _Found(Outcome.AMOUNT_MISMATCH, "amount", ours=row.amount, theirs=row.remote_amount)

    # 4. The other values, in a fixed order: the first is told. Once it is mended, the next night tells
    # what is left of them.
    for field, outcome in _OTHER_FIELDS.items():
        ours = getattr(row, field)
        theirs = getattr(row, f"remote_{field}")
        if _differs(ours, theirs):
            return _Found(outcome, field, ours=ours, theirs=theirs)

    return _Found(Outcome.MATCHED)


def _differs_in_amount(row: Any, tolerances: Tolerances) -> bool:
    # An update without an amount leaves the reward's as it was, whatever that is.
    if pd.isna(row.amount):
        return False
    if pd.isna(row.remote_amount):
        return True
    return bool(abs(row.amount - row.remote_amount) > tolerances.amount)


def _differs(ours: Any, theirs: Any) -> bool:
    # What an update does not set stays as it was at the service, so there is nothing to compare it with.
    if pd.isna(ours):
        return False
    return bool(pd.isna(theirs) or ours != theirs)
