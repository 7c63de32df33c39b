"""What each sheet of the report shows: its columns, headings, order of rows and the sentence above it.

The workbook makes one sheet of each block, the page one section. The six that finance opens come first; refused,
duplicate and skipped rows, what people decided, the days and the glossary follow.
"""

import pandas as pd

from flows.reports.balance_tables import clients_of
from flows.reports.figures import by_day
from flows.reports.once import once
from flows.reports.open_breaks import is_open
from flows.reports.report import Report, rows
from flows.reports.site_clocks import clock_name, on_the_wall, retold_by_site, told_clocks
from flows.reports.summary import control_totals, proof, totals_that_must_be_equal
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.walk_table import NO_SITE, currencies_count, walk_by_currency, walk_by_site
from flows.reports.wording import BREAKS, DECISIONS, FATES, OUTCOMES, RETRY, WAITING, Word, word
from transforms.vocabulary import Kind


@once
def tables(report: Report) -> list[Block]:
    """Return the blocks behind the summary, in the order of the sheets."""
    return [
        walk_by_site(report),
        *([walk_by_currency(report)] if currencies_count(report) > 1 else []),
        _breaks(report),
        _rejected(report),
        _waiting(report),
        _posted(report),
        clients_of(report),
        _nights(report),
        _refused(report),
        _not_posted(report),
        _not_read(report),
        _watched(report),
        _decisions(report),
        _duplicates(report),
        _skipped(report),
        _noticed(report),
        _by_day(report),
        proof(report),
        totals_that_must_be_equal(report),
        control_totals(report),
        _words(),
    ]


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
_ORIGIN = Column("origin", "Came", Show.TEXT, 17)
# What an event is, the same columns in the same order wherever events are shown.
_OF_EVENT = (_KIND, _SITE, _CLIENT, _REWARD, _EARNED, _REDEEMED, _AMOUNT)


def _action_at(report: Report) -> tuple[Column, ...]:
    # Both clocks, side by side: a sheet has the clock of its site, a service often UTC, and whoever compares the two by
    # hand must not have to count hours.
    utc = Column("action_at", "Action at (UTC)", Show.UTC, 20)
    if clock_name(report) == "UTC":
        return (utc,)
    return (_local(report, "action_local", "Action at"), utc)


def _local(report: Report, key: str, name: str) -> Column:
    """Return the column of a moment that is told by the site's own clock."""
    return Column(key, f"{name} ({clock_name(report)})", Show.WALL, 20)


def _with_local(report: Report, frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Add what the clock of each line's site shows of these moments: `action_local` of `action_at`."""
    sites = frame.get("site_id")
    told = {f"{key.removesuffix('_at')}_local": on_the_wall(report, frame[key], sites) for key in keys}
    return frame.assign(**told)


def _breaks(report: Report) -> Block:
    frame = _breaks_in_words(report)
    event = (_EVENT,) if frame["event_id"].notna().any() else ()
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
            _SITE,
            _CLIENT,
            _REWARD,
            _POINTS,
            _AMOUNT,
            *event,
            *_PLACE,
            Column("state", "State", Show.TEXT, 13),
            Column("owner", "Owner", Show.TEXT, 16),
            Column("reason", "What was decided", Show.TEXT, 34),
        ),
        frame=frame,
    )


def _breaks_in_words(report: Report) -> pd.DataFrame:
    """Return the breaks, those that wait first and the oldest of them first, with what their class means."""
    breaks = rows(report, "breaks")
    frame = _sorted(breaks.assign(closed=~is_open(breaks)), "closed", "-age_days", "class", "id")
    frame["short"] = frame["class"].map(lambda code: word(BREAKS, code).short)
    frame["detail"] = retold_by_site(frame, dict(report.zones), report.timezone)
    frame["whose"] = frame["class"].map(lambda code: word(BREAKS, code).whose)
    # A break about an event of ours has the id of that event, so a column of events would mostly say the same twice.
    # It is shown only where some break names an event under another id than its own.
    is_another = frame["event_id"].ne(frame["id"])
    frame["event_id"] = frame["event_id"].where(is_another)
    return frame


def _rejected(report: Report) -> Block:
    return Block(
        name="Rejected rows",
        scope="the wrong cells of the files that this run took in",
        note="One line per wrong cell. Correct it and send the sheet again; known rows are not sent twice.",
        empty="No row was rejected.",
        columns=(
            *_PLACE,
            Column("cell", "Cell", Show.TEXT, 10),
            Column("column", "Column", Show.TEXT, 20),
            Column("value", "What it holds", Show.TEXT, 24),
            Column("message", "What is wrong", Show.TEXT, 48),
            Column("suggestion", "Suggestion", Show.TEXT, 24),
            Column("code", "Code", Show.TEXT, 30),
        ),
        frame=_sorted(rows(report, "rejected"), "file", "sheet", "+row", "column", "code"),
    )


