"""What each sheet of the report shows: its columns, headings, order of rows and the sentence above it.

The workbook makes one sheet of each table, the page one section. The six that finance opens come first; refused,
duplicate and skipped rows, the days and the glossary follow.
"""

import pandas as pd

from flows.reports.figures import by_day
from flows.reports.report import Report, rows
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.wording import BREAKS, FATES, OUTCOMES, WAITING, is_open, word
from transforms.vocabulary import Kind


def tables(report: Report) -> list[Block]:
    """Return the tables behind the summary, in the order of the sheets."""
    parts = (_breaks, _rejected, _waiting, _posted, _by_client, _nights, _refused, _duplicates, _skipped, _by_day)
    return [*(part(report) for part in parts), _words()]


_SITE = Column("site_id", "Site", Show.ID, 40)
_CLIENT = Column("client_id", "Client", Show.ID, 40)
_REWARD = Column("reward_id", "Reward", Show.ID, 22)
_KIND = Column("kind", "Kind", Show.TEXT, 15)
_POINTS = Column("points", "Points", Show.COUNT, 14, total=True)
_EARNED = Column("earned", "Points earned", Show.COUNT, 14, total=True)
_REDEEMED = Column("redeemed", "Points redeemed", Show.COUNT, 14, total=True)
_AMOUNT = Column("amount", "Amount", Show.AMOUNT, 20, total=True)
_EVENT = Column("event_id", "Event", Show.ID, 40)
_PLACE = (
    Column("file", "File", Show.TEXT, 26),
    Column("sheet", "Sheet", Show.TEXT, 16),
    Column("row", "Row", Show.COUNT, 10),
)


def _action_at(report: Report) -> tuple[Column, ...]:
    utc = Column("action_at", "Action at (UTC)", Show.UTC, 20)
    if report.timezone == "UTC":
        return (utc,)
    return (Column("action_at", f"Action at ({report.timezone})", Show.LOCAL, 20), utc)


def _breaks(report: Report) -> Block:
    frame = rows(report, "breaks")
    frame = _sorted(frame.assign(closed=~is_open(frame)), "closed", "-age_days", "class", "id")
    frame["short"] = frame["class"].map(lambda code: word(BREAKS, code).short)
    frame["whose"] = frame["class"].map(lambda code: word(BREAKS, code).whose)
    # A break about an event of ours has its id.
    frame["event_id"] = frame["event_id"].where(frame["event_id"].ne(frame["id"]))
    return Block(
        "Breaks",
        "One line per difference between source, ledger and service; the oldest that still waits comes first. "
        "A break about an event of ours has the id of the event.",
        "No breaks: source, ledger and service agree.",
        (
            Column("id", "Break", Show.ID, 40),
            Column("class", "Class", Show.TEXT, 18),
            Column("short", "In words", Show.TEXT, 18),
            Column("whose", "Whose", Show.TEXT, 17),
            Column("detail", "What is known", Show.TEXT, 44),
            Column("age_days", "Age (days)", Show.COUNT, 10),
            Column("opened_on", "Opened on", Show.DATE, 11),
            *(_SITE, _CLIENT, _REWARD, _POINTS, _AMOUNT),
            *((_EVENT,) if frame["event_id"].notna().any() else ()),
            Column("state", "State", Show.TEXT, 13),
            Column("owner", "Owner", Show.TEXT, 16),
            Column("reason", "What was decided", Show.TEXT, 34),
        ),
        frame,
    )


def _rejected(report: Report) -> Block:
    return Block(
        "Rejected rows",
        "One line per wrong cell. Correct it and send the sheet again; known rows are not sent twice.",
        "No row was rejected.",
        (
            *_PLACE,
            Column("cell", "Cell", Show.TEXT, 10),
            Column("column", "Column", Show.TEXT, 20),
            Column("value", "What it holds", Show.TEXT, 24),
            Column("message", "What is wrong", Show.TEXT, 48),
            Column("suggestion", "Suggestion", Show.TEXT, 24),
            Column("code", "Code", Show.TEXT, 30),
        ),
        _sorted(rows(report, "rejected"), "file", "sheet", "+row", "column", "code"),
    )


def _waiting(report: Report) -> Block:
    frame = _split_points(_sorted(rows(report, "waiting"), "state", "since", "event_id"))
    frame["command"] = [_command(state, event) for state, event in zip(frame["state"], frame["event_id"], strict=True)]
    return Block(
        "Unknown and held",
        "Held: nobody can tell whether it is new. Unknown: the answer was lost. Nothing is sent before it is decided.",
        "Nothing is held, and no answer was lost.",
        (
            Column("state", "State", Show.TEXT, 10),
            Column("reason", "Why", Show.TEXT, 30),
            Column("command", "What to do", Show.TEXT, 42),
            *(_KIND, _SITE, _CLIENT, _REWARD, _EARNED, _REDEEMED, _AMOUNT),
            *_action_at(report),
            Column("since", "Waits since (UTC)", Show.UTC, 20),
            *_PLACE,  # the command names the event
        ),
        frame,
    )


def _posted(report: Report) -> Block:
    return Block(
        "Posted",
        "One line per event that the service confirmed, or that reading back showed.",
        "Nothing was posted.",
        (
            *(_KIND, _SITE, _CLIENT, _REWARD, _EARNED, _REDEEMED, _AMOUNT),
            Column("source", "Source", Show.TEXT, 19),
            Column("source_id", "Source id", Show.ID, 24),
            *_action_at(report),
            Column("posted_at", "Posted at (UTC)", Show.UTC, 20),
            *(*_PLACE, _EVENT),
        ),
        _split_points(rows(report, "posted")),
    )


