"""The walk over a period, over all sites and by site."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from flows.reports.month import Month
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.walk_table import NO_SITE, columns_of_walk, lines_of_period
from transforms.vocabulary import WalkLine

_SHEETS: Final[Mapping[WalkLine, str]] = {
    WalkLine.IN_SHEETS: "Files",
    WalkLine.NEEDS_FIXING: "Files",
    WalkLine.KNOWN: "Events",
    WalkLine.WAITING: "Events",
    WalkLine.ACCEPTED: "Events",
    WalkLine.TURNED_DOWN: "Events",
    WalkLine.NOT_SURE: "Events",
    WalkLine.STILL_TO_SEND: "Events",
    WalkLine.DISCARDED: "Events",
    WalkLine.HELD_BACK: "Events",
    WalkLine.REPLACED: "Events",
    WalkLine.POSTED: "Events",
    WalkLine.NOT_COMPARED: "Not read",
    WalkLine.NOT_THERE: "Differences",
    WalkLine.OTHER_FIGURE: "Differences",
    WalkLine.OTHERS: "Differences",
    WalkLine.TWICE: "Differences",
    WalkLine.OFFSET: "Differences",
    WalkLine.UNCLAIMED: "Differences",
    WalkLine.TAKEN_BACK: "Differences",
    WalkLine.AT_SERVICE: "By client",
    WalkLine.PROVED: "By client",
}


def walk_of(month: Month) -> Block:
    """Return the walk over the period."""
    figures = columns_of_walk(month.walk, 1)
    return Block(
        name="Walk",
        scope="from the sheets to the services, by the day of the action",
        note=(
            "An event is of the day on which it happened, by the clock of its site, whichever night posted it. Updates "
            "of rewards, and rows that need fixing, tell no such day: they are of the day on which they were taken in. "
            "Points are gross. At the services: as they were read last."
        ),
        empty="Nothing is of this period: no event happened in it, and no file was taken in.",
        columns=(
            Column("step", "Step", Show.TEXT, 2),
            *figures,
            Column("sheet", "Lines", Show.LINK, 8 - len(figures)),
        ),
        frame=lines_of_period(month.walk, _SHEETS),
        strong="is_total",
    )


def walk_by_site_of(month: Month) -> Block:
    """Return the walk of each site, and of rewards."""
    parts = []
    for site_id in sorted(month.walk["site_id"].unique()):
        of_site = month.walk[month.walk["site_id"].eq(site_id)]
        parts.append(lines_of_period(of_site, _SHEETS).assign(site=site_id or NO_SITE))
    none = lines_of_period(month.walk, {}).assign(site="")
    return Block(
        name="Walk by site",
        scope="the walk of each site, of the period",
        note=f"Over all sites each line is that of the walk. Rewards, and rows that name no site, are of {NO_SITE}.",
        empty="Nothing is of this period.",
        columns=(
            Column("site", "Site", Show.ID, 40),
            Column("step", "Step", Show.TEXT, 36),
            *columns_of_walk(month.walk, 14),
            Column("sheet", "Lines", Show.LINK, 18),
        ),
        frame=pd.concat(parts, ignore_index=True) if parts else none,
        strong="is_total",
    )
