"""Tell which posted events were compared with what their service shows, and what it shows of them."""

import pandas as pd

from transforms.match.reconciled import Reconciliation
from transforms.vocabulary import Kind, Outcome

# What the match says of events that the ledger has as posted.
_OF_POSTED = (
    Outcome.MATCHED,
    Outcome.LATE,
    Outcome.MISSING_REMOTE,
    Outcome.TIME_MISMATCH,
    Outcome.AMOUNT_MISMATCH,
)


def compared_count(reconciled: Reconciliation) -> int:
    """Count the events that the ledger has as posted and the match looked for at the service."""
    return int(reconciled.transactions["outcome"].isin(_OF_POSTED).sum())


def is_compared(posted: pd.DataFrame, reconciled: Reconciliation | None) -> pd.Series:
    """Return which of `posted` were compared; the same index."""
    if reconciled is None:
        return pd.Series(False, index=posted.index, dtype="bool")
    compared = {*reconciled.transactions["event_id"], *reconciled.rewards["event_id"]}
    # An update that a later one of ours replaced is compared by that one.
    return posted["event_id"].isin(compared) | posted["reward_id"].isin(reconciled.rewards["reward_id"])


def not_compared(posted: pd.DataFrame) -> pd.DataFrame:
    """Return the events that the ledger knows to be still uncompared; the next run reads them back."""
    return posted[posted["compared_at"].isna()]


def uncompared_lines(posted: pd.DataFrame, reconciled: Reconciliation | None) -> list[str]:
    """Return the line that says how many posted events still wait to be compared; none where none do."""
    waiting = not_compared(posted[~is_compared(posted, reconciled)])
    return (
        [f"{len(waiting):,} posted events are not compared yet: the next run reads them back."] if len(waiting) else []
    )


def service_rows(posted: pd.DataFrame, reconciled: Reconciliation | None) -> pd.DataFrame:
    """Return what the service shows of the run's own events, one row each."""
    columns = ["kind", "site_id", "points", "amount"]
    if reconciled is None:
        return pd.DataFrame(columns=columns)
    posted = posted[["event_id", "kind", "site_id", "amount"]]
    known = posted.drop(columns="amount")
    shown = reconciled.transactions.dropna(subset=["remote_id", "event_id"])[["event_id", "remote_points"]]
    of_clients = known.merge(shown, on="event_id", validate="1:1").assign(amount=None)
    is_there = reconciled.rewards["outcome"].isin([Outcome.MATCHED, Outcome.AMOUNT_MISMATCH])
    rewards = reconciled.rewards[is_there][["event_id", "remote_amount"]]
    of_rewards = posted.merge(rewards, on="event_id", validate="1:1")
    # An update that sets no amount answers for none, whatever amount its reward has.
    of_rewards = of_rewards.assign(amount=of_rewards["remote_amount"].where(of_rewards["amount"].notna(), None))
    # An update that a later one of ours replaced cannot be seen any more; it was confirmed when it was posted.
    is_replaced = posted["kind"].eq(Kind.REWARD_UPDATE) & ~posted["event_id"].isin(reconciled.rewards["event_id"])
    replaced = posted[is_replaced] if len(reconciled.rewards) else posted[:0]
    no_points = pd.Series(pd.NA, dtype="Int64")
    frames = [of_clients.rename(columns={"remote_points": "points"})]
    frames += [frame.assign(points=no_points.reindex(frame.index)) for frame in (of_rewards, replaced)]
    filled = [frame[columns] for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
