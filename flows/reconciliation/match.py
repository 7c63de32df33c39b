"""Match the ledger with what was read back, and keep the breaks from night to night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from sys import intern
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.reconciliation.balances import expect_balances, keep_balances
from flows.reconciliation.proposals import propose_reversals
from flows.reconciliation.read_back import Client, Remote, fetch_remote, reward_row, transaction_rows
from flows.reconciliation.windows import Window
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.breaks import mark_compared, open_breaks, update_breaks
from sql.closings import figures, keep_closing, last_closing, moves_since
from sql.queries import reading
from sql.register import wait_for_others
from sql.reversals import offset_breaks
from transforms.match.balances import balance_breaks
from transforms.match.break_details import describe_rewards, describe_transactions
from transforms.match.breaks import break_records, identify_breaks, roll_forward
from transforms.match.transactions import Tolerances, match_rewards, match_transactions
from transforms.totals.service_totals import (
    amounts_of_rewards,
    both_sides,
    by_night,
    explained,
    tie_rewards,
    tie_service,
)
from transforms.vocabulary import Outcome, State, Target

_EVENT = [
    "event_id", "state", "settled_at", "site_id", "client_id", "action", "points", "source", "source_id", "action_at",
]  # fmt: skip
_TRANSACTION = ["remote_id", *_EVENT[3:]]
_FEW = ("site_id", "action", "source")  # the same words again and again
_REWARD_EVENT = [
    "event_id", "state", "settled_at", "reward_id", "payout_id", "amount", "eligibility_on", "description",
]  # fmt: skip
_REWARD = ["reward_id", "remote_payout_id", "remote_amount", "remote_eligibility_on", "remote_description"]


@dataclass(frozen=True)
class Reconciled:
    """What matching found: one row per record or pair of either service, and what that made of the breaks."""

    transactions: pd.DataFrame  # as `transforms.match.transactions.match_transactions` gives them, break_id and detail
    rewards: pd.DataFrame  # as `transforms.match.transactions.match_rewards` gives them, break_id and detail
    ties: Sequence[dict[str, Any]]  # ledger + breaks = service, as `transforms.totals.service_totals` gives them
    nights: pd.DataFrame  # as `transforms.totals.service_totals.by_night` gives them
    balances: pd.DataFrame  # as `flows.reconciliation.balances.expect_balances` gives them
    roll_forward: pd.DataFrame  # as `transforms.match.breaks.roll_forward` gives it
    unread: Mapping[Client, str]  # clients of whom nothing is concluded, and why
    uncompared_count: int  # posted events of theirs
    failures: tuple[str, ...]  # of a whole service or site

    @property
    def matched(self) -> int:
        """How many events the services show as the ledger has them."""
        return sum(int(frame["outcome"].eq(Outcome.MATCHED).sum()) for frame in (self.transactions, self.rewards))


def reconcile(
    settings: Settings, ledger: Ledger, run_id: str, windows: Sequence[Window], *, with_rewards: bool
) -> Reconciled:
    """Read the services for these windows, match, and update the breaks in the ledger."""
    read_at = utc_now()
    remote = fetch_remote(settings, ledger, windows, with_rewards=with_rewards)
    tolerances = _tolerances(settings)
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    events, entries, uncompared_count = _sides(ledger, windows, remote)
    matched = match_transactions(events, entries, tolerances)
    is_ours = _is_within(windows, matched) | matched["event_id"].notna()
    sides = both_sides(events, _drop_outside(entries, matched[~is_ours]), zones)
    transactions = identify_breaks(matched[is_ours].reset_index(drop=True))
    transactions = describe_transactions(transactions, zones)
    updates, shown = _reward_sides(ledger, remote)
    rewards = describe_rewards(identify_breaks(match_rewards(updates, shown, tolerances)))
    more = explained(transactions, zones)
    reading = _Reading(run_id, read_at, windows, remote, transactions, rewards)
    balances, rolled = _keep(settings, ledger, reading)
    return Reconciled(
        transactions=transactions,
        rewards=rewards,
        ties=[
            *tie_service(sides, more),
            *tie_rewards(amounts_of_rewards(updates, shown), rewards, tolerances.amount),
        ],
        nights=by_night(sides, more),
        balances=balances,
        roll_forward=rolled,
        unread=remote.unread,
        uncompared_count=uncompared_count,
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
    """Return which rows lie on the days of their client's window; more was read, to find entries that slipped."""
    of_client = {(window.site_id, window.client_id): window for window in windows}
    places = zip(matched["site_id"], matched["client_id"], matched["action_at"], strict=True)
    within = [of_client[site_id, client_id].holds(action_at) for site_id, client_id, action_at in places]
    return pd.Series(within, index=matched.index, dtype="bool")


def _drop_outside(entries: pd.DataFrame, outside: pd.DataFrame) -> pd.DataFrame:
    return entries[~entries["remote_id"].isin(outside["remote_id"])]


