"""Who signed a period, what is in the way of it, and what changed since."""

import pandas as pd

from flows.reports.month import Month
from flows.reports.table import Block, Column
from flows.reports.values import Show


def in_the_way_block(month: Month) -> Block:
    """Return what has to be done before the period can be signed."""
    return Block(
        name="In the way of signing it",
        scope="what has to be done first",
        note="",
        empty="",
        columns=(Column("what", "What", Show.TEXT, 10),),
        frame=pd.DataFrame({"what": list(month.in_the_way)}, dtype="str"),
    )


def signatures_block(month: Month) -> Block:
    """Return who signed the period, as what, and when."""
    columns = ["role", "by_name", "actor", "at", "reason", "holds"]
    frame = pd.DataFrame(list(month.signatures), columns=columns, dtype="object")
    return Block(
        name="Signatures",
        scope="of the period, over all sites",
        note="Who signed is who the system says it was; the name beside it is the one that was given.",
        empty=f"Nobody has signed it: tieout sign {month.period.name} --by NAME.",
        columns=(
            Column("role", "As", Show.TEXT, 1),
            Column("by_name", "Name", Show.TEXT, 1),
            Column("actor", "User", Show.TEXT, 1),
            Column("at", f"Signed at ({month.timezone})", Show.LOCAL, 2),
            Column("holds", "By now", Show.TEXT, 2),
            Column("reason", "Said", Show.TEXT, 3),
        ),
        frame=frame,
    )


def changes_block(month: Month) -> Block:
    """Return what changed since the period was signed."""
    return Block(
        name="Changed since it was signed",
        scope="of the period",
        note="",
        empty="",
        columns=(Column("what", "What", Show.TEXT, 10),),
        frame=pd.DataFrame({"what": list(month.changes)}, dtype="str"),
    )
