"""One small night for one trial: files of both services, and what they must leave at the services.

Thirty-two Mindbody events and eight reward updates: redeems that need the points of an earlier earn, two honest equal
rows, the two halves of a doubled hour, and rewards that a second file updates again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.sandbox.settings_text import settings_text
from tests.flows.workplace import PASSWORD, further_sites

CLIENTS_PER_NIGHT = 8
REWARDS_PER_NIGHT = 5
_PAYOUTS = ("35b10000-0000-4000-8000-000000000001", "35b10000-0000-4000-8000-000000000002")
_LOADER = """\
[loader]
timeout_seconds = {timeout_seconds}
requests_per_second = 1000
concurrency = 4
max_tries = 4
settle_after_seconds = {settle_after_seconds}
"""

Transaction = tuple[str, str, int, str | None, str]  # client, action, points, source, UTC time
Update = tuple[str, str]  # reward, amount: the amount tells the updates of a reward apart


@dataclass(frozen=True)
class Night:
    """What the files of one trial say, in the order in which it must happen."""

    transactions: tuple[Transaction, ...]
    updates: tuple[Update, ...]  # of the first file
    later_updates: tuple[Update, ...]  # of the second
    # More digits of every amount in the files than the service keeps, where the trial is about that.
    more_digits: str = ""

    @property
    def expected(self) -> Counter[Transaction]:
        """How often each transaction must be at the service."""
        return Counter(self.transactions)

    @property
    def events_count(self) -> int:
        """How many events the files hold."""
        return len(self.transactions) + len(self.updates) + len(self.later_updates)


def plan_night(number: int, client_ids: Sequence[str], reward_ids: Sequence[str]) -> Night:
    """Return the night of trial `number`; its clients are nobody else's, its amounts appear in no other trial."""
    transactions = tuple(row for client_id in client_ids for row in _client_rows(client_id))
    updates = tuple((reward_id, f"{number}.{place:02}") for place, reward_id in enumerate(reward_ids, 1))
    later = tuple((reward_id, f"{number}.{place:02}") for place, reward_id in enumerate(reward_ids[:3], 51))
    return Night(transactions, updates, later)


def plan_refused_night(number: int, client_ids: Sequence[str], reward_ids: Sequence[str]) -> Night:
    """Return a night in which every client redeems, twice, what nobody has given it yet."""
    night = plan_night(number, client_ids, reward_ids)
    transactions = tuple(row for client_id in client_ids for row in _early_rows(client_id))
    return Night(transactions, night.updates, night.later_updates)


def plan_exact_night(number: int, client_ids: Sequence[str], reward_ids: Sequence[str]) -> Night:
    """Return a night whose amounts have four decimals; a service that keeps two leaves the others as they are."""
    # Three of them could be thousands after a dot, which is a question.
    return replace(plan_night(number, client_ids, reward_ids), more_digits="41")


def _early_rows(client_id: str) -> Iterator[Transaction]:
    yield client_id, "Redeemed", 15, None, "2025-11-01T18:00:00Z"
    yield client_id, "Redeemed", 15, None, "2025-11-02T18:00:00Z"
    yield client_id, "Earned", 5, "Sale", "2025-11-03T18:00:00Z"


def _client_rows(client_id: str) -> Iterator[Transaction]:
    yield client_id, "Earned", 20, "Sale", "2025-11-01T17:00:00Z"
    yield client_id, "Redeemed", 15, None, "2025-11-01T18:00:00Z"  # refused unless the earn came first
    if int(client_id) % 2:  # two honest equal rows
        yield client_id, "Earned", 5, "Class Booking", "2025-11-01T20:00:00Z"
        yield client_id, "Earned", 5, "Class Booking", "2025-11-01T20:00:00Z"
    else:  # 01:30 at the site, twice in that night
        yield client_id, "Earned", 7, "Class Booking", "2025-11-02T08:30:00Z"
        yield client_id, "Earned", 7, "Class Booking", "2025-11-02T09:30:00Z"


def write_night(
    folder: Path,
    night: Night,
    ready: dict[str, Any],
    database_url: str,
    waits: tuple[float, float],
    sites_count: int = 1,
) -> Path:
    """Write inbox and settings into a new folder; return the settings file. `waits`: time-out, settling; seconds.

    With several sites each client is of one of them, in turn: nobody is of two, so a client alone tells whose it is.
    """
    inbox = folder / "inbox"
    inbox.mkdir(parents=True)
    site_ids = [ready["mindbody"]["site_id"], *(str(1000 + number) for number in range(1, sites_count))]
    rows = [
        [site_ids[int(client) % sites_count], client, points, action, source or "", at]
        for client, action, points, source, at in night.transactions
    ]
    _write_csv(inbox / "1_points.csv", ["SiteId", "ClientId", "Points", "Action", "Source", "ActionDateTime"], rows)
    for name, updates in (("2_rewards.csv", night.updates), ("3_rewards.csv", night.later_updates)):
        rows = [[reward_id, _PAYOUTS[0], amount + night.more_digits] for reward_id, amount in updates]
        _write_csv(inbox / name, ["RewardId", "PayoutId", "Amount"], rows)
    services = settings_text(ready, mindbody="calls_per_day = 1000000", referral_rock="batch_size = 3")
    services += further_sites(dict.fromkeys(site_ids[1:], PASSWORD))
    loader = _LOADER.format(timeout_seconds=waits[0], settle_after_seconds=waits[1])
    text = f'database_url = "{database_url}"\n\n{services}{loader}'
    config = folder / "tieout.toml"
    config.write_text(text, encoding="utf-8")
    return config


def _write_csv(path: Path, headings: list[str], rows: list[list[Any]]) -> None:
    lines = [",".join(map(str, row)) for row in (headings, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
