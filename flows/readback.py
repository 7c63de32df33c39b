"""Read what the services say, match it with the ledger, and keep the breaks.

Mindbody is read client by client, so only clients with activity or an open break are; Referral Rock is swept once.
Days are the site's: a period starts and ends at its midnight.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from flows.clock import utc_now
from flows.ledger import Ledger
from flows.loader.mindbody import History, MindbodyClient
from flows.loader.mindbody_messages import Transaction
from flows.loader.referral_rock import ReferralRockClient
from flows.loader.referral_rock_messages import to_amount, to_day
from flows.services import connected
from flows.settings import Settings
from sql.breaks import open_breaks, update_breaks
from sql.queries import reading
from transforms.match import Tolerances, match_rewards, match_transactions
from transforms.totals import roll_forward
from transforms.vocabulary import Outcome, Target

_EVENT_COLUMNS = [
    "event_id", "state", "settled_at", "site_id", "client_id", "action", "points", "source", "source_id", "action_at",
]  # fmt: skip


@dataclass(frozen=True)
class Window:
    """A client and the days of its site, both included, that are read back."""

    site_id: str
    client_id: str
    since: date
    until: date

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the first moment and the one after the last, in UTC."""
        start = datetime.combine(self.since, time(), zone)
        end = datetime.combine(self.until + timedelta(days=1), time(), zone)
        return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True)
class Reconciled:
    """What matching found: one row per record or pair, the breaks' roll-forward, and balances by client."""

    transactions: pd.DataFrame  # see transforms.match.match_transactions, and break_id
    rewards: pd.DataFrame
    balances: Mapping[tuple[str, str], int]  # by site and client, at the time of reading
    roll_forward: pd.DataFrame

    @property
    def matched(self) -> int:
        """How many events the services show as the ledger has them."""
        return sum(int(frame["outcome"].eq(Outcome.MATCHED).sum()) for frame in (self.transactions, self.rewards))


def windows_of_run(settings: Settings, ledger: Ledger, run_id: str) -> list[Window]:
    """Return the clients that the run touched or that have an open break, with the days to read."""
    with ledger.begin() as connection:
        touched = connection.execute(reading("clients_of_run"), {"run_id": run_id}).all()
        broken = [row for row in open_breaks(connection) if row.client_id and row.action_at]
    spans: dict[tuple[str, str], list[datetime]] = {}
    for row in touched:
        spans.setdefault((row.site_id, row.client_id), []).extend([_utc(row.first_at), _utc(row.last_at)])
    for row in broken:
        spans.setdefault((row.site_id, row.client_id), []).append(row.action_at)
    return [_window(settings, *key, min(times), max(times)) for key, times in sorted(spans.items())]


def windows_of_period(settings: Settings, ledger: Ledger, since: date, until: date) -> list[Window]:
    """Return every client with events in the period, with the period's days."""
    margin = timedelta(days=1)  # the zones differ by site, so the ledger is asked for a little more
    period = {
        "since_at": datetime.combine(since, time(), UTC) - margin,
        "until_at": datetime.combine(until, time(), UTC) + 2 * margin,
    }
    with ledger.begin() as connection:
        clients = connection.execute(reading("clients_of_period"), period).all()
        broken = [row for row in open_breaks(connection) if row.client_id]
    keys = {(row.site_id, row.client_id) for row in (*clients, *broken)}
    configured = {site.site_id for site in settings.mindbody.sites}
    return [Window(site, client, since, until) for site, client in sorted(keys) if site in configured]


def _window(settings: Settings, site_id: str, client_id: str, first: datetime, last: datetime) -> Window:
    zone = ZoneInfo(settings.mindbody.site(site_id).timezone)
    return Window(site_id, client_id, first.astimezone(zone).date(), last.astimezone(zone).date())


