"""Compare what the service committed with what the files said, event by event.

The judge reads the sandbox's commit log and the ledger's file by itself, with nothing of the product in it.
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.prove.night import Night, Transaction, Update

_UNTOLD = """
SELECT count(*) FROM events WHERE state IN ('posted', 'refused') AND NOT EXISTS (
    SELECT 1 FROM runs WHERE runs.finished_at >= events.state_at AND (
        runs.run_id = events.run_id OR EXISTS (
            SELECT 1 FROM run_carried WHERE run_carried.run_id = runs.run_id
            AND run_carried.event_id = events.event_id)))
"""


@dataclass(frozen=True)
class Found:
    """What became of one night."""

    lost: tuple[str, ...]  # in the files, not at the service, and not refused or in doubt either
    twice: tuple[str, ...]  # more often at the service than in the files, or an older value over a newer one
    states: Counter[str]  # of the ledger's events
    untold: int  # posted or refused events that no finished run has in its report
    open_breaks: Counter[str]

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


def compare(night: Night, log: list[dict[str, Any]], ledger: Path) -> Found:
    """Judge one night by the log lines since it began."""
    states, untold, breaks, waiting = _read_ledger(ledger)
    paid = Counter(_transaction(line) for line in log if line["service"] == "mindbody" and line["actor"] == "api")
    updates = [(line["reward_id"], line["amount"]) for line in log if line["service"] == "referral_rock"]
    missing = night.expected - paid
    lost = [*(missing - waiting).elements(), *_lost_updates(night, updates, waiting)]
    twice = [*(paid - night.expected).elements(), *_stale_updates(night, updates)]
    return Found(tuple(map(str, lost)), tuple(map(str, twice)), states, untold, breaks)


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


def _read_ledger(path: Path) -> tuple[Counter[str], int, Counter[str], Counter[Any]]:
    """Return states, untold events, open breaks by class, and what is refused or in doubt, as the night names it."""
    with closing(sqlite3.connect(path)) as ledger:
        states = Counter(state for (state,) in ledger.execute("SELECT state FROM events"))
        untold = ledger.execute(_UNTOLD).fetchone()[0]
        breaks = Counter(name for (name,) in ledger.execute("SELECT class FROM breaks WHERE state = 'open'"))
        rows = ledger.execute(
            "SELECT client_id, action, points, source, action_at, reward_id, amount FROM events "
            "WHERE state IN ('refused', 'unknown')"
        )
        waiting = Counter(
            (row[5], row[6]) if row[5] else (*row[:4], row[4][:19].replace(" ", "T") + "Z") for row in rows
        )
    return states, untold, breaks, waiting
