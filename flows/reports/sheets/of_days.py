"""What was posted by day, and what the ledger and the services have by night."""

from flows.reports.figures import by_day
from flows.reports.report import Report, rows
from flows.reports.sheets.columns import EARNED, REDEEMED, SITE, in_order
from flows.reports.site_clocks import told_clocks
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.walk_table import NO_SITE


def by_night(report: Report) -> Block:
    """Return what the ledger and the services have of each site and night."""
    sides = {
        "ledger": "in the ledger",
        "breaks": "by breaks",
        "service": "at the service",
        "difference": "off by",
    }
    columns = []
    for measure in ("events", "points"):
        for side, name in sides.items():
            key = f"{side}_{measure}"
            # Signed: earned adds, redeemed takes away. Everywhere else points are gross.
            counted = "Events" if measure == "events" else "Net points"
            heading = f"{counted} {name}"
            columns.append(Column(key, heading, Show.COUNT, 13, total=True, zero=side == "difference"))
    return Block(
        name="By night",
        scope="all events on the days that were read, of this run and of earlier ones",
        note=(
            "Per site and night of the action, by the site's clock: in the ledger + by breaks = at the service; "
            "what is off must be zero. Net points are earned − redeemed."
        ),
        empty="Nothing was read back.",
        columns=(SITE, Column("night", "Night", Show.DATE, 12), *columns),
        frame=in_order(rows(report, "nights"), "site_id", "night"),
    )


def by_day_sheet(report: Report) -> Block:
    """Return what the run posted, by day and site."""
    frame = by_day(report)
    return Block(
        name="By day",
        scope="what this run posted",
        note=(
            f"By the day of the action, {told_clocks(report)} (of the posting, where an event has no time). "
            f"Rewards are of no site ({NO_SITE})."
        ),
        empty="Nothing was posted.",
        columns=(
            Column("day", "Day", Show.DATE, 12),
            SITE,
            Column("events", "Events", Show.COUNT, 10, total=True),
            EARNED,
            REDEEMED,
            Column("updates", "Reward updates", Show.COUNT, 10, total=True),
            Column("amount", "Amount updated", Show.AMOUNT, 14, total=True),
        ),
        frame=frame.assign(site_id=frame["site_id"].replace("", NO_SITE)),
    )
