"""Match the ledger with what is read back, and keep the breaks from night to night: sides, match, books."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from flows.ledger.run import Run
from flows.reconciliation.books import Reading, keep_books
from flows.reconciliation.read_back import fetch_remote
from flows.reconciliation.sides import TransactionSides, reward_sides, transaction_sides
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from transforms.match.break_details import describe_rewards, describe_transactions
from transforms.match.breaks import identify_breaks
from transforms.match.reconciled import Reconciliation
from transforms.match.rewards import match_rewards
from transforms.match.transactions import Tolerances, match_transactions
from transforms.settle.windows import Window
from transforms.totals.service_totals import (
    amounts_of_rewards,
    both_sides,
    by_night,
    explained,
    tie_rewards,
    tie_service,
)


def match_ledger(run: Run, windows: Sequence[Window], *, with_rewards: bool) -> Reconciliation:
    """Read the services for these windows, match, and update the breaks in the ledger."""
    read_at = utc_now()
    remote = fetch_remote(run.settings, run.ledger, windows, with_rewards=with_rewards)
    tolerances = _tolerances(run.settings)
    zones = {site.site_id: ZoneInfo(site.timezone) for site in run.settings.mindbody.sites}

    sides = transaction_sides(run.ledger, windows, remote)
    matched = match_transactions(sides.events, sides.entries, tolerances)
    # More was read than the windows, to find entries that slipped; of that, only what met an event of ours is ours.
    is_ours = _is_within(windows, matched) | matched["event_id"].notna()
    transactions = _as_breaks(matched[is_ours], zones)
    counted = both_sides(sides.events, _without(sides, matched[~is_ours]), zones)
    accounted_for = explained(transactions, zones)

    of_rewards = reward_sides(run.ledger, remote)
    rewards = describe_rewards(identify_breaks(match_rewards(of_rewards.updates, of_rewards.rewards, tolerances)))
    amounts = amounts_of_rewards(of_rewards.updates, of_rewards.rewards)

    books = keep_books(run, Reading(read_at, windows, remote, transactions, rewards))
    return Reconciliation(
        transactions=transactions,
        rewards=rewards,
        ties=[*tie_service(counted, accounted_for), *tie_rewards(amounts, rewards, tolerances.amount)],
        nights=by_night(counted, accounted_for),
        balances=books.balances,
        roll_forward=books.roll_forward,
        unread=remote.unread,
        uncompared_count=sides.uncompared_count,
        failures=remote.failures,
    )


def _tolerances(settings: Settings) -> Tolerances:
    of_mindbody, of_rewards = settings.grace_hours
    return Tolerances(
        now=utc_now(),
        grace=timedelta(hours=of_mindbody),
        grace_of_rewards=timedelta(hours=of_rewards),
        time=timedelta(seconds=settings.reconcile.time_tolerance_seconds),
        amount=settings.reconcile.amount_tolerance,
    )


def _is_within(windows: Sequence[Window], matched: pd.DataFrame) -> pd.Series:
    """Return which rows lie on the days of their client's window."""
    of_client = {(window.site_id, window.client_id): window for window in windows}
    rows = zip(matched["site_id"], matched["client_id"], matched["action_at"], strict=True)
    within = [of_client[site_id, client_id].holds(action_at) for site_id, client_id, action_at in rows]
    return pd.Series(within, index=matched.index, dtype="bool")


def _as_breaks(ours: pd.DataFrame, zones: Mapping[str, ZoneInfo]) -> pd.DataFrame:
    identified = identify_breaks(ours.reset_index(drop=True))
    return describe_transactions(identified, zones)


def _without(sides: TransactionSides, outside: pd.DataFrame) -> pd.DataFrame:
    is_outside = sides.entries["remote_id"].isin(outside["remote_id"])
    return sides.entries[~is_outside]
