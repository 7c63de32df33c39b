"""The small frames that a report draws and compares: breaks by age, points by day, control totals side by side."""

from collections.abc import Callable, Hashable
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.report import Report, rows
from flows.reports.values import CENTS, exact
from flows.reports.wording import is_open
from transforms.vocabulary import Kind

AGES: Final = {"0 to 1 day": 1, "2 to 7 days": 7, "8 to 30 days": 30, "over 30 days": None}
LEVELS: Final = ("file", "batch", "ledger", "service")


def age_band(days: int) -> str:
    """Return the band of an age in whole days.

    >>> age_band(1), age_band(8), age_band(31)
    ('0 to 1 day', '8 to 30 days', 'over 30 days')
    """
    return next(band for band, most in AGES.items() if most is None or days <= most)


def breaks_by_age(report: Report) -> pd.DataFrame:
    """Return one row per age band, youngest first, also where none is: band, breaks (open ones), points."""
    breaks = rows(report, "breaks")
    waiting = breaks[is_open(breaks)]
    bands = waiting["age_days"].fillna(0).astype("int64").map(age_band)
    by_band = pd.DataFrame({"breaks": bands.value_counts(), "points": _whole(waiting["points"]).groupby(bands).sum()})
    return by_band.reindex(list(AGES)).fillna(0).astype("int64").rename_axis("band").reset_index()


def by_day(report: Report) -> pd.DataFrame:
    """Return one row per day with something posted, in order: day, events, earned, redeemed, updates, amount.

    The day is that of the action in the report's zone, or of the posting where the event has no time of its own.
    """
    posted = rows(report, "posted")
    kinds, points = posted["kind"].astype("string").fillna(""), _whole(posted["points"])
    days = _days(posted, ZoneInfo(report.timezone)).rename("day")
    figures = {
        "events": pd.Series(1, index=posted.index, dtype="int64"),
        "earned": points.where(kinds.eq(Kind.EARNED), 0),
        "redeemed": points.where(kinds.eq(Kind.REDEEMED), 0),
        "updates": kinds.eq(Kind.REWARD_UPDATE).astype("int64"),
    }
    grouped = pd.DataFrame(figures).groupby(days, sort=True).sum()
    amounts = posted["amount"].dropna().map(exact).groupby(days).sum()
    grouped["amount"] = [amounts.get(day, exact(0)) for day in grouped.index]
    return grouped.reset_index()


def points_by_day(report: Report) -> pd.DataFrame:
    """Return one row per day: day, earned, redeemed; by month where there are more than 62 days to draw."""
    days = by_day(report)[["day", "earned", "redeemed"]].groupby("day", sort=True).sum()
    if len(days) > 62:
        days = days.groupby(days.index.astype("string").str[:7]).sum()
    return days.rename_axis("day").reset_index()


def side_by_side(report: Report) -> pd.DataFrame:
    """Return one row per site, kind and measure: site_id, kind, measure, file, batch, ledger, service, difference.

    Measures are events, then points or amount. A level without a figure stays null; difference is ledger − service.
    Raises ValueError on a level that is not one of the four.
    """
    totals = rows(report, "control_totals")
    if foreign := sorted(set(totals["level"].dropna().astype(str)) - set(LEVELS)):
        raise ValueError(f"Control totals are of the levels {', '.join(LEVELS)}; got also {', '.join(foreign)}.")
    lines = [line for pair, part in totals.groupby(["site_id", "kind"], dropna=False) for line in _lines(pair, part)]
    return pd.DataFrame(lines, columns=["site_id", "kind", "measure", *LEVELS, "difference"], dtype="object")


def _lines(pair: tuple[Hashable, ...], part: pd.DataFrame) -> list[dict[str, object]]:
    value = "amount" if pair[1] == Kind.REWARD_UPDATE else "points"
    return [_line(pair, measure, part) for measure in ("events", value)]


def _line(pair: tuple[Hashable, ...], measure: str, part: pd.DataFrame) -> dict[str, object]:
    known = part[part[measure].notna()]
    read: Callable[[Any], Any] = exact if measure == "amount" else int
    least = CENTS if measure == "amount" else 0
    levels = {
        name: sum(map(read, figures), start=least)
        for name, figures in known[measure].groupby(known["level"].astype(str))
    }
    difference = levels["ledger"] - levels["service"] if {"ledger", "service"} <= levels.keys() else None
    return {"site_id": pair[0], "kind": pair[1], "measure": measure, **levels, "difference": difference}


def _days(posted: pd.DataFrame, zone: ZoneInfo) -> "pd.Series[Any]":
    moments = pd.to_datetime(posted["action_at"], utc=True)
    # Of one unit, since a column without any time has another one than the ledger's.
    moments = moments.dt.as_unit("us").fillna(pd.to_datetime(posted["posted_at"], utc=True).dt.as_unit("us"))
    return moments.dt.tz_convert(zone).dt.strftime("%Y-%m-%d").fillna("")


def _whole(points: "pd.Series[Any]") -> "pd.Series[int]":
    return pd.to_numeric(points).fillna(0).astype("int64")
