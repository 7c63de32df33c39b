"""The parts of the summary that prove it: equations, totals that must be equal, the four levels, and breaks by age."""

from typing import Final

import pandas as pd

from flows.reports.equal_totals.all_totals import equal_totals
from flows.reports.figures import breaks_by_age, side_by_side
from flows.reports.report import Report, rows
from flows.reports.table import Block, Column
from flows.reports.values import CENTS, Show, exact
from flows.reports.walk_table import NO_SITE

# An equation with both its sides, of a run or of a period.
EQUATION: Final = (
    Column("name", "Equation", Show.TEXT, 40),
    Column("left", "Left", Show.QUANTITY, 18),
    Column("right", "Right", Show.QUANTITY, 18),
    Column("difference", "Difference", Show.QUANTITY, 16, zero=True),
    Column("ties", "Ties", Show.FLAG, 10),
    Column("formula", "Left = right", Show.TEXT, 70),
)
_ROLLED = {
    "open_before": "Open before",
    "new": "+ new",
    "reopened": "+ reopened",
    "closed": "− closed",
    "resolved": "− resolved",
    "open_now": "= open now",
    "difference": "Difference",
}


def proof(report: Report) -> Block:
    """Return every equation of the run with both its sides."""
    return Block(
        name="Proof",
        scope="the equations of this run",
        note="Both sides of every equation, counted apart. Points are gross, unless an equation says net.",
        empty="No equation was checked.",
        columns=EQUATION,
        frame=rows(report, "ties"),
    )


def totals_that_must_be_equal(report: Report) -> Block:
    """Return each total with the one that it must equal, and where both stand."""
    found = equal_totals(report)
    lines = [
        {
            "block": one.total.block,
            "total": one.total.name,
            "figure": one.figure,
            "other": one.other.block,
            "other_total": f"{one.other.name}{one.how}",
            "other_figure": one.other_figure,
            "difference": one.difference,
        }
        for one in found
    ]
    columns = ["block", "total", "figure", "other", "other_total", "other_figure", "difference"]
    return Block(
        name="Totals",
        scope="of this report, each beside the one that it must equal",
        note="In its table each total is a link to the other one.",
        empty="No table has a total that another one counts as well.",
        columns=(
            Column("block", "Table", Show.LINK, 26),
            Column("total", "Total", Show.TEXT, 50),
            Column("figure", "Figure", Show.QUANTITY, 18),
            Column("other", "Must equal: table", Show.LINK, 26),
            Column("other_total", "Must equal: total", Show.TEXT, 60),
            Column("other_figure", "Its figure", Show.QUANTITY, 18),
            Column("difference", "Difference", Show.QUANTITY, 16, zero=True),
        ),
        frame=pd.DataFrame(lines, columns=columns, dtype="object"),
    )


def roll_forward(report: Report) -> Block:
    """Return how the open breaks became what they are."""
    columns = [Column(key, name, Show.QUANTITY, 1, zero=key == "difference") for key, name in _ROLLED.items()]
    return Block(
        name="Roll-forward of breaks",
        scope="all that are open, from the run before to this one",
        note=(
            "Open when the last run closed, + new and reopened, − closed and resolved = open now; "
            "the difference is zero."
        ),
        empty="No break was open before, and none is now.",
        columns=(
            Column("class", "Class", Show.TEXT, 1),
            Column("site_id", "Site", Show.ID, 1),
            Column("measure", "Measure", Show.TEXT, 1),
            *columns,
        ),
        frame=_rolled(report),
    )


def _rolled(report: Report) -> pd.DataFrame:
    """Return the lines of the roll-forward with their figures as they are to be shown."""
    figures = list(_ROLLED)
    frame = rows(report, "roll_forward").fillna({"site_id": NO_SITE})
    # Counts, points and amounts stand in one column, row by row: as objects, so that no amount becomes a float.
    frame = frame.astype(dict.fromkeys(figures, "object"))
    is_amount = frame["measure"].eq("amount")
    # A zero in a row of amounts shows its cents too, or it would read as a count.
    with_cents = frame.loc[is_amount, figures].map(lambda figure: exact(figure) + CENTS, na_action="ignore")
    frame.loc[is_amount, figures] = with_cents
    return frame


def control_totals(report: Report) -> Block:
    """Return accepted and posted events at two places each, per site and kind."""
    return Block(
        name="Control totals",
        scope="what this run accepted, and what it posted",
        note=(
            "Accepted: as the events stand in the ledger under their files, and as the batches were written when the "
            "files were registered. Posted, of this run and carried in: in the ledger, and as the service shows them; "
            "zero, or a break says why. The two pairs are of different events."
        ),
        empty="No totals: no file was read, and nothing was read back.",
        columns=(
            Column("site_id", "Site", Show.ID, 30),
            Column("kind", "Kind", Show.TEXT, 16),
            Column("measure", "Measure", Show.TEXT, 14),
            Column("file", "Accepted: events of the files", Show.QUANTITY, 18),
            Column("batch", "Accepted: batches", Show.QUANTITY, 18),
            Column("accepted_difference", "Difference", Show.QUANTITY, 14, zero=True),
            Column("ledger", "Posted: in the ledger", Show.QUANTITY, 18),
            Column("service", "Posted: shown by the service", Show.QUANTITY, 18),
            Column("difference", "Difference", Show.QUANTITY, 14, zero=True),
        ),
        frame=side_by_side(report).fillna({"site_id": NO_SITE}),
    )


def breaks_by_age_block(report: Report) -> Block:
    """Return the open breaks by how long they have been open."""
    return Block(
        name="Open breaks by age",
        scope="all that are open, whichever run opened them",
        note="",
        empty="",
        columns=(
            Column("band", "Age", Show.TEXT, 1),
            Column("breaks", "Breaks", Show.COUNT, 1, total=True),
            Column("points", "Points", Show.COUNT, 1, total=True),
        ),
        frame=breaks_by_age(report),
    )
