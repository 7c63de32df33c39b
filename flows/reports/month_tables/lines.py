"""What stands behind the figures: events, files, what nobody has read, and the equations."""

from flows.reports.month import Month
from flows.reports.month_tables.columns import SITE, to_the_second
from flows.reports.sheets.columns import split_points
from flows.reports.summary_of_totals import EQUATION
from flows.reports.table import Block, Column
from flows.reports.values import Show


def events_block(month: Month) -> Block:
    """Return every event of the period, with its place in the sheets and what has become of it."""
    return Block(
        name="Events",
        scope="all that happened in the period, whatever has become of it",
        note="Points are positive for both kinds. What became of an event is as it stands now.",
        empty="No event is of this period.",
        columns=(
            Column("action_at", f"Action at ({month.timezone})", Show.LOCAL, 20),
            Column("kind", "Kind", Show.TEXT, 15),
            SITE,
            Column("client_id", "Client", Show.ID, 40),
            Column("reward_id", "Reward", Show.ID, 40),
            Column("earned", "Points earned", Show.COUNT, 14, total=True),
            Column("redeemed", "Points redeemed", Show.COUNT, 14, total=True),
            Column("amount", "Amount", Show.AMOUNT, 16, total=True),
            Column("state", "State", Show.TEXT, 12),
            Column("compared_at", f"Read back ({month.timezone})", Show.LOCAL, 20),
            Column("source", "Source", Show.TEXT, 19),
            Column("staff", "Staff", Show.TEXT, 22),
            Column("file", "File", Show.TEXT, 26),
            Column("sheet", "Sheet", Show.TEXT, 16),
            Column("row_number", "Row", Show.COUNT, 10),
            Column("event_id", "Event", Show.ID, 40),
        ),
        frame=to_the_second(split_points(month.events), "compared_at"),
    )


def files_block(month: Month) -> Block:
    """Return the files that were taken in in the period."""
    return Block(
        name="Files",
        scope="taken in in the period; their rows may be of days before it",
        note="What became of the rows of each as it was read.",
        empty="No file was taken in in this period.",
        columns=(
            Column("registered_at", f"Taken in ({month.timezone})", Show.LOCAL, 20),
            Column("name", "File", Show.TEXT, 40),
            Column("rows_read", "Rows", Show.COUNT, 11, total=True),
            Column("accepted", "Accepted", Show.COUNT, 11, total=True),
            Column("duplicate", "Duplicate", Show.COUNT, 11, total=True),
            Column("held", "Held", Show.COUNT, 11, total=True),
            Column("rejected", "Rejected", Show.COUNT, 11, total=True),
            Column("sha256", "sha256", Show.ID, 66),
        ),
        frame=to_the_second(month.files, "registered_at"),
    )


def unread_block(month: Month, *, is_on_front: bool = False) -> Block:
    """Return what of the period nobody has looked at."""
    widths = (4, 6) if is_on_front else (40, 90)
    return Block(
        name="Could not be read" if is_on_front else "Not read",
        scope="of the period",
        note="Nothing is concluded about it: that an entry is not shown does not mean that it is not there.",
        empty="Everything of this period was read, or is proved by a balance.",
        columns=(Column("what", "What", Show.TEXT, widths[0]), Column("why", "Why", Show.TEXT, widths[1])),
        frame=month.unread.head(20) if is_on_front else month.unread,
    )


def proof_of(month: Month) -> Block:
    """Return every equation of the period with both its sides."""
    return Block(
        name="Proof",
        scope="the equations of this period",
        note="Both sides of every equation. Points are gross.",
        empty="No equation was checked.",
        columns=EQUATION,
        frame=month.ties,
    )