def _utc(value: datetime | str) -> datetime:
    """Aggregates lose their column's type on SQLite."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def reconcile(
    settings: Settings, ledger: Ledger, run_id: str, windows: Sequence[Window], *, with_rewards: bool
) -> Reconciled:
    """Read the services for these windows, match, and update the breaks in the ledger."""
    histories, rewards = asyncio.run(_fetch(settings, ledger, windows, with_rewards))
    now = utc_now()
    tolerances = Tolerances(
        now,
        timedelta(hours=settings.reconcile.grace_hours),
        timedelta(seconds=settings.reconcile.time_tolerance_seconds),
        settings.reconcile.amount_tolerance,
    )
    transactions = _match_clients(settings, ledger, windows, histories, tolerances)
    updates = _match_rewards(ledger, rewards, tolerances)
    roll_forward = _keep_breaks(settings, ledger, run_id, windows, transactions, updates, with_rewards, now)
    balances = {key: history.balance for key, history in histories.items() if history.balance is not None}
    return Reconciled(transactions, updates, balances, roll_forward)


_Histories = dict[tuple[str, str], History]


async def _fetch(
    settings: Settings, ledger: Ledger, windows: Sequence[Window], with_rewards: bool
) -> tuple[_Histories, dict[str, dict[str, Any]] | None]:
    histories: _Histories = {}
    for site_id in sorted({window.site_id for window in windows}):
        async with connected(settings, ledger, (Target.MINDBODY, site_id)) as service:
            assert isinstance(service.client, MindbodyClient)  # noqa: S101 - by the target
            here = [window for window in windows if window.site_id == site_id]
            histories |= await _fetch_histories(service.client, here, settings.loader.concurrency)
    if not with_rewards:
        return histories, None
    async with connected(settings, ledger, (Target.REFERRAL_ROCK, "")) as service:
        assert isinstance(service.client, ReferralRockClient)  # noqa: S101 - by the target
        return histories, await service.client.fetch_rewards()


async def _fetch_histories(client: MindbodyClient, windows: Sequence[Window], concurrency: int) -> _Histories:
    slots = asyncio.Semaphore(concurrency)

    async def fetch(window: Window) -> History:
        async with slots:
            # A day more on each side: whether the service means site-local or UTC days is not documented.
            margin = timedelta(days=1)
            return await client.fetch_history(window.client_id, window.since - margin, window.until + margin)

    found = await asyncio.gather(*(fetch(window) for window in windows))
    return {(window.site_id, window.client_id): history for window, history in zip(windows, found, strict=True)}


def _match_clients(
    settings: Settings, ledger: Ledger, windows: Sequence[Window], histories: _Histories, tolerances: Tolerances
) -> pd.DataFrame:
    events: list[dict[str, Any]] = []
    remote: list[dict[str, Any]] = []
    with ledger.begin() as connection:
        for window in windows:
            since_at, until_at = window.bounds(ZoneInfo(settings.mindbody.site(window.site_id).timezone))
            key = {"site_id": window.site_id, "client_id": window.client_id}
            bounds = {"since_at": since_at, "until_at": until_at}
            ours = connection.execute(reading("events_of_client"), key | bounds).mappings().all()
            events += [dict(row) for row in ours]
            times = {row["action_at"] for row in ours}
            theirs = histories[window.site_id, window.client_id].transactions
            remote += [key | _remote_row(line, times) for line in theirs if _is_within(line, since_at, until_at)]
    numbered = [row | {"remote_id": number} for number, row in enumerate(remote)]
    matched = match_transactions(
        _typed(events, _EVENT_COLUMNS),
        _typed(numbered, ["remote_id", *_EVENT_COLUMNS[3:]]),
        tolerances,
    )
    return matched.assign(break_id=_break_ids(matched))


def _is_within(line: Transaction, since_at: datetime, until_at: datetime) -> bool:
    return any(since_at <= moment < until_at for moment in line.action_at_candidates)


def _remote_row(line: Transaction, times: Iterable[datetime]) -> dict[str, Any]:
    """In the doubled hour of a clock change the entry's time is the one that an event of the client has."""
    fitting = [moment for moment in line.action_at_candidates if moment in times]
    return {
        "action": line.action,
        "points": line.points,
        "source": line.source,
        "source_id": line.source_id,
        "action_at": fitting[0] if fitting else line.action_at,
    }