def _by_client(report: Report) -> Block:
    return Block(
        "By client",
        "Balance before + earned − redeemed + what breaks explain = balance expected. Empty: nothing can be concluded.",
        "No balance was read.",
        (
            *(_SITE, _CLIENT),
            Column("balance_before", "Balance before", Show.COUNT, 13, total=True),
            Column("earned", "Earned", Show.COUNT, 12, total=True),
            Column("redeemed", "Redeemed", Show.COUNT, 12, total=True),
            Column("others", "By breaks (others' entries)", Show.COUNT, 13, total=True),
            Column("balance_expected", "Balance expected", Show.COUNT, 13, total=True),
            Column("balance_reported", "Balance reported", Show.COUNT, 13, total=True),
            Column("difference", "Difference", Show.COUNT, 12, total=True, zero=True),
        ),
        _sorted(rows(report, "by_client"), "site_id", "client_id"),
    )


def _nights(report: Report) -> Block:
    sides = {
        "ledger": "in the ledger",
        "breaks": "by breaks",
        "service": "at the service",
        "difference": "off by",
    }
    columns = [
        Column(
            f"{side}_{measure}", f"{measure.capitalize()} {name}", Show.COUNT, 13, total=True, zero=side == "difference"
        )
        for measure in ("events", "points")
        for side, name in sides.items()
    ]
    return Block(
        "By night",
        "Per site and night of the action: in the ledger + by breaks = at the service; what is off must be zero.",
        "Nothing was read back.",
        (_SITE, Column("night", "Night", Show.DATE, 12), *columns),
        _sorted(rows(report, "nights"), "site_id", "night"),
    )


def _refused(report: Report) -> Block:
    return Block(
        "Refused",
        "The service said no, for good. Nothing took effect; correct the row and send the sheet again.",
        "The service refused nothing.",
        (
            Column("message", "What the service said", Show.TEXT, 50),
            Column("code", "Its code", Show.TEXT, 28),
            *(_KIND, _SITE, _CLIENT, _REWARD, _EARNED, _REDEEMED, _AMOUNT),
            *(*_PLACE, _EVENT),
        ),
        _split_points(_sorted(rows(report, "refused"), "file", "sheet", "+row", "event_id")),
    )


def _duplicates(report: Report) -> Block:
    return Block(
        "Duplicates",
        "Rows that bring an event which is known already, and where it was seen first. They are not sent again.",
        "No row was a duplicate.",
        (
            *_PLACE,
            Column("first_file", "Seen first in file", Show.TEXT, 28),
            Column("first_sheet", "Seen first in sheet", Show.TEXT, 14),
            Column("first_row", "Seen first in row", Show.COUNT, 12),
            _EVENT,
        ),
        _sorted(rows(report, "duplicates"), "file", "sheet", "+row"),
    )


def _skipped(report: Report) -> Block:
    return Block(
        "Skipped rows",
        "Lines of a file that are no rows: titles, blank lines, repeated headings, subtotals and totals.",
        "No line was skipped.",
        (*_PLACE, Column("reason", "Why it is no row", Show.TEXT, 60)),
        _sorted(rows(report, "skipped"), "file", "sheet", "+row"),
    )


def _by_day(report: Report) -> Block:
    return Block(
        "By day",
        f"What was posted, by the day of the action in {report.timezone} (of the posting, where an event has no time).",
        "Nothing was posted.",
        (
            Column("day", "Day", Show.DATE, 12),
            Column("events", "Events", Show.COUNT, 10, total=True),
            *(_EARNED, _REDEEMED),
            Column("updates", "Reward updates", Show.COUNT, 10, total=True),
            Column("amount", "Amount updated", Show.AMOUNT, 14, total=True),
        ),
        by_day(report),
    )


def _words() -> Block:
    groups = {"row": FATES, "event": OUTCOMES, "break": BREAKS}
    lines = [(group, str(code), entry) for group, words in groups.items() for code, entry in words.items()]
    return Block(
        "Words",
        "What the words of this report mean. Every row and every event is in exactly one of its kind.",
        "",
        (
            Column("of", "Said of a", Show.TEXT, 10),
            Column("code", "Word", Show.TEXT, 19),
            Column("meaning", "Meaning", Show.TEXT, 66),
            Column("whose", "Whose", Show.TEXT, 28),
            Column("next_step", "What to do", Show.TEXT, 50),
        ),
        pd.DataFrame(
            [
                {
                    "of": group,
                    "code": code,
                    "meaning": entry.meaning,
                    "whose": entry.whose,
                    "next_step": entry.next_step,
                }
                for group, code, entry in lines
            ]
        ),
    )


def _split_points(frame: pd.DataFrame) -> pd.DataFrame:
    # Points are positive for both actions: one column would add what was earned to what was redeemed.
    kinds = frame["kind"].astype("string").fillna("")
    points = frame["points"]
    return frame.assign(
        earned=points.where(kinds.ne(Kind.REDEEMED) & kinds.ne(Kind.REWARD_UPDATE)),
        redeemed=points.where(kinds.eq(Kind.REDEEMED)),
    )


def _command(state: object, event_id: object) -> str:
    return WAITING.get(str(state), "tieout trace {id}").format(id="ID" if pd.isna(event_id) else event_id)  # type: ignore[call-overload]


def _sorted(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Sort by `keys`: as text, or as numbers after a sign that says up or down; what is missing comes last."""
    plain = pd.DataFrame(index=frame.index)
    for place, key in enumerate(keys):
        values = frame[key.lstrip("+-")]
        plain[place] = pd.to_numeric(values, errors="coerce") if key[0] in "+-" else values.astype("string")
    ascending = [not key.startswith("-") for key in keys]
    order = plain.sort_values(list(plain.columns), ascending=ascending, na_position="last", kind="stable").index
    return frame.loc[order].reset_index(drop=True)
