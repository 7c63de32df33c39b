"""What a report is made of: the totals of one run, and one frame for each thing that finance asks about.

The frames come from matching, totals and the ledger; this module only checks that they have the agreed columns. The
names of the totals are the JSON keys of `tieout run`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from weakref import WeakKeyDictionary

import pandas as pd

from transforms.totals import client_balances

KINDS: Final = ("nightly", "upload", "settle", "reconcile")

TOTALS: Final = (
    "files",
    "rows_read",
    "accepted",
    "duplicate",
    "held",
    "rejected",
    "carried_in",
    "posted",
    "refused",
    "unknown",
    "pending",
    "withheld",
    "points_earned",
    "points_redeemed",
    "amount_updated",
    "breaks_open",
    "ties_out",
    "agrees",
)

PLACE: Final = ("file", "sheet", "row")
# What an event is, the same names in the same order wherever events are told.
OF_EVENT: Final = ("kind", "target", "site_id", "client_id", "reward_id", "points", "amount")

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "not_read": ("what", "why", "kind", "site_id"),
    "walk": ("line", "site_id", "kind", "currency", "events", "points", "amount"),
    "ties": ("name", "formula", "left", "right", "difference", "ties"),
    "control_totals": ("level", "name", "site_id", "kind", "events", "points", "amount"),
    "roll_forward": (
        "site_id",
        "class",
        "measure",
        "open_before",
        "new",
        "reopened",
        "closed",
        "resolved",
        "open_now",
        "difference",
    ),
    "breaks": (
        "id",
        "class",
        "target",
        "site_id",
        "client_id",
        "reward_id",
        "points",
        "amount",
        "event_id",
        "opened_on",
        "age_days",
        "state",
        "owner",
        "reason",
        "detail",
        *PLACE,
    ),
    "rejected": (*PLACE, "column", "cell", "code", "value", "message", "suggestion"),
    "waiting": (
        "event_id",
        "state",
        *OF_EVENT,
        "action_at",
        *PLACE,
        "since",
        "reason",
    ),
    "posted": (
        "event_id",
        *OF_EVENT,
        "source",
        "source_id",
        "action_at",
        "posted_at",
        *PLACE,
        "origin",
    ),
    "not_posted": (
        "event_id",
        "state",
        *OF_EVENT,
        "action_at",
        *PLACE,
        "origin",
        "reason",
    ),
    "refused": (
        "event_id",
        "kind",
        "site_id",
        "client_id",
        "reward_id",
        "points",
        "amount",
        "code",
        "message",
        *PLACE,
        "origin",
    ),
    "by_client": (
        "site_id",
        "client_id",
        "balance_before",
        "earned",
        "redeemed",
        "others",
        "balance_expected",
        "balance_reported",
        "difference",
        "proof",
        "proved_since_at",
    ),
    "balances": client_balances.COLUMNS,
    "nights": (
        "site_id",
        "night",
        "ledger_events",
        "breaks_events",
        "service_events",
        "difference_events",
        "ledger_points",
        "breaks_points",
        "service_points",
        "difference_points",
    ),
    "duplicates": (*PLACE, "event_id", "first_file", "first_sheet", "first_row"),
    "watched": (
        "event_id",
        "state",
        *OF_EVENT,
        "action_at",
        "requests",
        "watched_until_at",
        *PLACE,
    ),
    "skipped": (*PLACE, "reason"),
    "notes": (*PLACE, "column", "message"),
    "source_ids": ("subject", "finding", "row_count"),
    "decisions": ("decision_id", "decided_at", "actor", "verb", "about", "events", "earned", "redeemed", "reason"),
}


# Each is itself alone: what was made of one is never shown for another that looks like it (`flows.reports.once`).
@dataclass(frozen=True, eq=False)
class Report:
    """All that one run, upload or reconciliation has to show; every frame may be empty, with or without columns.

    Grain: `walk` one row per line, site ("": rewards), kind and currency (`transforms.totals.walk`); `ties` one row
    per equation; `control_totals` one per level (file, batch, ledger, service), site and kind;
    `roll_forward` one per site, class of break and measure; `breaks`, `waiting`, `posted`, `refused` one per break or
    event; `not_posted` one per event of the run that is neither posted nor refused; `rejected` one per wrong cell;
    `by_client` one per client whose balance was read or proves what was posted (`proof`), null where the balance before
    is not known; `balances` one per client that was posted to, read or proved, from the opening balance to the closing
    one (`transforms.totals.client_balances`); `nights` one per site and night;
    `duplicates` and `skipped` one per row of a file; `notes` one per thing that was noticed while a file was read;
    `watched` one per event of any run of which two requests may have left and that nights still look at again;
    `source_ids` one per subject and finding (`transforms.check.cross_check`); `not_read` one per file, client, reward
    or destination that nobody could look at; `decisions` one per decision of a person about events that no report
    before this one has told. Points are whole, amounts Decimal, `_at` and `since` aware UTC, `_on` dates.

    No part has a default: a frame that nobody collected would be shown as if there were nothing to tell.

    Raises ValueError where a frame with rows lacks a column, a total is missing, or a time has no zone.
    """

    title: str
    run_id: str
    kind: str  # one of KINDS
    started_at: datetime
    finished_at: datetime
    period: tuple[date, date] | None
    timezone: str  # that all sites share, and UTC where they share none: of what belongs to no site
    totals: Mapping[str, int | str | bool]
    ties: pd.DataFrame
    control_totals: pd.DataFrame
    roll_forward: pd.DataFrame
    breaks: pd.DataFrame
    rejected: pd.DataFrame
    waiting: pd.DataFrame
    posted: pd.DataFrame
    refused: pd.DataFrame
    by_client: pd.DataFrame
    nights: pd.DataFrame
    duplicates: pd.DataFrame
    skipped: pd.DataFrame
    notes: pd.DataFrame
    source_ids: pd.DataFrame
    not_read: pd.DataFrame
    decisions: pd.DataFrame
    watched: pd.DataFrame
    walk: pd.DataFrame
    balances: pd.DataFrame
    not_posted: pd.DataFrame
    zones: tuple[tuple[str, str], ...]  # the clock of each site, by which its times are told

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"A report is of kind {', '.join(KINDS)}; got {self.kind!r}.")
        if self.started_at.tzinfo is None or self.finished_at.tzinfo is None:
            raise ValueError("A report needs started_at and finished_at in UTC; got a time without a zone.")
        if missing := [key for key in TOTALS if key not in self.totals]:
            raise ValueError(f"The totals of a report lack {', '.join(missing)}.")
        for name in COLUMNS:
            _check_columns(self, name)


# Page, workbook, terminal and record each ask for the same frames, several times.
_ROWS: Final[WeakKeyDictionary["Report", dict[str, pd.DataFrame]]] = WeakKeyDictionary()


def is_of_a_period(report: Report) -> bool:
    """Return whether the report is about what was posted before: its run took in no file, and sent nothing."""
    return report.kind == "reconcile"


def rows(report: Report, name: str) -> pd.DataFrame:
    """Return the frame `name` with exactly the agreed columns, in their order, and a fresh index."""
    known = _ROWS.setdefault(report, {})
    if name not in known:
        frame: pd.DataFrame = getattr(report, name)
        known[name] = frame.reindex(columns=list(COLUMNS[name])).reset_index(drop=True)
    # Values are shared until somebody writes; columns that a caller adds are its own.
    return known[name].copy(deep=False)


def _check_columns(report: Report, name: str) -> None:
    frame: pd.DataFrame = getattr(report, name)
    # An empty result of the ledger has no columns at all, and that is no fault.
    if not len(frame):
        return
    missing = [column for column in COLUMNS[name] if column not in frame.columns]
    if missing:
        raise ValueError(f"The frame {name!r} of a report has {len(frame)} rows and lacks {', '.join(missing)}.")


def count(report: Report, key: str) -> int:
    """Return the total `key` as a whole number."""
    return int(report.totals[key])
