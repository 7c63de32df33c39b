"""What people decided, what nobody could read, and what the words of a report mean."""

import pandas as pd

from flows.reports.report import Report, rows
from flows.reports.sheets.columns import in_order, with_local
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.wording import BREAKS, DECISIONS, FATES, OUTCOMES, Word


def decisions_sheet(report: Report) -> Block:
    """Return what people decided about events since the report before."""
    frame = with_local(report, in_order(rows(report, "decisions"), "+decision_id"), "decided_at")
    frame["done"] = frame["verb"].map(lambda verb: DECISIONS.get(verb, verb))
    return Block(
        name="Decisions",
        scope="since the report before",
        note="What people decided about events since the report before: who, about what, and why.",
        empty="Nobody decided about an event since the report before.",
        columns=(
            Column("decided_local", f"Decided at ({report.timezone})", Show.WALL, 20),
            Column("actor", "Who", Show.TEXT, 18),
            Column("done", "What", Show.TEXT, 24),
            Column("about", "About", Show.TEXT, 44),
            Column("events", "Events", Show.COUNT, 10),
            Column("earned", "Points earned", Show.COUNT, 14),
            Column("redeemed", "Points redeemed", Show.COUNT, 14),
            Column("reason", "Why", Show.TEXT, 44),
        ),
        frame=frame,
    )


def not_read(report: Report) -> Block:
    """Return what nobody could look at."""
    return Block(
        name="Not read",
        scope="by this run",
        note=(
            "What nobody could look at, and why. Nothing is concluded about it: that an entry is not shown here does "
            "not mean that it is not there."
        ),
        empty="Everything that was to be read was read.",
        columns=(Column("what", "What", Show.TEXT, 40), Column("why", "Why", Show.TEXT, 90)),
        frame=rows(report, "not_read"),
    )


def words() -> Block:
    """Return what each word of a report means."""
    return Block(
        name="Words",
        scope="of any report",
        note="What the words of this report mean. Every row and every event is in exactly one of its kind.",
        empty="",
        columns=(
            Column("of", "Said of a", Show.TEXT, 10),
            Column("code", "Word", Show.TEXT, 19),
            Column("meaning", "Meaning", Show.TEXT, 66),
            Column("whose", "Whose", Show.TEXT, 28),
            Column("next_step", "What to do", Show.TEXT, 50),
        ),
        frame=pd.DataFrame([*_glossary("row", FATES), *_glossary("event", OUTCOMES), *_glossary("break", BREAKS)]),
    )


def _glossary(said_of: str, words: dict[str, Word]) -> list[dict[str, str]]:
    lines = []
    for code, entry in words.items():
        line = {
            "of": said_of,
            "code": str(code),
            "meaning": entry.meaning,
            "whose": entry.whose,
            "next_step": entry.next_step,
        }
        lines.append(line)
    return lines
