"""What was posted by source, and by staff."""

from typing import Final

import pandas as pd

from flows.reports.month import Month
from flows.reports.month_tables.columns import SITE
from flows.reports.table import Block, Column
from flows.reports.values import Show


def by_source_of(month: Month) -> Block:
    """Return what was posted by source, beside the period before."""
    return _by(month, "source", "By source", month.by_source, month.last_by_source)


def by_staff_of(month: Month) -> Block:
    """Return what was posted by whom the sheets name, beside the period before."""
    return _by(month, "staff", "By staff", month.by_staff, month.last_by_staff)


_BY: Final = {
    "earned_events": "Earned: events",
    "earned_points": "Earned: points",
    "redeemed_events": "Redeemed: events",
    "redeemed_points": "Redeemed: points",
}


def _by(month: Month, key: str, name: str, now: pd.DataFrame, before: pd.DataFrame) -> Block:
    last = month.period.before.short
    return Block(
        name=name,
        scope=f"what was posted of {month.period.spoken}, and of {month.period.before.spoken}",
        note="Updates of rewards belong to no client and have neither.",
        empty="Nothing was posted.",
        columns=(
            SITE,
            Column(key, key.capitalize(), Show.TEXT, 30),
            *(Column(column, heading, Show.COUNT, 13, total=True) for column, heading in _BY.items()),
            Column("earned_points_before", f"Earned: {last}", Show.COUNT, 14, total=True),
            Column("earned_change", "Earned: change", Show.COUNT, 13, total=True),
            Column("redeemed_points_before", f"Redeemed: {last}", Show.COUNT, 14, total=True),
            Column("redeemed_change", "Redeemed: change", Show.COUNT, 13, total=True),
        ),
        frame=_side_by_side(key, now, before),
    )


def _side_by_side(key: str, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return a row per site and name of either period, with the figures of both and how points have changed."""
    both = now.merge(before, how="outer", on=["site_id", key], suffixes=("", "_before"), validate="1:1", sort=True)
    # What only one of the two has is 0 in the other.
    figures = [column for column in both.columns if column.endswith(("_events", "_points", "_before"))]
    frame = both.assign(**{column: both[column].fillna(0) for column in figures})
    return frame.assign(
        earned_change=frame["earned_points"] - frame["earned_points_before"],
        redeemed_change=frame["redeemed_points"] - frame["redeemed_points_before"],
    )
