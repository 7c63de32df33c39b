"""Match the ledger with what is read back, and keep the breaks from night to night: sides, match, books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from flows.ledger.run import Run
from flows.reconciliation.agreements import attempts_before
from flows.reconciliation.books import Reading, keep_books
from flows.reconciliation.read_back import Remote, fetch_remote
from flows.reconciliation.sides import TransactionSides, reward_sides, sides_by_clients
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from transforms.destinations import NotRead, reward_not_read
from transforms.match.balances import with_proofs
from transforms.match.break_details import describe_rewards, describe_transactions
from transforms.match.breaks import identify_breaks
from transforms.match.reconciled import Reconciliation
from transforms.match.rewards import match_rewards
from transforms.match.transactions import Tolerances, in_order, match_group
from transforms.reconcile.proof import Proofs
from transforms.settle.windows import Window
from transforms.totals.service_totals import (
    amounts_of_rewards,
    both_sides,
    by_night,
    explained,
    tie_rewards,
    tie_service,
)
from transforms.totals.walk import shown_points, shown_rewards
from transforms.vocabulary import Target

_NO_PROOFS = Proofs()
_COUNTED_BY = ["site_id", "client_id", "night"]
_OF_SHOWN = ["site_id", "action", "points"]


def match_ledger(
    run: Run, windows: Sequence[Window], *, with_rewards: bool, proofs: Proofs = _NO_PROOFS
) -> Reconciliation:
    """Read the services for these windows, match, and update the breaks in the ledger.

    ``proofs`` is what was decided about clients before: nothing is concluded from it, it is told and held against what
    is read.
    """
    # Before the first call: what is posted while the services are read may or may not be in what they show.
    read_at = run.ledger.now()
    before = attempts_before(run.ledger, windows)
    remote = fetch_remote(run.settings, run.ledger, windows, with_rewards=with_rewards)
    tolerances = _tolerances(run.settings)
    points = _match_points(run, windows, remote, tolerances)
    amounts = _match_amounts(run, remote, tolerances)
    reading = Reading(
        read_at=read_at,
        windows=windows,
        remote=remote,
        transactions=points.transactions,
        rewards=amounts.rewards,
        unread_rewards=frozenset(amounts.unread),
        attempts_before=before,
        whys=proofs.whys,
    )
    books = keep_books(run, reading)
    run.notes += books.agreements.lost.values()
    still_proved = proofs.without(remote.histories.keys(), books.agreements.lost.keys())
    return Reconciliation(
        transactions=points.transactions,
        rewards=amounts.rewards,
        ties=[*points.ties, *amounts.ties],
        nights=points.nights,
        balances=with_proofs(books.balances, read_at, still_proved.proved),
        roll_forward=books.roll_forward,
        unread=remote.unread,
        uncompared_count=points.uncompared_count,
        failures=remote.failures,
        not_read=(*remote.not_read, *_not_read(amounts.unread)),
        read=remote.read - {reward_not_read(id_, "").key for id_ in amounts.unread},
        unread_rewards=amounts.unread,
        read_clients=frozenset(remote.histories),
        read_at=read_at,
        proofs=still_proved,
        agreed=books.agreements.counts,
        shown=pd.concat([points.shown, amounts.shown], ignore_index=True),
        currencies=amounts.currencies,
    )


def _not_read(unread_rewards: Mapping[str, str]) -> list[NotRead]:
    return [reward_not_read(id_, why) for id_, why in sorted(unread_rewards.items())]


@dataclass(frozen=True)
class _MatchedPoints:
    """What matching Mindbody came to: outcomes with break_id, and totals that were counted apart from them."""

    transactions: pd.DataFrame
    ties: list[dict[str, Any]]
    nights: pd.DataFrame
    uncompared_count: int
    shown: pd.DataFrame  # as `transforms.totals.walk.shown_points` gives it


@dataclass(frozen=True)
class _MatchedAmounts:
    """What matching Referral Rock came to: outcomes with break_id, and the equation of amounts."""

    rewards: pd.DataFrame
    ties: list[dict[str, Any]]
    unread: Mapping[str, str]  # as of `RewardSides`
    shown: pd.DataFrame  # as `transforms.totals.walk.shown_rewards` gives it
    currencies: Mapping[str, str]  # by id in lower case


def _match_points(run: Run, windows: Sequence[Window], remote: Remote, tolerances: Tolerances) -> _MatchedPoints:
    zones = {site.site_id: ZoneInfo(site.timezone) for site in run.settings.mindbody.sites}
    groups = [_match_clients(sides, zones, tolerances) for sides in sides_by_clients(run.ledger, windows, remote)]
    outcomes = in_order([group.outcomes for group in groups])
    transactions = _as_breaks(outcomes, zones, remote)
    # A client is in one group alone, so what was counted of each is what all of them come to.
    counted = pd.concat([group.counted for group in groups]).sort_values(_COUNTED_BY, ignore_index=True)
    entries = pd.concat([group.entries for group in groups], ignore_index=True)
    accounted_for = explained(transactions, zones)
    return _MatchedPoints(
        transactions=transactions,
        ties=tie_service(counted, accounted_for),
        nights=by_night(counted, accounted_for),
        uncompared_count=sum(group.uncompared_count for group in groups),
        shown=shown_points(entries),
    )


@dataclass(frozen=True)
class _Group:
    """What some clients come to, without what belongs to the days around their windows alone."""

    outcomes: pd.DataFrame  # as `match_group` gives them
    counted: pd.DataFrame  # as `both_sides` does
    entries: pd.DataFrame  # what `shown_points` asks of them
    uncompared_count: int


def _match_clients(sides: TransactionSides, zones: Mapping[str, ZoneInfo], tolerances: Tolerances) -> _Group:
    # All that was read is matched, also of the days around the windows: an entry that slipped past midnight would
    # otherwise be somebody's entry on the one side and a missing event on the other.
    matched = match_group(sides.events, sides.entries, tolerances)
    # More was read than the windows, to find entries that slipped; and of that only what met one of them counts.
    is_asked = _is_asked(sides.windows, matched)
    # The totals are counted from the two sides and not from the outcomes, so that a fault of the matching shows.
    events, entries = _without(sides, matched[~is_asked])
    return _Group(
        outcomes=matched[is_asked],
        counted=both_sides(events, entries, zones),
        entries=entries[_OF_SHOWN],
        uncompared_count=sides.uncompared_count,
    )


def _match_amounts(run: Run, remote: Remote, tolerances: Tolerances) -> _MatchedAmounts:
    sides = reward_sides(run.ledger, remote)
    matched = match_rewards(sides.updates, sides.rewards, tolerances)
    rewards = describe_rewards(identify_breaks(matched), sides.unread)
    amounts = amounts_of_rewards(sides.updates, sides.rewards)
    ties = tie_rewards(amounts, rewards, tolerances.amount)
    # What the service says of a reward is surer than what the settings say of all.
    told = {id_: code or run.settings.referral_rock.currency or "" for id_, code in sides.currencies.items()}
    return _MatchedAmounts(
        rewards=rewards,
        ties=ties,
        unread=sides.unread,
        shown=shown_rewards(sides.updates, sides.rewards, told),
        currencies=told,
    )


def _tolerances(settings: Settings) -> Tolerances:
    return Tolerances(
        now=utc_now(),
        grace=settings.grace_of(Target.MINDBODY),
        grace_of_rewards=settings.grace_of(Target.REFERRAL_ROCK),
        time=timedelta(seconds=settings.reconcile.time_tolerance_seconds),
        amount=settings.reconcile.amount_tolerance,
    )


def _is_asked(windows: Sequence[Window], matched: pd.DataFrame) -> pd.Series:
    """Return which rows have an event, or an entry, on the days of their client's window."""
    window_of = {window.client: window for window in windows}
    columns = [matched[name] for name in ("site_id", "client_id", "action_at", "remote_at")]
    asked: list[bool] = []
    for site_id, client_id, action_at, remote_at in zip(*columns, strict=True):
        window = window_of[site_id, client_id]
        is_entry_asked = not pd.isna(remote_at) and window.holds(remote_at)
        asked.append(is_entry_asked or window.holds(action_at))
    return pd.Series(asked, index=matched.index, dtype="bool")


def _as_breaks(ours: pd.DataFrame, zones: Mapping[str, ZoneInfo], remote: Remote) -> pd.DataFrame:
    identified = identify_breaks(ours.reset_index(drop=True))
    return describe_transactions(identified, zones, remote.unread)


def _without(sides: TransactionSides, around: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both sides without what belongs to the day around the windows alone."""
    event_ids = around["event_id"].dropna()
    is_event_around = sides.events["event_id"].isin(event_ids)
    is_entry_around = sides.entries["remote_id"].isin(around["remote_id"])
    return sides.events[~is_event_around], sides.entries[~is_entry_around]