def _waiting(report: Report) -> Block:
    frame = _sorted(rows(report, "waiting"), "state", "since", "event_id")
    frame = _with_local(report, _split_points(frame), "action_at", "since")
    states_and_ids = zip(frame["state"], frame["event_id"], strict=True)
    frame["command"] = [_command(state, event_id) for state, event_id in states_and_ids]
    return Block(
        name="Unknown and held",
        scope="all that waits, of this run and of earlier ones",
        note=(
            "Held: it waits for a person's OK. Unknown: the answer was lost. "
            "Why stands beside each, and nothing is sent before it is decided."
        ),
        empty="Nothing is held, and no answer was lost.",
        columns=(
            Column("state", "State", Show.TEXT, 10),
            Column("reason", "Why", Show.TEXT, 30),
            Column("command", "What to do", Show.TEXT, 42),
            *_OF_EVENT,
            *_action_at(report),
            _local(report, "since_local", "Waits since"),
            *_PLACE,  # the command names the event
        ),
        frame=frame,
    )


def _posted(report: Report) -> Block:
    return Block(
        name="Posted",
        scope="the events of this run, and those it carried in and posted",
        note="One line per event that the service confirmed, or that reading back showed.",
        empty="Nothing was posted.",
        columns=(
            *_OF_EVENT,
            Column("source", "Source", Show.TEXT, 19),
            Column("source_id", "Source id", Show.ID, 24),
            *_action_at(report),
            _local(report, "posted_local", "Posted at"),
            *_PLACE,
            _ORIGIN,
            _EVENT,
        ),
        frame=_with_local(report, _split_points(rows(report, "posted")), "action_at", "posted_at"),
    )


def _nights(report: Report) -> Block:
    sides = {
        "ledger": "in the ledger",
        "breaks": "by breaks",
        "service": "at the service",
        "difference": "off by",
    }
    columns = []
    for measure in ("events", "points"):
        for side, name in sides.items():
            key = f"{side}_{measure}"
            # Signed: earned adds, redeemed takes away. Everywhere else points are gross.
            counted = "Events" if measure == "events" else "Net points"
            heading = f"{counted} {name}"
            columns.append(Column(key, heading, Show.COUNT, 13, total=True, zero=side == "difference"))
    return Block(
        name="By night",
        scope="all events on the days that were read, of this run and of earlier ones",
        note=(
            "Per site and night of the action, by the site's clock: in the ledger + by breaks = at the service; "
            "what is off must be zero. Net points are earned − redeemed."
        ),
        empty="Nothing was read back.",
        columns=(_SITE, Column("night", "Night", Show.DATE, 12), *columns),
        frame=_sorted(rows(report, "nights"), "site_id", "night"),
    )


def _refused(report: Report) -> Block:
    frame = _split_points(_sorted(rows(report, "refused"), "file", "sheet", "+row", "event_id"))
    frame["command"] = [RETRY.format(id=event_id) for event_id in frame["event_id"]]
    return Block(
        name="Refused",
        scope="the events of this run, and those it carried in",
        note=(
            "The service said no, and nothing took effect. Correct the row and send the sheet again; "
            "where the cause is gone, let it be tried again as it is."
        ),
        empty="The service refused nothing.",
        columns=(
            Column("message", "What the service said", Show.TEXT, 50),
            Column("code", "Its code", Show.TEXT, 28),
            Column("command", "Once the cause is gone", Show.TEXT, 42),
            *_OF_EVENT,
            *_PLACE,  # the command names the event
            _ORIGIN,
        ),
        frame=frame,
    )


def _not_posted(report: Report) -> Block:
    frame = _split_points(_sorted(rows(report, "not_posted"), "state", "file", "sheet", "+row", "event_id"))
    return Block(
        name="Not posted",
        scope="the events of this run, and those it carried in, that are neither posted nor refused",
        note="Ready: the next run sends it by itself. What is held or unknown waits: see Unknown and held.",
        empty="Every event was posted or refused.",
        columns=(
            Column("state", "State", Show.TEXT, 12),
            Column("reason", "Why", Show.TEXT, 44),
            *_OF_EVENT,
            *_action_at(report),
            *_PLACE,
            _ORIGIN,
            _EVENT,
        ),
        frame=_with_local(report, frame, "action_at"),
    )


def _decisions(report: Report) -> Block:
    frame = _with_local(report, _sorted(rows(report, "decisions"), "+decision_id"), "decided_at")
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


def _not_read(report: Report) -> Block:
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


