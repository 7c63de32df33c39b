"""The first sheet of the report: the walk, what waits, where every row went; and the proof behind it.

Each part is a block like those behind it, so that workbook and page draw them with the same hand.
"""

from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.balance_tables import balances_of
from flows.reports.equal_totals.all_totals import equal_totals
from flows.reports.figures import breaks_by_age, side_by_side
from flows.reports.next_steps import next_steps
from flows.reports.once import once
from flows.reports.report import Report, count, is_of_a_period, rows
from flows.reports.site_clocks import told_clocks
from flows.reports.table import Block, Column
from flows.reports.values import CENTS, Show, exact
from flows.reports.walk_table import NO_SITE, walk_block
from flows.reports.wording import FATES, OUTCOMES, SOURCE_IDS, Word, word
from transforms.vocabulary import Fate

_MOST_UNREAD = 20  # the sheet has them all
_ROLLED = {
    "open_before": "Open before",
    "new": "+ new",
    "reopened": "+ reopened",
    "closed": "− closed",
    "resolved": "− resolved",
    "open_now": "= open now",
    "difference": "Difference",
}


# Which table holds the rows, or the events, of each fate and outcome.
_ROWS_OF = {
    Fate.ACCEPTED: "What became of every event",
    Fate.DUPLICATE: "Duplicates",
    Fate.HELD: "Unknown and held",
    Fate.REJECTED: "Rejected rows",
    "posted": "Posted",
    "refused": "Refused",
    "unknown": "Not posted",
    "pending": "Not posted",
    "withheld": "Not posted",
}


def facts(report: Report) -> list[tuple[str, str]]:
    """Return what identifies the run, in pairs of name and text."""
    return [
        ("Run", report.run_id),
        ("Kind", report.kind),
        ("Period", _period(report)),
        ("Finished", f"{report.finished_at.astimezone(ZoneInfo(report.timezone)):%Y-%m-%d %H:%M:%S %Z}"),
        ("Times are by the clock of", told_clocks(report)),
    ]


def _period(report: Report) -> str:
    # Only a reconciliation has a period that somebody asked for; files bring events of any day.
    if report.period is None:
        return "as the files brought it"
    since, until = report.period
    return f"{since:%Y-%m-%d} to {until:%Y-%m-%d}"


@once
def sections(report: Report) -> list[Block]:
    """Return the blocks of the summary, in reading order: what was not read stands before everything that was."""
    unread = [_not_read(report)] if len(rows(report, "not_read")) else []
    return [
        *unread,
        walk_block(report),
        _steps(report),
        balances_of(report),
        *_of_files(report),
        _roll_forward(report),
        # Last, since the workbook draws its chart from the lines of the last block.
        _ages(report),
    ]


def _of_files(report: Report) -> list[Block]:
    """Return what became of the files' rows and events; nothing for a period, which takes in no file and sends nothing.

    Zeros beside what was posted in the period would be read as the period's own.
    """
    if is_of_a_period(report):
        return []
    return [_fates(report), _outcomes(report), _source_ids(report)]


def _not_read(report: Report) -> Block:
    return Block(
        name="Could not be read",
        scope="by this run",
        note="Nothing is concluded about it: that an entry is not shown does not mean that it is not there.",
        empty="",
        columns=(Column("what", "What", Show.TEXT, 3), Column("why", "Why", Show.TEXT, 7)),
        frame=rows(report, "not_read").head(_MOST_UNREAD),
    )


def _steps(report: Report) -> Block:
    columns = ["what", "how_many", "advice", "command", "sheet"]
    lines = [(step.what, step.how_many, step.advice, step.command, step.sheet) for step in next_steps(report)]
    return Block(
        name="What waits",
        scope="of this run and of all before it",
        note="",
        empty="Nothing: no row, event or break waits for anybody.",
        columns=(
            Column("what", "What", Show.TEXT, 1),
            Column("how_many", "How many", Show.COUNT, 1),
            Column("advice", "What to do", Show.TEXT, 3),
            Column("command", "Command", Show.TEXT, 4),
            Column("sheet", "Where", Show.LINK, 1),
        ),
        frame=pd.DataFrame(lines, columns=columns),
    )


def _fates(report: Report) -> Block:
    read = count(report, "rows_read")
    files = count(report, "files")
    note = f"{read:,} rows read, files: {files:,}; each row ends in exactly one of these."
    return _counted(report, ("Where every row went", "the rows of the files that this run took in"), note, FATES)


def _outcomes(report: Report) -> Block:
    accepted = count(report, "accepted")
    carried_in = count(report, "carried_in")
    note = (
        f"{accepted:,} accepted now and {carried_in:,} carried in from earlier runs; each is in exactly one of these."
    )
    about = "those that this run accepted, and those it carried in"
    return _counted(report, ("What became of every event", about), note, OUTCOMES)


def _source_ids(report: Report) -> Block:
    found = rows(report, "source_ids")
    words = [word(SOURCE_IDS, finding) for finding in found["finding"]]
    lines = found.assign(
        outcome=[entry.short for entry in words],
        meaning=[entry.meaning for entry in words],
    )
    return Block(
        name="Source ids",
        scope="the rows of the files that this run took in",
        note="What SourceIds of the read rows name, by reference data. What is left to the service, it checks itself.",
        empty="No row that was read names a SourceId.",
        columns=(
            Column("outcome", "Outcome", Show.TEXT, 1),
            Column("row_count", "Rows", Show.COUNT, 1),
            Column("subject", "About", Show.TEXT, 1),
            Column("meaning", "What it means", Show.TEXT, 7),
        ),
        frame=lines,
    )


def _counted(report: Report, named: tuple[str, str], note: str, words: dict[str, Word]) -> Block:
    name, scope = named
    counts = {code: count(report, str(code)) for code in words}
    # A line of nothing leads nowhere.
    lines = [
        (str(code), counts[code], entry.meaning, _ROWS_OF[code] if counts[code] else "")
        for code, entry in words.items()
    ]
    return Block(
        name=name,
        scope=scope,
        note=note,
        empty="",
        columns=(
            Column("code", "Outcome", Show.TEXT, 1),
            Column("how_many", "How many", Show.COUNT, 1, total=True),
            Column("meaning", "What it means", Show.TEXT, 6),
            Column("sheet", "Lines", Show.LINK, 2),
        ),
        frame=pd.DataFrame(lines, columns=["code", "how_many", "meaning", "sheet"]),
    )


# An equation with both its sides, of a run or of a period.
EQUATION: Final = (
    Column("name", "Equation", Show.TEXT, 40),
    Column("left", "Left", Show.QUANTITY, 18),
    Column("right", "Right", Show.QUANTITY, 18),
    Column("difference", "Difference", Show.QUANTITY, 16, zero=True),
    Column("ties", "Ties", Show.FLAG, 10),
    Column("formula", "Left = right", Show.TEXT, 70),
)


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


def _roll_forward(report: Report) -> Block:
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


def _ages(report: Report) -> Block:
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