def _typed(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    types: dict[str, Any] = {column: "datetime64[us, UTC]" for column in columns if column.endswith("_at")}
    types |= {column: "Int64" for column in ("points", "source_id", "remote_id") if column in columns}
    return frame.astype({column: types.get(column, "str") for column in columns})


def _match_rewards(
    ledger: Ledger, rewards: Mapping[str, Mapping[str, Any]] | None, tolerances: Tolerances
) -> pd.DataFrame:
    if rewards is None:
        return match_rewards(_reward_events([]), _remote_rewards([]), tolerances).assign(break_id=[])
    with ledger.begin() as connection:
        events = [dict(row) for row in connection.execute(reading("last_updates")).mappings()]
    known = {event["reward_id"].lower(): event["reward_id"] for event in events}
    remote = [_remote_reward(known[id_], reward) for id_, reward in rewards.items() if id_ in known]
    matched = match_rewards(_reward_events(events), _remote_rewards(remote), tolerances)
    return matched.assign(break_id=matched["event_id"])


_REWARD_EVENT = [
    "event_id", "state", "settled_at", "reward_id", "payout_id", "amount", "eligibility_on", "description",
]  # fmt: skip
_REMOTE_REWARD = ["reward_id", "remote_payout_id", "remote_amount", "remote_eligibility_on", "remote_description"]


def _reward_events(rows: list[dict[str, Any]]) -> pd.DataFrame:
    exact = [row | {"amount": None if row["amount"] is None else Decimal(row["amount"])} for row in rows]
    lowered = [row | {"payout_id": row["payout_id"].lower()} for row in exact]
    return pd.DataFrame(lowered, columns=_REWARD_EVENT).astype({"event_id": "str", "reward_id": "str", "state": "str"})


def _remote_reward(reward_id: str, reward: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "reward_id": reward_id,
        "remote_payout_id": str(reward.get("payoutId") or "").lower(),
        "remote_amount": to_amount(reward.get("amount")),
        "remote_eligibility_on": to_day(reward.get("eligibilityDate")),
        "remote_description": reward.get("description"),
    }


def _remote_rewards(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=_REMOTE_REWARD).astype({"reward_id": "str"})


def _break_ids(matched: pd.DataFrame) -> pd.Series:
    """The event's id where there is one, else made of the entry and its number among equal ones: stable by night."""
    entry = ["site_id", "client_id", "action", "points", "action_at"]
    nth = matched.groupby([*entry, "outcome"], dropna=False).cumcount()
    ids = [
        event_id if isinstance(event_id, str) else blake2b(repr(parts).encode(), digest_size=12).hexdigest()
        for event_id, *parts in zip(
            matched["event_id"], *(matched[column].astype(str) for column in entry), nth, strict=True
        )
    ]
    return pd.Series(ids, index=matched.index, dtype="str")


def _keep_breaks(
    settings: Settings,
    ledger: Ledger,
    run_id: str,
    windows: Sequence[Window],
    transactions: pd.DataFrame,
    updates: pd.DataFrame,
    with_rewards: bool,
    now: datetime,
) -> pd.DataFrame:
    found = [*_break_rows(transactions, Target.MINDBODY), *_break_rows(updates, Target.REFERRAL_ROCK)]
    found_ids = {row["break_id"] for row in found}
    looked_at = _LookedAt(settings, windows, with_rewards)
    with ledger.begin() as connection:
        before = open_breaks(connection)
        gone = [row.break_id for row in before if row.break_id not in found_ids and looked_at.covers(row)]
        update_breaks(connection, found, gone, run_id=run_id, opened_on=now.date())
        after = open_breaks(connection)
    return roll_forward([dict(row._mapping) for row in before], [dict(row._mapping) for row in after])


class _LookedAt:
    """Where this reading looked; a break elsewhere stays open, since nobody looked."""

    def __init__(self, settings: Settings, windows: Sequence[Window], with_rewards: bool) -> None:
        self._bounds = {
            (window.site_id, window.client_id): window.bounds(ZoneInfo(settings.mindbody.site(window.site_id).timezone))
            for window in windows
        }
        self._with_rewards = with_rewards

    def covers(self, row: Any) -> bool:
        if row.target == Target.REFERRAL_ROCK:
            return self._with_rewards
        bounds = self._bounds.get((row.site_id, row.client_id))
        return bounds is not None and (row.action_at is None or bounds[0] <= row.action_at < bounds[1])


def _break_rows(matched: pd.DataFrame, target: Target) -> list[dict[str, Any]]:
    broken = matched[matched["outcome"].ne(Outcome.MATCHED)]
    columns = ("site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id")
    present = broken.reindex(columns=["break_id", "outcome", *columns]).astype(object)
    rows = present.where(present.notna(), None).to_dict("records")
    return [
        {str(key): value for key, value in row.items()}
        | {
            "class": row["outcome"],
            "target": target,
            "amount": _text(row["amount"]),
            "action_at": _time(row["action_at"]),
        }
        for row in rows
    ]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _time(moment: pd.Timestamp | None) -> datetime | None:
    return None if moment is None else moment.to_pydatetime()
