"""The first sheet of the report: the walk, what waits, where every row went; and the proof behind it.

Each part is a block like those behind it, so that workbook and page draw them with the same hand.
"""

from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.balance_tables import balances_of
from flows.reports.next_steps import next_steps
from flows.reports.once import once
from flows.reports.report import Report, count, is_of_a_period, rows
from flows.reports.site_clocks import told_clocks
from flows.reports.summary_of_totals import breaks_by_age_block, roll_forward
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.walk_table import walk_block
from flows.reports.wording import FATES, OUTCOMES, SOURCE_IDS, Word, word
from transforms.vocabulary import Fate

_MOST_UNREAD = 20  # the sheet has them all


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
        roll_forward(report),
        # Last, since the workbook draws its chart from the lines of the last block.
        breaks_by_age_block(report),
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
