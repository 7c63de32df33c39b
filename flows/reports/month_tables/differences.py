"""What differs: carried in, of the period, ended in it, carried out."""

from typing import Final

from flows.reports.month import Month
from flows.reports.month_tables.columns import SITE
from flows.reports.site_clocks import retold_by_site
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.walk_table import NO_SITE
from flows.reports.wording import BREAKS, word

_ROLLED: Final = {
    "carried_in": "Carried in",
    "found": "+ of the period",
    "ended": "− ended in it",
    "carried_out": "= carried out",
    "open_now": "Open by now",
}


def rolled_differences(month: Month) -> Block:
    """Return the differences by site and class: carried in, of the period, ended, carried out."""
    frame = month.rolled.assign(
        site_id=month.rolled["site_id"].replace("", NO_SITE),
        short=[word(BREAKS, code).short for code in month.rolled["class"]],
    )
    figures = [Column(key, name, Show.QUANTITY, 1) for key, name in _ROLLED.items()]
    return Block(
        name="Differences carried in and out",
        scope="by the day that each is about",
        note="What this period carries out the next one carries in. The lines are on the sheet Differences.",
        empty="No difference was carried in, and none is of this period.",
        columns=(
            Column("site_id", "Site", Show.ID, 1),
            Column("short", "Class", Show.TEXT, 2),
            Column("measure", "Measure", Show.TEXT, 2),
            *figures,
        ),
        frame=frame,
    )


def differences_block(month: Month) -> Block:
    """Return each difference that was carried in or is of the period."""
    found = month.differences
    frame = found.assign(
        short=[word(BREAKS, code).short for code in found["class"]],
        out=["carried out" if left else "ended" for left in found["is_left"]],
        detail=retold_by_site(found, month.zones, month.timezone),
    )
    return Block(
        name="Differences",
        scope="carried into the period, and of it",
        note="One line per difference; what was decided stands beside each.",
        empty="No difference was carried in, and none is of this period.",
        columns=(
            Column("day", "Day", Show.DATE, 12),
            Column("came", "Came", Show.TEXT, 14),
            Column("out", "Went", Show.TEXT, 13),
            Column("state", "By now", Show.TEXT, 13),
            Column("short", "What", Show.TEXT, 22),
            SITE,
            Column("client_id", "Client", Show.ID, 40),
            Column("reward_id", "Reward", Show.ID, 40),
            Column("points", "Points", Show.COUNT, 12, total=True),
            Column("amount", "Amount", Show.AMOUNT, 14, total=True),
            Column("owner", "Owner", Show.TEXT, 16),
            Column("reason", "What was decided", Show.TEXT, 34),
            Column("detail", "What is known", Show.TEXT, 44),
            Column("break_id", "Break", Show.ID, 40),
        ),
        frame=frame,
    )
