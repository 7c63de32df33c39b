"""Differences over a period: carried in from earlier days, found, ended, carried out.

A difference belongs to the day that it is about; one that ends after the period is carried out of it, so that what one
period carries out the next one carries in. What is open by now is told beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from transforms.totals.period import Period
from transforms.vocabulary import Outcome

COLUMNS: Final = (
    "break_id", "class", "site_id", "client_id", "reward_id", "points", "amount", "day", "came", "state", "is_open",
    "is_left", "ended_at", "owner", "reason", "detail", "event_id",
)  # fmt: skip
ROLLED: Final = ("site_id", "class", "measure", "carried_in", "found", "ended", "carried_out", "open_now")
_OPEN: Final = ("open", "acknowledged")
_MEASURES: Final = ("breaks", "points", "amount")
CARRIED_IN: Final = "carried in"
FOUND: Final = "of the period"


@dataclass(frozen=True)
class Dated:
    """A break with the day that it is about, by the clock of its site, and when it ended last."""

    row: Mapping[str, Any]  # columns of the ledger's table of breaks
    day: date
    ended_at: datetime | None


def differences_of(
    breaks: Iterable[Dated], period: Period, bounds: Mapping[str, tuple[datetime, datetime]]
) -> pd.DataFrame:
    """Return one row per break that was carried into the period or is about a day of it: `COLUMNS`.

    ``bounds``: by site ("" for rewards) when the period begins, and ends. ``is_left``: it had not ended when the period
    had; ``is_open``: it has not ended by now.
    """
    rows = []
    for broken in breaks:
        row = broken.row
        begins_at, ends_at = bounds.get(row["site_id"] or "") or bounds[""]
        is_open = row["state"] in _OPEN
        ended_at = None if is_open else broken.ended_at
        # One that ended before, or whose end nobody wrote down, was not carried in.
        is_carried = broken.day < period.since and (is_open or (ended_at is not None and ended_at >= begins_at))
        if not is_carried and not period.holds(broken.day):
            continue
        rows.append(
            {
                **{name: row[name] for name in COLUMNS if name in row},
                "site_id": row["site_id"] or "",
                "amount": None if row["amount"] is None else Decimal(row["amount"]),
                "day": broken.day,
                "came": CARRIED_IN if is_carried else FOUND,
                "is_open": is_open,
                "is_left": is_open or (ended_at is not None and ended_at >= ends_at),
                "ended_at": ended_at,
            }
        )
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    flags = {"is_open": "bool", "is_left": "bool"}
    ended = pd.to_datetime(frame["ended_at"], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(flags).assign(ended_at=ended, points=frame["points"].astype("Int64"))


def roll_differences(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per site, class and measure that has something: `ROLLED`."""
    rows = []
    for (site_id, name), group in found.groupby(["site_id", "class"], sort=True):
        for measure in _MEASURES:
            line: dict[str, Any] = {"site_id": site_id, "class": name, "measure": measure}
            is_carried = group["came"].eq(CARRIED_IN)
            for column, lines in {
                "carried_in": group[is_carried],
                "found": group[~is_carried],
                "ended": group[~group["is_left"]],
                "carried_out": group[group["is_left"]],
                "open_now": group[group["is_open"]],
            }.items():
                line[column] = _summed(lines, measure)
            if any(line[column] for column in ROLLED[3:]):
                rows.append(line)
    return pd.DataFrame(rows, columns=list(ROLLED), dtype="object")


def _summed(lines: pd.DataFrame, measure: str) -> int | Decimal:
    if measure == "breaks":
        return len(lines)
    if measure == "points":
        return sum((int(points) for points in lines["points"].dropna()), start=0)
    return sum(lines["amount"].dropna(), start=Decimal(0))


def without_reason(found: pd.DataFrame) -> pd.DataFrame:
    """Return the open differences of which nobody has said why: what a service refused is none of them."""
    # Of what was refused both sides agree that nothing took effect.
    is_one = found["class"].ne(Outcome.REFUSED)
    has_reason = found["reason"].notna() & found["reason"].ne("") & found["state"].ne("open")
    return found[found["is_open"] & is_one & ~has_reason]
