"""Compare what the service committed with what the files said, event by event.

The judge reads the sandbox's commit log and the ledger's file by itself, with nothing of the product in it.
"""

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.prove.ledgers import read_rows
from tests.prove.night import Night, Transaction, Update

_UNTOLD = """
SELECT count(*) FROM events WHERE state IN ('posted', 'refused') AND NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.finished_at >= events.state_at AND (
        runs.run_id = events.run_id OR EXISTS (
            SELECT 1 FROM run_carried WHERE run_carried.run_id = runs.run_id
            AND run_carried.event_id = events.event_id)))
"""
_WAITING = """
SELECT client_id, action, points, source, action_at, reward_id, amount FROM events
WHERE state IN ('refused', 'unknown', 'held')
"""


@dataclass(frozen=True)
class Found:
    """What became of one night."""

    lost: tuple[str, ...]  # in the files, not at the service, and waiting for nobody either
    twice: tuple[str, ...]  # more often at the service than in the files, or an older value over a newer one
    states: Counter[str]  # of the ledger's events
    untold: int  # posted or refused events that no finished run has in its report
    open_breaks: Counter[str]
    damages: int  # what is at the service otherwise than the files have it in the end
    shown: int  # of these, by an open break about the very entry or reward

    @property
    def unknown(self) -> int:
        """Events still in doubt."""
        return self.states["unknown"]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is left that another run could move."""
        return not self.states.keys() & {"ready", "sending", "unknown"}


def log_length(ready: dict[str, Any]) -> int:
    """Return how many lines the sandbox's commit log has."""
    with Path(ready["log"]).open("rb") as log:
        return sum(1 for _ in log)


def read_log(ready: dict[str, Any], since: int = 0) -> list[dict[str, Any]]:
    """Return the lines of the commit log that came after the first `since`."""
    with Path(ready["log"]).open(encoding="utf-8") as log:
        return [json.loads(line) for number, line in enumerate(log) if number >= since]


def compare(night: Night, log: list[dict[str, Any]], database_url: str) -> Found:
    """Judge one night by the log lines since it began."""
    states, untold, breaks, waiting = _read_ledger(database_url)
    about = _read_breaks(database_url)
    paid = Counter(_transaction(line) for line in log if line["service"] == "mindbody" and line["actor"] == "api")
    updates = [(line["reward_id"], _in_cents(line["amount"])) for line in log if line["service"] == "referral_rock"]
    missing = night.expected - paid
    lost = [*(missing - waiting).elements(), *_lost_updates(night, updates, waiting)]
    twice = [*(paid - night.expected).elements(), *_stale_updates(night, updates), *_repeated(night, updates)]
    damages = [*(_about(one) for one in ((missing - waiting) + (paid - night.expected)).elements())]
    damages += [("reward", reward_id) for reward_id in _standing_wrong(night, updates, waiting)]
    shown = Counter(damages) & about
    return Found(
        lost=tuple(map(str, lost)),
        twice=tuple(map(str, twice)),
        states=states,
        untold=untold,
        open_breaks=breaks,
        damages=len(damages),
        shown=shown.total(),
    )


def _in_cents(amount: str) -> str:
    """Return an amount as a service has it that keeps two decimals; the others leave it as it was sent."""
    return str(Decimal(amount).quantize(Decimal("0.01")))


def _about(transaction: Transaction) -> tuple[object, ...]:
    """Return what a break about a transaction bears: client, points and time."""
    client_id, _, points, _, at = transaction
    return client_id, points, _as_shown(at)


def _as_shown(at: str) -> str:
    """Return a time as far as the service's own tells it: of the hour that its site had twice, either half."""
    return at.replace("T09:", "T08:") if at.startswith("2025-11-02") else at


def _standing_wrong(night: Night, applied: list[Update], waiting: Counter[Any]) -> list[str]:
    """Return the rewards that in the end hold another value than the files set last."""
    values = dict(applied)
    latest = dict([*night.updates, *night.later_updates])
    return [id_ for id_, amount in latest.items() if values.get(id_) != amount and not waiting[id_, amount]]


def _read_breaks(database_url: str) -> Counter[tuple[object, ...]]:
    rows = read_rows(database_url, "SELECT client_id, points, action_at, reward_id FROM breaks WHERE state = 'open'")
    return Counter(("reward", row[3]) if row[3] else (row[0], row[1], _as_shown(_utc_text(row[2]))) for row in rows)


def _transaction(line: dict[str, Any]) -> Transaction:
    return line["client_id"], line["action"], line["points"], line["source"], line["action_date_time"]


def _lost_updates(night: Night, applied: list[Update], waiting: Counter[Any]) -> list[Update]:
    """Return the updates that never took effect, and those that should stand in the end and do not."""
    values = dict(applied)  # the last one of each reward
    never = [update for update in (*night.updates, *night.later_updates) if update not in applied]
    latest = dict([*night.updates, *night.later_updates])
    overwritten = [update for update in latest.items() if update in applied and values[update[0]] != update[1]]
    return [update for update in (*never, *overwritten) if not waiting[update]]


def _stale_updates(night: Night, applied: list[Update]) -> list[Update]:
    """Return updates that took effect again after their successor; the same value again by itself changes nothing."""
    rank = {update: place for place, update in enumerate((*night.updates, *night.later_updates))}
    stale, highest = [], {}
    for update in applied:
        place = rank.get(update, -1)
        if place < highest.get(update[0], -1):
            stale.append(update)
        highest[update[0]] = max(place, highest.get(update[0], -1))
    return stale


def _repeated(night: Night, applied: list[Update]) -> list[Update]:
    """Return updates that were sent again because the service keeps them otherwise than they were sent.

    It took effect, so none may go a second time by itself: not in this night and not in any after it.
    """
    if not night.more_digits:
        return []
    return list((Counter(applied) - Counter((*night.updates, *night.later_updates))).elements())


def _read_ledger(database_url: str) -> tuple[Counter[str], int, Counter[str], Counter[Any]]:
    """Return states, untold events, open breaks by class, and what is refused or in doubt, as the night names it."""
    states = Counter(state for (state,) in read_rows(database_url, "SELECT state FROM events"))
    ((untold,),) = read_rows(database_url, _UNTOLD)
    breaks = Counter(name for (name,) in read_rows(database_url, "SELECT class FROM breaks WHERE state = 'open'"))
    rows = read_rows(database_url, _WAITING)
    waiting = Counter((row[5], row[6]) if row[5] else (*row[:4], _utc_text(row[4])) for row in rows)
    return states, untold, breaks, waiting


def _utc_text(value: object) -> str:
    return str(value)[:19].replace(" ", "T") + "Z"