def _sides(ledger: Ledger, windows: Sequence[Window], remote: Remote) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the ledger's events, the service's entries, and how many posted events nobody could compare."""
    uncompared_count = 0
    events: list[dict[str, Any]] = []
    transactions: list[dict[str, Any]] = []
    with ledger.begin() as connection:
        for window in windows:
            key = {"site_id": window.site_id, "client_id": window.client_id}
            since_at, until_at = window.bounds
            found = connection.execute(reading("events_of_client"), key | {"since_at": since_at, "until_at": until_at})
            ours = [dict(row) for row in found.mappings()]
            history = remote.histories.get((window.site_id, window.client_id))
            if history is None:
                # Nobody could look, so a posted event is neither there nor missing; doubt and refusal are ours to know.
                events += [row for row in ours if row["state"] != State.POSTED]
                uncompared_count += sum(row["state"] == State.POSTED for row in ours)
                continue
            events += ours
            transactions += [key | row for row in transaction_rows(history.transactions, ours)]
    numbered = [row | {"remote_id": number} for number, row in enumerate(transactions)]
    return _typed(events, _EVENT), _typed(numbered, _TRANSACTION), uncompared_count


def _typed(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    types: dict[str, Any] = {column: "datetime64[us, UTC]" for column in columns if column.endswith("_at")}
    types |= dict.fromkeys(("points", "source_id", "remote_id"), "Int64")
    # A million copies of a dozen words would take 200 MB.
    once = [row | {name: row[name] and intern(row[name]) for name in _FEW} for row in rows]
    return pd.DataFrame(once, columns=columns).astype({column: types.get(column, "str") for column in columns})


def _reward_sides(ledger: Ledger, remote: Remote) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the last update of each reward, and those rewards as the service has them; none where it was not read."""
    if remote.rewards is None:
        return _reward_events([]), _rewards([])
    with ledger.begin() as connection:
        events = [dict(row) for row in connection.execute(reading("last_updates")).mappings()]
    known = {event["reward_id"].lower(): event["reward_id"] for event in events}
    found = [reward_row(known[id_], reward) for id_, reward in remote.rewards.items() if id_ in known]
    return _reward_events(events), _rewards(found)


def _reward_events(rows: list[dict[str, Any]]) -> pd.DataFrame:
    plain = [
        row
        | {"amount": None if row["amount"] is None else Decimal(row["amount"]), "payout_id": row["payout_id"].lower()}
        for row in rows
    ]
    return pd.DataFrame(plain, columns=_REWARD_EVENT).astype({"event_id": "str", "reward_id": "str", "state": "str"})


def _rewards(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=_REWARD).astype({"reward_id": "str"})


@dataclass(frozen=True)
class _Reading:
    """What was read, when and where, and what matching made of it."""

    run_id: str
    read_at: datetime
    windows: Sequence[Window]
    remote: Remote
    transactions: pd.DataFrame
    rewards: pd.DataFrame


def _keep(settings: Settings, ledger: Ledger, found: _Reading) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Open what was found, close what is gone, close the books; return the balances by client and the roll-forward."""
    now = utc_now()
    with ledger.begin() as connection:
        wait_for_others(connection)  # nobody else moves a break between this opening and this closing
        opening = last_closing(connection)
        balances = expect_balances(connection, found.remote.histories, found.transactions, found.read_at)
        mark_compared(connection, [*found.transactions["event_id"].dropna(), *found.rewards["event_id"]], now)
        records = [*_without_offset(connection, _records(found)), *balance_breaks(balances)]
        gone = _gone(open_breaks(connection), {record["break_id"] for record in records}, found)
        update_breaks(connection, records, gone, run_id=found.run_id, now=now)
        keep_balances(connection, balances, run_id=found.run_id, read_at=found.read_at)
        open_now = [dict(row._mapping) for row in open_breaks(connection)]
        rolled = roll_forward(opening.lines, moves_since(connection, opening), [figures(row) for row in open_now])
        keep_closing(connection, open_now, run_id=found.run_id, now=now)
        is_open = found.transactions["break_id"].isin([row["break_id"] for row in open_now])
        propose_reversals(connection, settings, found.transactions[is_open])
    return balances, rolled


def _records(found: _Reading) -> list[dict[str, Any]]:
    return [*break_records(found.transactions, Target.MINDBODY), *break_records(found.rewards, Target.REFERRAL_ROCK)]


def _gone(known: Sequence[Row[Any]], found_ids: set[str], found: _Reading) -> list[str]:
    read = {(window.site_id, window.client_id): window for window in found.windows}
    return [row.break_id for row in known if row.break_id not in found_ids and _was_looked_at(row, read, found.remote)]


def _without_offset(connection: Connection, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the extra entries that were taken back since, by an entry that is itself in order."""
    found_ids = {record["break_id"] for record in found}
    offset = offset_breaks(connection)
    return [record for record in found if offset.get(record["break_id"], record["break_id"]) in found_ids]


def _was_looked_at(row: Row[Any], read: Mapping[Client, Window], remote: Remote) -> bool:
    """Return whether this reading looked where the break is; elsewhere it stays open, since nobody looked."""
    if row.target == Target.REFERRAL_ROCK:
        return remote.rewards is not None
    window = read.get((row.site_id, row.client_id))
    if window is None or (row.site_id, row.client_id) in remote.unread:
        return False
    # Without a time it is about the balance: nothing that is read later takes it back, so a person closes it.
    return row.action_at is not None and window.holds(row.action_at)
