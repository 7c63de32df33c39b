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

from transforms.exact_sums import amount_sum, whole_sum
from transforms.outcomes import AGREED, is_among
from transforms.totals.period import Period

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

    @property
    def is_open(self) -> bool:
        """Whether it has not ended by now; it may have ended once, and opened again."""
        return self.row["state"] in _OPEN

    def has_ended_before(self, moment: datetime) -> bool:
        """Return whether it ended before that; one whose end nobody wrote down ended in the dim past."""
        if self.is_open:
            return False
        return self.ended_at is None or self.ended_at < moment

    def is_left_at(self, moment: datetime) -> bool:
        """Return whether it had not ended by that moment, so that the period that ends then carries it out."""
        return not self.has_ended_before(moment)


def differences_of(
    breaks: Iterable[Dated], period: Period, bounds: Mapping[str, tuple[datetime, datetime]]
) -> pd.DataFrame:
    """Return one row per break that was carried into the period or is about a day of it: `COLUMNS`.

    ``bounds``: by site ("" for rewards) when the period begins, and ends. ``is_left``: it had not ended when the period
    had; ``is_open``: it has not ended by now.
    """
    rows = []
    for broken in breaks:
        begins_at, ends_at = bounds.get(broken.row["site_id"] or "") or bounds[""]
        is_carried = broken.day < period.since and not broken.has_ended_before(begins_at)
        if not is_carried and not period.holds(broken.day):
            continue
        came = CARRIED_IN if is_carried else FOUND
        rows.append(_difference(broken, came, ends_at))
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    ended_at = pd.to_datetime(frame["ended_at"], utc=True).astype("datetime64[us, UTC]")
    typed = frame.astype({"is_open": "bool", "is_left": "bool"})
    return typed.assign(ended_at=ended_at, points=frame["points"].astype("Int64"))


def _difference(broken: Dated, came: str, ends_at: datetime) -> dict[str, Any]:
    row = broken.row
    told = {name: row[name] for name in COLUMNS if name in row}
    return {
        **told,
        "site_id": row["site_id"] or "",
        "amount": None if row["amount"] is None else Decimal(row["amount"]),
        "day": broken.day,
        "came": came,
        "is_open": broken.is_open,
        "is_left": broken.is_left_at(ends_at),
        "ended_at": None if broken.is_open else broken.ended_at,
    }


def roll_differences(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per site, class and measure that has something: `ROLLED`."""
    rows = []
    for (site_id, name), group in found.groupby(["site_id", "class"], sort=True):
        for measure in _MEASURES:
            figures = _rolled(group, measure)
            if any(figures.values()):
                rows.append({"site_id": site_id, "class": name, "measure": measure, **figures})
    return pd.DataFrame(rows, columns=list(ROLLED), dtype="object")


def _rolled(group: pd.DataFrame, measure: str) -> dict[str, int | Decimal]:
    is_carried = group["came"].eq(CARRIED_IN)
    is_left = group["is_left"]
    return {
        "carried_in": _summed(group[is_carried], measure),
        "found": _summed(group[~is_carried], measure),
        "ended": _summed(group[~is_left], measure),
        "carried_out": _summed(group[is_left], measure),
        # Beside the period: what it carries out may have ended since, and does by the time it is signed.
        "open_now": _summed(group[group["is_open"]], measure),
    }


def _summed(lines: pd.DataFrame, measure: str) -> int | Decimal:
    if measure == "breaks":
        return len(lines)
    if measure == "points":
        return whole_sum(lines["points"])
    return amount_sum(lines["amount"])


def without_reason(found: pd.DataFrame) -> pd.DataFrame:
    """Return the open differences of which nobody has said why; where both sides agree there is nothing to say."""
    is_agreed = is_among(found["class"], AGREED)
    # A reason that was given before a break opened again was about something else.
    is_answered = found["state"].ne("open")
    says_why = found["reason"].notna() & found["reason"].ne("")
    has_reason = is_answered & says_why
    return found[found["is_open"] & ~is_agreed & ~has_reason]
