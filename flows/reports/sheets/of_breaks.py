"""What differs between source, ledger and services."""

import pandas as pd

from flows.reports.open_breaks import is_open
from flows.reports.report import Report, rows
from flows.reports.sheets.columns import AMOUNT, CLIENT, EVENT, PLACE, POINTS, REWARD, SITE, in_order
from flows.reports.site_clocks import retold_by_site
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.wording import BREAKS, word


def breaks_sheet(report: Report) -> Block:
    """Return every difference that is open, those that wait first and the oldest of them first."""
    frame = _breaks_in_words(report)
    event = (EVENT,) if frame["event_id"].notna().any() else ()
    return Block(
        name="Breaks",
        scope="all that are open, whichever run opened them",
        note="One line per difference between source, ledger and service; the oldest that still waits comes first. "
        "A break about an event of ours has the id of the event.",
        empty="No breaks: source, ledger and service agree.",
        columns=(
            Column("id", "Break", Show.ID, 40),
            Column("class", "Class", Show.TEXT, 18),
            Column("short", "In words", Show.TEXT, 18),
            Column("whose", "Whose", Show.TEXT, 17),
            Column("detail", "What is known", Show.TEXT, 44),
            Column("age_days", "Age (days)", Show.COUNT, 10),
            Column("opened_on", "Opened on", Show.DATE, 11),
            SITE,
            CLIENT,
            REWARD,
            POINTS,
            AMOUNT,
            *event,
            *PLACE,
            Column("state", "State", Show.TEXT, 13),
            Column("owner", "Owner", Show.TEXT, 16),
            Column("reason", "What was decided", Show.TEXT, 34),
        ),
        frame=frame,
    )


def _breaks_in_words(report: Report) -> pd.DataFrame:
    """Return the breaks, those that wait first and the oldest of them first, with what their class means."""
    breaks = rows(report, "breaks")
    frame = in_order(breaks.assign(closed=~is_open(breaks)), "closed", "-age_days", "class", "id")
    frame["short"] = frame["class"].map(lambda code: word(BREAKS, code).short)
    frame["detail"] = retold_by_site(frame, dict(report.zones), report.timezone)
    frame["whose"] = frame["class"].map(lambda code: word(BREAKS, code).whose)
    # A break about an event of ours has the id of that event, so a column of events would mostly say the same twice.
    # It is shown only where some break names an event under another id than its own.
    is_another = frame["event_id"].ne(frame["id"])
    frame["event_id"] = frame["event_id"].where(is_another)
    return frame
