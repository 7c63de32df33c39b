"""What was kept of nights, read anew for a page: a snapshot never changes, so the last few stay in memory."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

import pandas as pd

from flows.ledger.connection import Ledger
from flows.reports.report import Report, rows
from flows.reports.snapshots import read_frames, read_snapshot, snapshot_path
from flows.settings.sections import Settings
from sql.nights import events_with_places
from sql.reversals import entries_taking_back

_MOST_NIGHTS = 8
_MOST_ROWS = 200_000  # of all that is kept
_READ_BACK = ("read_back_transactions", "read_back_rewards")


@dataclass(frozen=True)
class KeptNight:
    """A night's report, what was read back at the services, entry by entry, and what the ledger has of older rows.

    ``older``: one row per event that an earlier run posted and this night saw again, with the row of its sheet.
    ``taking_back``: of the events that waited, those that take an entry back, which come from no sheet.
    """

    report: Report
    read_back: Mapping[str, pd.DataFrame]
    older: pd.DataFrame
    taking_back: frozenset[str] = frozenset()

    @property
    def rows_count(self) -> int:
        """How many rows that is, roughly."""
        return len(self.report.posted) + sum(len(frame) for frame in self.read_back.values())


@dataclass
class KeptNights:
    """What is kept, for all pages; one is read at a time."""

    _kept: OrderedDict[str, KeptNight] = field(default_factory=OrderedDict)
    _turn: Lock = field(default_factory=Lock)

    def get(self, settings: Settings, ledger: Ledger, run_id: str) -> KeptNight:
        """Return what is kept of a night; `CouldNotRun` says why it is not there, or is not what was kept."""
        with self._turn:
            if run_id not in self._kept:
                self._kept[run_id] = _read(settings, ledger, run_id)
            self._kept.move_to_end(run_id)
            self._let_old_ones_go()
            return self._kept[run_id]

    def _let_old_ones_go(self) -> None:
        """Let those go that were asked for longest ago; the one that is asked for stays, however long it is."""
        while len(self._kept) > 1 and self._is_too_much():
            self._kept.popitem(last=False)

    def _is_too_much(self) -> bool:
        rows_count = sum(night.rows_count for night in self._kept.values())
        return len(self._kept) > _MOST_NIGHTS or rows_count > _MOST_ROWS


def _read(settings: Settings, ledger: Ledger, run_id: str) -> KeptNight:
    with ledger.read() as connection:
        report = read_snapshot(settings, connection, run_id)
    read_back = dict(read_frames(snapshot_path(settings, run_id), _READ_BACK))
    return KeptNight(report, read_back, _older(ledger, report, read_back), _taking_back(ledger, report))


def _taking_back(ledger: Ledger, report: Report) -> frozenset[str]:
    waiting = rows(report, "waiting")["event_id"].dropna()
    with ledger.read() as connection:
        return entries_taking_back(connection, waiting)


def _older(ledger: Ledger, report: Report, read_back: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    posted = set(rows(report, "posted")["event_id"])
    with ledger.read() as connection:
        found = events_with_places(connection, _seen_again(report, read_back) - posted)
        return pd.DataFrame([tuple(row) for row in found], columns=list(found.keys()), dtype="object")


def _seen_again(report: Report, read_back: Mapping[str, pd.DataFrame]) -> set[str]:
    """Return the events that a sheet of the night brought again, or that reading back met."""
    frames = [rows(report, "duplicates"), *read_back.values()]
    event_ids = [frame["event_id"].dropna() for frame in frames if len(frame)]
    return set().union(*event_ids)
