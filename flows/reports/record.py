"""Write the report as JSON: the totals under the keys of `tieout run`, and every frame as a list of objects.

Amounts are decimals as text, times are UTC with a Z, dates are ISO, and what is not known is null.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.reports.report import COLUMNS, Report, rows
from flows.reports.table import by_line
from flows.reports.values import Show, Value, values
from flows.reports.verdict import headline
from flows.reports.workbook.detail import SHEET_LIMIT
from flows.runtime.whole_file import written_whole

_COUNTS = (
    "row",
    "first_row",
    "row_count",
    "decision_id",
    "points",
    "events",
    "age_days",
    "requests",
    "earned",
    "redeemed",
    "others",
    "opening",
    "taken_back",
    "without_entry",
    "closing",
    "balance_before",
    "balance_expected",
    "balance_reported",
    "ledger_events",
    "breaks_events",
    "service_events",
    "difference_events",
    "ledger_points",
    "breaks_points",
    "service_points",
    "difference_points",
)
_TIMES = ("action_at", "posted_at", "decided_at", "since", "watched_until_at", "proved_since_at")
# Counts in one row and amounts in another: both sides of an equation, and the roll-forward of breaks.
_QUANTITIES = (
    "left",
    "right",
    "difference",
    "open_before",
    "new",
    "reopened",
    "closed",
    "resolved",
    "open_now",
)
_TEXTS = (
    "what",
    "why",
    "line",
    "site_id",
    "kind",
    "currency",
    "name",
    "formula",
    "level",
    "class",
    "measure",
    "id",
    "target",
    "client_id",
    "reward_id",
    "event_id",
    "state",
    "owner",
    "reason",
    "detail",
    "file",
    "sheet",
    "column",
    "cell",
    "code",
    "value",
    "message",
    "suggestion",
    "source",
    "source_id",
    "origin",
    "proof",
    "night",
    "first_file",
    "first_sheet",
    "subject",
    "finding",
    "actor",
    "verb",
    "about",
)
# How the columns of all frames are meant, by name: a name means the same in every frame.
SHOWN = {
    **dict.fromkeys(_COUNTS, Show.COUNT),
    **dict.fromkeys(_TIMES, Show.UTC),
    **dict.fromkeys(_QUANTITIES, Show.QUANTITY),
    **dict.fromkeys(_TEXTS, Show.TEXT),
    "amount": Show.AMOUNT,
    "opened_on": Show.DATE,
    "ties": Show.FLAG,
}
# What other programs read of these frames is documented, and has no more keys than that.
_NOT_TOLD = {"not_read": ("kind", "site_id")}


def write_json(report: Report, path: Path) -> Path:
    """Write `report` to `path` as one JSON object, and return the path; the same bytes for the same report."""
    # JSON knows no NaN: better no file than one that other programs refuse.
    encoder = json.JSONEncoder(indent=1, ensure_ascii=False, allow_nan=False, default=_written)
    # Piece by piece, and renamed when it is whole: as one text, a long night takes several times what its file does.
    with written_whole(path) as part, part.open("w", encoding="utf-8") as file:
        file.writelines(encoder.iterencode(as_record(report)))
        file.write("\n")
    return path


def as_record(report: Report) -> dict[str, object]:
    """Return `report` as plain values: what it is, its headline, its totals, and a list of objects per frame.

    A frame of more rows than a sheet takes is left out, and `left_out` says of how many: its CSV file has them.
    """
    head = {
        "title": report.title,
        "run_id": report.run_id,
        "kind": report.kind,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "period": list(report.period) if report.period else None,
        "timezone": report.timezone,
        "zones": dict(report.zones),
        "verdict": headline(report).sentence,
    }
    sizes = {name: len(getattr(report, name)) for name in COLUMNS}
    left_out = {name: size for name, size in sizes.items() if size > SHEET_LIMIT}
    frames = {name: _objects(report, name) for name in COLUMNS if name not in left_out}
    return {**head, "totals": dict(report.totals), "left_out": left_out, **frames}


def _objects(report: Report, name: str) -> list[dict[str, Value]]:
    frame = rows(report, name)
    if frame.empty:
        return []
    zone = ZoneInfo("UTC")
    untold = _NOT_TOLD.get(name, ())
    keys = [key for key in frame.columns if key not in untold]
    filled = [values(frame[key], SHOWN[key], zone) for key in keys]
    return [dict(zip(keys, line, strict=True)) for line in by_line(filled)]


def _written(value: object) -> str:
    match value:
        case Decimal():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"A report holds no {type(value).__name__}.")
