"""Tell which posted events were compared with what their service shows, and what it shows of them."""

import pandas as pd

from transforms.identity.reward_ids import all_without_case
from transforms.match.reconciled import Reconciliation
from transforms.outcomes import OF_POSTED, is_among
from transforms.vocabulary import Kind, Outcome

_SERVICE_ROW = ["kind", "site_id", "points", "amount"]


def compared_count(reconciled: Reconciliation) -> int:
    """Count the events that the ledger has as posted and the match looked for at the service."""
    return int(is_among(reconciled.transactions["outcome"], OF_POSTED).sum())


def is_compared(posted: pd.DataFrame, reconciled: Reconciliation | None) -> pd.Series:
    """Return which of `posted` were compared; the same index."""
    if reconciled is None:
        return pd.Series(False, index=posted.index, dtype="bool")
    # By event and not by client: of a client who was read, an event outside the window was not looked for.
    compared = {*reconciled.transactions["event_id"], *reconciled.rewards["event_id"]}
    # An update that a later one of ours replaced is compared by that one, where the reward could be read.
    rewards = all_without_case(reconciled.rewards["reward_id"])
    is_of_them = posted["reward_id"].notna() & all_without_case(posted["reward_id"]).isin(rewards)
    return posted["event_id"].isin(compared) | (is_of_them & ~_is_unread(posted, reconciled))


def _is_unread(posted: pd.DataFrame, reconciled: Reconciliation) -> pd.Series:
    is_unread = all_without_case(posted["reward_id"]).isin(set(reconciled.unread_rewards))
    return posted["reward_id"].notna() & is_unread


def never_compared(posted: pd.DataFrame) -> pd.DataFrame:
    """Return the events that the ledger knows to be still uncompared; the next run reads them back."""
    return posted[posted["compared_at"].isna()]


def is_proved(posted: pd.DataFrame, reconciled: Reconciliation | None) -> pd.Series:
    """Return which of `posted` the service confirmed and the client's balance proves; the same index."""
    event_ids: set[str] = set()
    if reconciled is not None:
        for proof in reconciled.proofs.proved.values():
            event_ids |= proof.event_ids
    return posted["event_id"].isin(event_ids)


def uncompared_lines(posted: pd.DataFrame, reconciled: Reconciliation | None) -> list[str]:
    """Return the line that says how many posted events still wait to be compared; none where none do."""
    is_known = is_compared(posted, reconciled) | is_proved(posted, reconciled)
    waiting = never_compared(posted[~is_known])
    if waiting.empty:
        return []
    return [f"{len(waiting):,} posted events are not compared yet: the next run reads them back."]


def service_rows(posted: pd.DataFrame, reconciled: Reconciliation | None) -> pd.DataFrame:
    """Return what the service shows of the run's own events, one row each."""
    if reconciled is None:
        return pd.DataFrame(columns=_SERVICE_ROW)
    of_clients = _transactions_shown(posted, reconciled.transactions)
    of_rewards = _rewards_shown(posted, reconciled.rewards)
    replaced = _updates_replaced(posted[~_is_unread(posted, reconciled)], reconciled.rewards)
    # The service repeated each of them in its answer, and the balance says that they are there.
    proved = posted.loc[is_proved(posted, reconciled), ["kind", "site_id", "points"]].assign(amount=None)
    # An empty frame would change the types of the others when they are put together.
    filled = [rows for rows in (of_clients, proved, of_rewards, replaced) if len(rows)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_SERVICE_ROW)


def _transactions_shown(posted: pd.DataFrame, transactions: pd.DataFrame) -> pd.DataFrame:
    """Return the points as the service shows them, which is not always what was posted."""
    is_pair = transactions["remote_id"].notna() & transactions["event_id"].notna()
    shown = transactions.loc[is_pair, ["event_id", "remote_points"]]
    about = posted[["event_id", "kind", "site_id"]]
    # Inner: what the service does not show is missing here, so that the level of the service falls short by it.
    known = about.merge(shown, on="event_id", validate="1:1")
    return known.rename(columns={"remote_points": "points"}).assign(amount=None)[_SERVICE_ROW]


def _rewards_shown(posted: pd.DataFrame, rewards: pd.DataFrame) -> pd.DataFrame:
    """Return the amounts as the service shows them."""
    is_there = rewards["outcome"].isin([Outcome.MATCHED, Outcome.AMOUNT_MISMATCH])
    shown = rewards.loc[is_there, ["event_id", "remote_amount"]]
    about = posted[["event_id", "kind", "site_id", "amount"]]
    known = about.merge(shown, on="event_id", validate="1:1")
    # An update that sets no amount answers for none, whatever amount its reward has.
    sets_amount = known["amount"].notna()
    amount = known["remote_amount"].where(sets_amount, None)
    return _without_points(known.assign(amount=amount))


def _updates_replaced(posted: pd.DataFrame, rewards: pd.DataFrame) -> pd.DataFrame:
    """Return the updates that a later one of ours replaced, with the amounts that they set.

    They cannot be seen any more, and were confirmed when they were posted: left out, they would look lost.
    """
    # Where no reward was read back at all, nothing shows that an update was replaced.
    if rewards.empty:
        return _without_points(posted[:0])
    is_update = posted["kind"].eq(Kind.REWARD_UPDATE)
    is_compared_itself = posted["event_id"].isin(rewards["event_id"])
    return _without_points(posted[is_update & ~is_compared_itself])


def _without_points(rows: pd.DataFrame) -> pd.DataFrame:
    no_points = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    return rows.assign(points=no_points)[_SERVICE_ROW]
