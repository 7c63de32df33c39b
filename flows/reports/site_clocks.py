"""Moments as each site's own clock shows them: what a person reads is by that clock, and nobody has to count hours.

A reward belongs to no site, and neither does what a person decided: both are told by the clock that the sites share,
and in UTC where they share none.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.report import Report
from transforms.spoken_times import retold


def clock_name(report: Report) -> str:
    """Return whose clock the times of a report are by, as headings say it."""
    return "each site's clock" if has_several_clocks(report) else report.timezone


def has_several_clocks(report: Report) -> bool:
    """Return whether the sites of a report live by more than one clock."""
    return len({zone for _, zone in report.zones}) > 1


def told_clocks(report: Report) -> str:
    """Return the clock of each site in words, where there are several; else the one that all share."""
    if not has_several_clocks(report):
        return report.timezone
    of_sites = ", ".join(f"{site_id}: {zone}" for site_id, zone in report.zones)
    return f"{of_sites}; without a site: {report.timezone}"


def on_the_wall(report: Report, moments: "pd.Series[Any]", site_ids: "pd.Series[Any] | None" = None) -> Any:
    """Return what the clock of each moment's site shows, as times without a zone; same length and order.

    ``site_ids`` are those of the lines; without them all are told by the shared clock.
    """
    # Of one unit, since a column without any time has another one than the ledger's.
    in_utc = pd.to_datetime(moments, utc=True).dt.as_unit("us")
    shown = _shown_by(in_utc, report.timezone)
    if site_ids is None or not has_several_clocks(report):
        return shown
    for site_id, zone in report.zones:
        here = site_ids.eq(site_id).fillna(False).astype("bool")
        shown = shown.mask(here, _shown_by(in_utc, zone))
    return shown


def _shown_by(in_utc: "pd.Series[Any]", zone: str) -> "pd.Series[Any]":
    shown: pd.Series[Any] = in_utc.dt.tz_convert(zone).dt.tz_localize(None)
    return shown


def retold_by_site(lines: pd.DataFrame, zones: Mapping[str, str], shared: str) -> list[Any]:
    """Return what is known of each difference, ``detail``, its moments by the clock of its site; null stays null.

    The ledger keeps them in UTC, and so does JSON; ``shared`` is the clock of what belongs to no site.
    """
    return [
        retold(detail, ZoneInfo(zones.get(site_id, shared))) if isinstance(detail, str) else detail
        for detail, site_id in zip(lines["detail"], lines["site_id"], strict=True)
    ]
