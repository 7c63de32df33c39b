"""What the two services know: the seed, and every change committed since, kept beside the state file.

Three files: the state file (set-up and tokens, JSON), `<state>.log.jsonl` (the commit log) and `<state>.faults.jsonl`
(the injected faults). Opening an old state file replays its log, so a restart goes on where the last run ended.
"""

import json
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.sandbox import seed
from flows.sandbox.clock import current_time
from flows.sandbox.commit_log import append_line, open_for_append, read_lines
from flows.sandbox.options import Options
from flows.sandbox.seed import Client, SeedTransaction

KEPT_OPTIONS = ("site_id", "timezone", "more_sites", "extra_clients", "extra_rewards")
EXPIRED, ERASED = "Expired", "Erased"  # in the log alone: what no entry shows
SIGNS = {"Earned": 1, "Redeemed": -1, "Returned": -1, "Removed": -1, "LateCanceled": -1}


@dataclass(frozen=True)
class Token:
    """A staff user's token; it can be renewed seven times."""

    expires_at: datetime
    renewals: int = 0


class SandboxState:
    """The one mutable thing of the sandbox; every change goes through a `commit_…` method and into the log."""

    def __init__(self, path: Path, options: Options) -> None:
        saved = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.path = path
        # What the seed was made by stays as it was first started with: the log speaks of those clients and rewards.
        kept = {name: saved[name] for name in KEPT_OPTIONS if name in saved}
        self.options = replace(options, **kept)
        # Who this stand-in is, whatever port it gets: a ledger is bound to it. Another state is another service.
        self.stand_in = str(saved.get("stand_in") or uuid4().hex)
        self.zone = _zone(self.options.timezone)
        self.tokens = _read_tokens(saved.get("tokens", {}))
        self._load_seed()
        self.seq = 0
        for line in read_lines(self.log_path):
            self._apply(line)
        self._log = open_for_append(self.log_path)
        self._fault_log = open_for_append(self._beside(".faults.jsonl"))
        self.save()

    @property
    def log_path(self) -> Path:
        """Where the commit log lies."""
        return self._beside(".log.jsonl")

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def save(self) -> None:
        """Write set-up and tokens to the state file, in one step."""
        kept = {name: getattr(self.options, name) for name in KEPT_OPTIONS}
        tokens = {key: _token_record(token) for key, token in self.tokens.items()}
        text = json.dumps({**kept, "stand_in": self.stand_in, "tokens": tokens}, indent=2)
        draft = self._beside(".draft")
        draft.write_text(text, "utf-8")
        draft.replace(self.path)

    def account(self, client_id: str, site_id: str) -> str:
        """Return what the points of a client at a site are kept under: at the seed's own site, the client's id."""
        return client_id if site_id == self.options.site_id else f"{site_id}/{client_id}"

    def commit_transaction(
        self, client_id: str, entry: SeedTransaction, actor: str = "api", site_id: str | None = None
    ) -> None:
        """Add one entry to a client's points; `actor` is `api`, or `desk` for what staff did by hand."""
        self._commit(
            {
                "service": "mindbody",
                "site_id": site_id or self.options.site_id,
                "client_id": client_id,
                "action": entry.action,
                "points": entry.points,
                "source": entry.source,
                "source_id": entry.source_id,
                "action_date_time": exact_text(entry.acted_at),
                "actor": actor,
            }
        )

    def expire_points(self, client_id: str, points: int) -> None:
        """Take points away as time does: the balance falls, and no entry says why."""
        self._commit_by_desk(client_id, {"action": EXPIRED, "points": points})

    def remove_entry(self, client_id: str, entry: SeedTransaction) -> None:
        """Remove an entry without a trace, and its points with it."""
        self._commit_by_desk(
            client_id,
            {"action": ERASED, "points": entry.points, "action_date_time": exact_text(entry.acted_at)},
        )

    def _commit_by_desk(self, client_id: str, change: dict[str, Any]) -> None:
        whose = {"service": "mindbody", "site_id": self.options.site_id, "client_id": client_id}
        fields = {"source": None, "source_id": None, "action_date_time": exact_text(current_time()), **change}
        self._commit({**whose, **fields, "actor": "desk"})

    def commit_reward(self, reward_id: str, values: Mapping[str, Any], actor: str = "api") -> None:
        """Set what `values` names (payoutId, amount, eligibilityDate, description, status) on one reward."""
        amount = values.get("amount")
        self._commit(
            {
                "service": "referral_rock",
                "reward_id": self.rewards[reward_id.lower()]["id"],
                "payout_id": values.get("payoutId"),
                "amount": None if amount is None else str(amount),
                "eligibility_date": values.get("eligibilityDate"),
                "description": values.get("description"),
                "status": values.get("status"),
                "actor": actor,
            }
        )

    def find_reward(self, reward_id: object) -> dict[str, Any] | None:
        """Return the reward of this id, None where there is none; ids are GUIDs, which have no case."""
        return self.rewards.get(str(reward_id).lower())

    def record_fault(self, record: Mapping[str, Any]) -> None:
        """Note one injected fault."""
        append_line(self._fault_log, {"at": utc_text(current_time()), **record})

    def _load_seed(self) -> None:
        options = self.options
        clients = seed.seed_clients(options.extra_clients)
        rewards = seed.seed_rewards(options.extra_rewards)
        self.clients: dict[str, Client] = {client.client_id: client for client in clients}
        self.referrers = _referrers(self.clients.values())
        self.visits = sorted(seed.seed_visits(), key=attrgetter("starts_at"))
        self.sales = {sale.sale_id: sale for sale in seed.seed_sales()}
        self.rewards = {reward["id"].lower(): reward for reward in rewards}
        self.entries: defaultdict[str, list[SeedTransaction]] = defaultdict(list)
        self.in_order: defaultdict[str, list[SeedTransaction]] = defaultdict(list)  # the same, as they came
        self.balances: Counter[str] = Counter()
        self.by_desk: Counter[str] = Counter()  # of a balance, what was not done by this door
        for client_id, entry in seed.seed_transactions():
            self._enter(client_id, entry)

    def _commit(self, change: dict[str, Any]) -> None:
        now = current_time().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # On disk before it is in memory, and both before the answer: a sandbox that is killed in between has
        # committed it, and the client who got no answer must find it when reading back.
        line = {"seq": self.seq + 1, "at": now, **change}
        append_line(self._log, line)
        self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> None:
        self.seq = line["seq"]
        if line["service"] == "mindbody" and line["action"] in (EXPIRED, ERASED):
            self._lose(line)
        elif line["service"] == "mindbody":
            entry = SeedTransaction(
                action=line["action"],
                points=line["points"],
                source=line["source"],
                source_id=line["source_id"],
                acted_at=_instant(line["action_date_time"]),
            )
            account = self.account(line["client_id"], line["site_id"])
            self._enter(account, entry)
            if line["actor"] == "desk":
                self.by_desk[account] += SIGNS[entry.action] * entry.points
        else:
            self._set_reward(line)

    def _lose(self, line: Mapping[str, Any]) -> None:
        account = self.account(line["client_id"], line["site_id"])
        change = -line["points"]
        if line["action"] == ERASED:
            acted_at = _instant(line["action_date_time"])
            entry = next(one for one in self.entries[account] if one.acted_at == acted_at)
            self.entries[account].remove(entry)
            self.in_order[account].remove(entry)
            change = -SIGNS[entry.action] * entry.points
        self.balances[account] += change
        self.by_desk[account] += change

    def _enter(self, account: str, entry: SeedTransaction) -> None:
        # An entry may be dated back, and the service lists entries by their own time, not by when they came.
        insort(self.entries[account], entry, key=attrgetter("acted_at"))
        self.in_order[account].append(entry)
        self.balances[account] += SIGNS[entry.action] * entry.points

    def _set_reward(self, line: Mapping[str, Any]) -> None:
        reward = self.rewards[line["reward_id"].lower()]
        names = {"payout_id": "payoutId", "eligibility_date": "eligibilityDate"}
        for key in ("payout_id", "eligibility_date", "description", "status"):
            if line[key] is not None:
                reward[names.get(key, key)] = line[key]
        if line["amount"] is not None:
            reward["amount"] = Decimal(line["amount"])
        reward["payoutDescription"] = seed.PAYOUTS.get(reward["payoutId"])
        reward["updateDate"] = line["at"]


def utc_text(moment: datetime) -> str:
    """Return a moment as UTC text to the second.

    >>> utc_text(datetime(2026, 9, 1, 17, 0, 0, 250000, tzinfo=UTC))
    '2026-09-01T17:00:00Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def exact_text(moment: datetime) -> str:
    """Return a moment as UTC text, with the fraction of its second where it has one.

    >>> exact_text(datetime(2026, 9, 1, 17, 0, 0, 250000, tzinfo=UTC))
    '2026-09-01T17:00:00.250000Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_tokens(records: Mapping[str, tuple[str, int]]) -> dict[str, Token]:
    return {key: Token(_instant(expires_at), renewals) for key, (expires_at, renewals) in records.items()}


def _token_record(token: Token) -> tuple[str, int]:
    return token.expires_at.isoformat(), token.renewals


def _referrers(clients: Iterable[Client]) -> defaultdict[str, list[str]]:
    """Return who referred each client: the seed tells it from the other side alone."""
    referrers: defaultdict[str, list[str]] = defaultdict(list)
    for client in clients:
        for referred in client.referred:
            referrers[referred].append(client.client_id)
    return referrers


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        raise ValueError(f"No time zone is called {name!r}.") from None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
