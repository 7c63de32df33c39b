"""What became of rows that brought no new event: rejected, known, no rows at all; and what was noticed."""

from flows.reports.report import Report, rows
from flows.reports.sheets.columns import EVENT, PLACE, in_order
from flows.reports.table import Block, Column
from flows.reports.values import Show


def rejected_rows(report: Report) -> Block:
    """Return every wrong cell."""
    return Block(
        name="Rejected rows",
        scope="the wrong cells of the files that this run took in",
        note="One line per wrong cell. Correct it and send the sheet again; known rows are not sent twice.",
        empty="No row was rejected.",
        columns=(
            *PLACE,
            Column("cell", "Cell", Show.TEXT, 10),
            Column("column", "Column", Show.TEXT, 20),
            Column("value", "What it holds", Show.TEXT, 24),
            Column("message", "What is wrong", Show.TEXT, 48),
            Column("suggestion", "Suggestion", Show.TEXT, 24),
            Column("code", "Code", Show.TEXT, 30),
        ),
        frame=in_order(rows(report, "rejected"), "file", "sheet", "+row", "column", "code"),
    )


def duplicates(report: Report) -> Block:
    """Return every row that brought a known event."""
    return Block(
        name="Duplicates",
        scope="the rows of the files that this run took in",
        note="Rows that bring an event which is known already, and where it was seen first. They are not sent again.",
        empty="No row was a duplicate.",
        columns=(
            *PLACE,
            Column("first_file", "Seen first in file", Show.TEXT, 28),
            Column("first_sheet", "Seen first in sheet", Show.TEXT, 14),
            Column("first_row", "Seen first in row", Show.COUNT, 12),
            EVENT,
        ),
        frame=in_order(rows(report, "duplicates"), "file", "sheet", "+row"),
    )


def skipped_rows(report: Report) -> Block:
    """Return every line that is no row."""
    return Block(
        name="Skipped rows",
        scope="the lines of the files that this run took in",
        note="Lines of a file that are no rows: titles, blank lines, repeated headings, subtotals and totals.",
        empty="No line was skipped.",
        columns=(*PLACE, Column("reason", "Why it is no row", Show.TEXT, 60)),
        frame=in_order(rows(report, "skipped"), "file", "sheet", "+row"),
    )


def noticed(report: Report) -> Block:
    """Return what was noticed without being an error."""
    return Block(
        name="Noticed",
        scope="the files that this run took in",
        note="What was noticed while the files were read, without its being an error: look whether it is meant so.",
        empty="Nothing was noticed in the files.",
        columns=(
            *PLACE,
            Column("column", "Column", Show.TEXT, 20),
            Column("message", "What was noticed", Show.TEXT, 90),
        ),
        frame=in_order(rows(report, "notes"), "file", "sheet", "+row", "column"),
    )
