"""Columns that several sheets have, and how their lines are ordered and told."""

import pandas as pd

from flows.reports.report import Report
from flows.reports.site_clocks import clock_name, on_the_wall
from flows.reports.table import Column
from flows.reports.values import Show
from transforms.vocabulary import Kind

SITE = Column("site_id", "Site", Show.ID, 40)
CLIENT = Column("client_id", "Client", Show.ID, 40)
REWARD = Column("reward_id", "Reward", Show.ID, 22)
_KIND = Column("kind", "Kind", Show.TEXT, 15)
POINTS = Column("points", "Points", Show.COUNT, 14, total=True)
EARNED = Column("earned", "Points earned", Show.COUNT, 14, total=True)
REDEEMED = Column("redeemed", "Points redeemed", Show.COUNT, 14, total=True)
AMOUNT = Column("amount", "Amount", Show.AMOUNT, 20, total=True)
EVENT = Column("event_id", "Event", Show.ID, 40)
PLACE = (
    Column("file", "File", Show.TEXT, 26),
    Column("sheet", "Sheet", Show.TEXT, 16),
    Column("row", "Row", Show.COUNT, 10),
)
ORIGIN = Column("origin", "Came", Show.TEXT, 17)
# What an event is, the same columns in the same order wherever events are shown.
OF_EVENT = (_KIND, SITE, CLIENT, REWARD, EARNED, REDEEMED, AMOUNT)


def action_at(report: Report) -> tuple[Column, ...]:
    """Return the columns of when an event happened: by its site's clock, and in UTC beside it."""
    # Both clocks, side by side: a sheet has the clock of its site, a service often UTC, and whoever compares the two by
    # hand must not have to count hours.
    utc = Column("action_at", "Action at (UTC)", Show.UTC, 20)
    if clock_name(report) == "UTC":
        return (utc,)
    return (local(report, "action_local", "Action at"), utc)


def local(report: Report, key: str, name: str) -> Column:
    """Return the column of a moment that is told by the site's own clock."""
    return Column(key, f"{name} ({clock_name(report)})", Show.WALL, 20)


def with_local(report: Report, frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Add what the clock of each line's site shows of these moments: `action_local` of `action_at`."""
    sites = frame.get("site_id")
    told = {f"{key.removesuffix('_at')}_local": on_the_wall(report, frame[key], sites) for key in keys}
    return frame.assign(**told)


def split_points(frame: pd.DataFrame) -> pd.DataFrame:
    """Add points earned and points redeemed, of which one is null."""
    # Points are positive for both actions: one column would add what was earned to what was redeemed. Points of a kind
    # that nobody knows count as earned, so that they stay in a sum; those of a reward update are an amount.
    kinds = frame["kind"].astype("string").fillna("")
    is_redeemed = kinds.eq(Kind.REDEEMED)
    is_update = kinds.eq(Kind.REWARD_UPDATE)
    points = frame["points"]
    return frame.assign(
        earned=points.where(~is_redeemed & ~is_update),
        redeemed=points.where(is_redeemed),
    )


def in_order(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Sort by `keys`: as text, or as numbers after a sign that says up or down; what is missing comes last."""
    # Most sheets of most nights have a line or none.
    if len(frame) < 2:
        return frame.copy()
    # Text unless a sign says otherwise: ids look like numbers in one sheet and not in the next, and a column that holds
    # both cannot be compared. Row numbers need the sign, or row 10 would come before row 9.
    comparable = pd.DataFrame(index=frame.index)
    for place, key in enumerate(keys):
        column = frame[key.lstrip("+-")]
        if key.startswith(("+", "-")):
            comparable[place] = pd.to_numeric(column, errors="coerce")
        else:
            comparable[place] = column.astype("string")
    by = list(comparable.columns)
    ascending = [not key.startswith("-") for key in keys]
    # Stable: lines that the keys cannot tell apart keep the order in which the ledger gave them.
    order = comparable.sort_values(by, ascending=ascending, na_position="last", kind="stable").index
    return frame.loc[order].reset_index(drop=True)