def _watched(report: Report) -> Block:
    return Block(
        name="Under watch",
        scope="events of any run",
        note=(
            "Two or more requests of each may have left, and a late one may still take effect: every night looks "
            "again, until one begins after the time that is named. What is there twice opens a break by itself."
        ),
        empty="Nothing: of no event a second request may have left of late.",
        columns=(
            _local(report, "watched_until_local", "Watched until"),
            Column("requests", "Requests", Show.COUNT, 10),
            Column("state", "State", Show.TEXT, 10),
            *_OF_EVENT,
            *_action_at(report),
            *_PLACE,
            _EVENT,
        ),
        frame=_watched_frame(report),
    )


def _watched_frame(report: Report) -> pd.DataFrame:
    frame = _split_points(_sorted(rows(report, "watched"), "watched_until_at", "event_id"))
    return _with_local(report, frame, "watched_until_at", "action_at")


def _duplicates(report: Report) -> Block:
    return Block(
        name="Duplicates",
        scope="the rows of the files that this run took in",
        note="Rows that bring an event which is known already, and where it was seen first. They are not sent again.",
        empty="No row was a duplicate.",
        columns=(
            *_PLACE,
            Column("first_file", "Seen first in file", Show.TEXT, 28),
            Column("first_sheet", "Seen first in sheet", Show.TEXT, 14),
            Column("first_row", "Seen first in row", Show.COUNT, 12),
            _EVENT,
        ),
        frame=_sorted(rows(report, "duplicates"), "file", "sheet", "+row"),
    )


def _skipped(report: Report) -> Block:
    return Block(
        name="Skipped rows",
        scope="the lines of the files that this run took in",
        note="Lines of a file that are no rows: titles, blank lines, repeated headings, subtotals and totals.",
        empty="No line was skipped.",
        columns=(*_PLACE, Column("reason", "Why it is no row", Show.TEXT, 60)),
        frame=_sorted(rows(report, "skipped"), "file", "sheet", "+row"),
    )


def _noticed(report: Report) -> Block:
    return Block(
        name="Noticed",
        scope="the files that this run took in",
        note="What was noticed while the files were read, without its being an error: look whether it is meant so.",
        empty="Nothing was noticed in the files.",
        columns=(
            *_PLACE,
            Column("column", "Column", Show.TEXT, 20),
            Column("message", "What was noticed", Show.TEXT, 90),
        ),
        frame=_sorted(rows(report, "notes"), "file", "sheet", "+row", "column"),
    )


def _by_day(report: Report) -> Block:
    frame = by_day(report)
    return Block(
        name="By day",
        scope="what this run posted",
        note=(
            f"By the day of the action, {told_clocks(report)} (of the posting, where an event has no time). "
            f"Rewards are of no site ({NO_SITE})."
        ),
        empty="Nothing was posted.",
        columns=(
            Column("day", "Day", Show.DATE, 12),
            _SITE,
            Column("events", "Events", Show.COUNT, 10, total=True),
            _EARNED,
            _REDEEMED,
            Column("updates", "Reward updates", Show.COUNT, 10, total=True),
            Column("amount", "Amount updated", Show.AMOUNT, 14, total=True),
        ),
        frame=frame.assign(site_id=frame["site_id"].replace("", NO_SITE)),
    )


def _words() -> Block:
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


def _split_points(frame: pd.DataFrame) -> pd.DataFrame:
    # Points are positive for both actions: one column would add what was earned to what was redeemed. Points of a kind
    # that nobody knows count as earned, so that they stay in a sum; those of a reward update are an amount.
    kinds = frame["kind"].astype("string").fillna("")
    is_redeemed = kinds.eq(Kind.REDEEMED)
    is_update = kinds.eq(Kind.REWARD_UPDATE)
    points = frame["points"]
    return frame.assign(
        earned=points.where(~is_redeemed & ~is_update),
        redeemed=points.where(is_redeemed),
    )


def _command(state: object, event_id: object) -> str:
    command = WAITING.get(str(state), "tieout trace {id}")
    shown_id = "ID" if pd.isna(event_id) else event_id  # type: ignore[call-overload]
    return command.format(id=shown_id)


def _sorted(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Sort by `keys`: as text, or as numbers after a sign that says up or down; what is missing comes last."""
    # Most sheets of most nights have a line or none.
    if len(frame) < 2:
        return frame.copy()
    # Text unless a sign says otherwise: ids look like numbers in one sheet and not in the next, and a column that holds
    # both cannot be compared. Row numbers need the sign, or row 10 would come before row 9.
    comparable = pd.DataFrame(index=frame.index)
    for place, key in enumerate(keys):
        column = frame[key.lstrip("+-")]
        if key.startswith(("+", "-")):
            comparable[place] = pd.to_numeric(column, errors="coerce")
        else:
            comparable[place] = column.astype("string")
    by = list(comparable.columns)
    ascending = [not key.startswith("-") for key in keys]
    # Stable: lines that the keys cannot tell apart keep the order in which the ledger gave them.
    order = comparable.sort_values(by, ascending=ascending, na_position="last", kind="stable").index
    return frame.loc[order].reset_index(drop=True)
