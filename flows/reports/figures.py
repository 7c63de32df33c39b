"""The small frames that a report draws and compares: breaks by age, points by day, control totals side by side."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from flows.reports.once import once
from flows.reports.open_breaks import is_open
from flows.reports.report import Report, rows
from flows.reports.site_clocks import on_the_wall
from flows.reports.values import CENTS, exact
from transforms.exact_sums import as_summable
from transforms.vocabulary import Kind

AGES: Final = {"0 to 1 day": 1, "2 to 7 days": 7, "8 to 30 days": 30, "over 30 days": None}
LEVELS: Final = ("file", "batch", "ledger", "service")
_MOST_DAYS: Final = 62  # two months; more columns are too thin to tell apart


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
    ages = waiting["age_days"].fillna(0).astype("int64")
    bands = ages.map(age_band)
    points = _whole(waiting["points"])
    counts = bands.groupby(bands).size()
    by_band = pd.DataFrame({"breaks": counts, "points": points.groupby(bands).sum()})
    # A band without a break stays as a zero: a reader who looks for "over 30 days" must find that there is none.
    every_band = by_band.reindex(list(AGES), fill_value=0)
    return every_band.rename_axis("band").reset_index()


@once
def by_day(report: Report) -> pd.DataFrame:
    """Return one row per day and site with something posted, in order.

    Columns day, site_id, events, earned, redeemed, updates, amount.
    The day is that of the action by the site's own clock, or of the posting where the event has no time of its own.
    Rewards have no site, and their day is by the shared clock.
    """
    posted = rows(report, "posted")
    days = _days(report, posted).rename("day")
    sites = posted["site_id"].astype("string").fillna("").rename("site_id")
    grouped = _figures(posted).groupby([days, sites], sort=True).sum()
    # Amounts are summed apart, as Decimal: pandas would add them as floats, and a cent may be lost in a long column.
    amounts = posted["amount"].dropna().map(exact)
    day_and_site = [days.reindex(amounts.index), sites.reindex(amounts.index)]
    amount_of = amounts.groupby(day_and_site).sum()
    grouped["amount"] = [amount_of.get(line, exact(0)) for line in grouped.index]
    return grouped.reset_index()


def _figures(posted: pd.DataFrame) -> pd.DataFrame:
    """Return what each posted event counts for in each column but the amount."""
    kinds = posted["kind"].astype("string").fillna("")
    points = _whole(posted["points"])
    return pd.DataFrame(
        {
            "events": pd.Series(1, index=posted.index, dtype="int64"),
            "earned": points.where(kinds.eq(Kind.EARNED), 0),
            "redeemed": points.where(kinds.eq(Kind.REDEEMED), 0),
            "updates": kinds.eq(Kind.REWARD_UPDATE).astype("int64"),
        }
    )


def points_by_day(report: Report) -> pd.DataFrame:
    """Return one row per day: day, earned, redeemed; by month where there are more than 62 days to draw."""
    days = by_day(report)[["day", "earned", "redeemed"]].groupby("day", sort=True).sum()
    if len(days) > _MOST_DAYS:
        months = days.index.astype("string").str[:7]  # 2025-07 of 2025-07-02
        days = days.groupby(months).sum()
    return days.rename_axis("day").reset_index()


def side_by_side(report: Report) -> pd.DataFrame:
    """Return one row per site, kind and measure: site_id, kind, measure, the four levels, and two differences.

    Measures are events, then points or amount. A level without a figure stays null; accepted_difference is
    file − batch, difference is ledger − service.
    Raises ValueError on a level that is not one of the four.
    """
    totals = rows(report, "control_totals")
    _refuse_foreign(totals["level"])
    lines = []
    # Rewards have no site: they are a group of their own, and must not be dropped.
    for (site_id, kind), of_kind in totals.groupby(["site_id", "kind"], dropna=False):
        value = "amount" if kind == Kind.REWARD_UPDATE else "points"
        for measure in ("events", value):
            sums = _by_level(of_kind, measure)
            lines.append({"site_id": site_id, "kind": kind, "measure": measure, **sums})
    columns = ["site_id", "kind", "measure", *LEVELS, "accepted_difference", "difference"]
    return pd.DataFrame(lines, columns=columns, dtype="object")


def _refuse_foreign(levels: "pd.Series[Any]") -> None:
    """Raise ValueError on a level under another name: it would fall out of every column, its difference with it."""
    foreign = sorted(set(levels.dropna().astype(str)) - set(LEVELS))
    if foreign:
        raise ValueError(f"Control totals are of the levels {', '.join(LEVELS)}; got also {', '.join(foreign)}.")


def _by_level(of_kind: pd.DataFrame, measure: str) -> dict[str, object]:
    """Return the exact sum of `measure` at each level that has one, and the difference of ledger and service."""
    known = of_kind[of_kind[measure].notna()]
    sums: dict[str, Any] = {}
    for level, figures in known[measure].groupby(known["level"].astype(str)):
        sums[str(level)] = _exact_sum(figures, measure)
    return {
        **sums,
        "accepted_difference": _difference(sums, "file", "batch"),
        "difference": _difference(sums, "ledger", "service"),
    }


def _difference(sums: Mapping[str, Any], one: str, other: str) -> Any:
    # Null where one of the two is not known. Zero would claim that they agree, and the whole sum would call an outage
    # of the service a difference.
    return sums[one] - sums[other] if one in sums and other in sums else None


def _exact_sum(figures: "pd.Series[Any]", measure: str) -> int | Decimal:
    if measure == "amount":
        return sum(map(exact, figures), start=CENTS)
    return sum(map(int, figures), start=0)


def _days(report: Report, posted: pd.DataFrame) -> "pd.Series[Any]":
    # Of one unit, since a column without any time has another one than the ledger's.
    acted_at = pd.to_datetime(posted["action_at"], utc=True).dt.as_unit("us")
    posted_at = pd.to_datetime(posted["posted_at"], utc=True).dt.as_unit("us")
    # By the site's clock: a class at 5 pm in Los Angeles is on the next day in UTC.
    moments = on_the_wall(report, acted_at.fillna(posted_at), posted["site_id"])
    # A day is written once, and not for each of a million events.
    days = moments.dt.normalize()
    written = {day: "" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in days.unique()}
    named: pd.Series[Any] = days.map(written).fillna("")
    return named


def _whole(points: "pd.Series[Any]") -> "pd.Series[Any]":
    return as_summable(points.fillna(0))
