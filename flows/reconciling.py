"""Match the ledger with what was read back, and keep the breaks from night to night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from sys import intern
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.clock import utc_now
from flows.ledger import Ledger
from flows.proposing import propose_reversals
from flows.readback import Client, Remote, fetch_remote, reward_row, transaction_rows
from flows.settings import Settings
from flows.windows import Window
from sql.breaks import mark_compared, open_breaks, update_breaks
from sql.queries import reading
from sql.reversals import offset_breaks
from transforms.breaks import break_records, identify_breaks, roll_forward
from transforms.match import Tolerances, match_rewards, match_transactions
from transforms.totals import points_by_client
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

    transactions: pd.DataFrame  # as `transforms.match.match_transactions` gives them, and break_id
    rewards: pd.DataFrame  # as `transforms.match.match_rewards` gives them, and break_id
    client_points: pd.DataFrame  # as `transforms.totals.points_by_client` gives them
    balances: Mapping[Client, int]  # at the time of reading
    roll_forward: pd.DataFrame
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
    remote = fetch_remote(settings, ledger, windows, with_rewards=with_rewards)
    tolerances = _tolerances(settings)
    events, entries, uncompared_count = _sides(ledger, windows, remote)
    matched = match_transactions(events, entries, tolerances)
    is_ours = _is_within(windows, matched) | matched["event_id"].notna()
    transactions = identify_breaks(matched[is_ours].reset_index(drop=True))
    rewards = identify_breaks(_match_rewards(ledger, remote, tolerances))
    before, after = _keep_breaks(settings, ledger, run_id, windows, remote, transactions, rewards)
    return Reconciled(
        transactions=transactions,
        rewards=rewards,
        client_points=points_by_client(events, _drop_outside(entries, matched[~is_ours])),
        balances={key: history.balance for key, history in remote.histories.items() if history.balance is not None},
        roll_forward=roll_forward(before, after),
        unread=remote.unread,
        uncompared_count=uncompared_count,
        failures=remote.failures,
    )


def _tolerances(settings: Settings) -> Tolerances:
    return Tolerances(
        now=utc_now(),
        grace=timedelta(hours=settings.reconcile.grace_hours),
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


def _match_rewards(ledger: Ledger, remote: Remote, tolerances: Tolerances) -> pd.DataFrame:
    if remote.rewards is None:
        return match_rewards(_reward_events([]), _rewards([]), tolerances)
    with ledger.begin() as connection:
        events = [dict(row) for row in connection.execute(reading("last_updates")).mappings()]
    known = {event["reward_id"].lower(): event["reward_id"] for event in events}
    found = [reward_row(known[id_], reward) for id_, reward in remote.rewards.items() if id_ in known]
    return match_rewards(_reward_events(events), _rewards(found), tolerances)


def _reward_events(rows: list[dict[str, Any]]) -> pd.DataFrame:
    plain = [
        row
        | {"amount": None if row["amount"] is None else Decimal(row["amount"]), "payout_id": row["payout_id"].lower()}
        for row in rows
    ]
    return pd.DataFrame(plain, columns=_REWARD_EVENT).astype({"event_id": "str", "reward_id": "str", "state": "str"})


def _rewards(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=_REWARD).astype({"reward_id": "str"})


_Breaks = Sequence[Mapping[str, Any]]


def _keep_breaks(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    windows: Sequence[Window],
    remote: Remote,
    transactions: pd.DataFrame,
    rewards: pd.DataFrame,
) -> tuple[_Breaks, _Breaks]:
    """Open what was found, close what is gone, and return the open breaks before and after."""
    shown = [*break_records(transactions, Target.MINDBODY), *break_records(rewards, Target.REFERRAL_ROCK)]
    read = {(window.site_id, window.client_id): window for window in windows}
    with ledger.begin() as connection:
        before = open_breaks(connection)
        mark_compared(connection, [*transactions["event_id"].dropna(), *rewards["event_id"]], utc_now())
        found = _without_offset(connection, shown)
        found_ids = {record["break_id"] for record in found}
        gone = [row.break_id for row in before if row.break_id not in found_ids and _was_looked_at(row, read, remote)]
        update_breaks(connection, found, gone, run_id=run_id, now=utc_now())
        after = open_breaks(connection)
        is_open = transactions["break_id"].isin([row.break_id for row in after])
        propose_reversals(connection, settings, transactions[is_open])
    return [dict(row._mapping) for row in before], [dict(row._mapping) for row in after]


def _without_offset(connection: Connection, found: _Breaks) -> _Breaks:
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
    return row.action_at is None or window.holds(row.action_at)
