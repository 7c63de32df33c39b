"""What a sheet would do, row by row, as the ledger stands: registered and taken back again, as the run then does it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.desk.as_read import AsRead, tables_of
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio
from flows.intake.checked_file import CheckedFile
from flows.intake.source_ids import swept
from flows.marked_copy.give_back import Rows, read_rows
from flows.review.clocks import Clock, Clocks, clocks_of
from flows.review.plan import Plan, preview
from sql.chain import digest
from sql.desk_sheets import file_of, known_rows_of, rows_of
from transforms.sheets.headings import Table
from transforms.sheets.sheet import Sheet
from transforms.vocabulary import Code, Guard, Kind, State

_MOST_ROWS_NAMED = 12


@dataclass(frozen=True)
class RowToSee:
    """One row of a sheet, as a person reads it."""

    place: str
    who: str
    what: str
    when: str
    told: str = ""
    event_id: str = ""
    state: State = State.READY
    can_undo: bool = False
    looks_like_another: bool = False
    link: str = ""  # to its row, once it is in the ledger


@dataclass(frozen=True)
class Wrong:
    """What is wrong with cells that hold the same: one thing to mend, in as many rows."""

    key: str
    sheet: str | None
    column: str  # "" where a row as a whole is wrong
    value: str
    message: str
    suggestion: str  # a value to put there; "" where there is none
    advice: str
    rows: Sequence[int]
    may_be_empty: bool = False  # to empty the cell mends it

    @property
    def places(self) -> str:
        """The rows, as a person finds them."""
        shown = ", ".join(f"{row:,}" for row in self.rows[:_MOST_ROWS_NAMED])
        more = len(self.rows) - _MOST_ROWS_NAMED
        shown += f" and {more:,} more" if more > 0 else ""
        word = "row" if len(self.rows) == 1 else "rows"
        return f"{word} {shown}" + (f", {self.sheet}" if self.sheet else "")


@dataclass(frozen=True)
class Looked:
    """What a sheet would do; the tabs of its page, the sentence above them, and the code of all that."""

    plan: Plan
    checked: CheckedFile
    rows: Rows | None
    ready: Sequence[RowToSee]
    wrong: Sequence[Wrong]
    wrong_rows: int
    again: Sequence[RowToSee]
    known: Sequence[RowToSee]
    unusual: Sequence[str]
    stops: Sequence[str]
    will: str  # "" where nothing would happen
    code: str


def look(desk: Desk, as_read: AsRead) -> Looked:
    """Return what the sheet would do; nothing of it is kept."""
    assert as_read.checked is not None  # noqa: S101 - nothing is looked at before all is answered
    checked, notes = swept(desk.settings, desk.ledger, as_read.checked)
    seen: list[tuple[Rows, Sequence[Row[Any]], Sequence[Row[Any]]]] = []

    def see(connection: Connection, plan: Plan) -> None:
        file = file_of(connection, checked.sha256, checked.default_site_id or "")
        if file is not None:
            rows = read_rows(connection, file.file_id, is_preview=not plan.known)
            seen.append((rows, rows_of(connection, file.file_id), known_rows_of(connection, file.file_id)))

    plan = preview(desk.settings, desk.ledger, checked, see)
    return _looked(desk, replace(plan, notes=(*plan.notes, *notes)), checked, seen)


def _looked(
    desk: Desk,
    plan: Plan,
    checked: CheckedFile,
    seen: Sequence[tuple[Rows, Sequence[Row[Any]], Sequence[Row[Any]]]],
) -> Looked:
    rows, own, known = seen[0] if seen else (None, (), ())
    clocks = clocks_of(desk.settings)
    errors = rows.errors if rows is not None else pd.DataFrame()
    wrong = list(_wrong(errors))
    held = [row for row in own if row.state == State.HELD]
    return Looked(
        plan=plan,
        checked=checked,
        rows=rows,
        # What was sent before is what became of it, and not ready once more.
        ready=[] if plan.known else [row_to_see(row, clocks) for row in own if row.state != State.HELD],
        wrong=wrong,
        wrong_rows=len({(one.sheet, row) for one in wrong for row in one.rows}),
        again=[row_to_see(row, clocks) for row in held],
        known=[
            *(row_to_see(row, clocks) for row in own if plan.known and row.state != State.HELD),
            *(_known(row, clocks, plan.file) for row in known),
        ],
        unusual=[for_a_studio(text) for text in (*(note.message for note in checked.notes), *plan.notes)],
        stops=[_stop(stop.guard, stop.events_count) for stop in plan.stops],
        will=_will(desk, plan),
        code=digest([plan.sha256, plan.to_json()["events"], plan.new, plan.held, plan.rejected])[:16],
    )


def row_to_see(row: Row[Any], clocks: Clocks, told: str | None = None) -> RowToSee:
    """Return one row that is an event, as a person reads it."""
    clock = clocks.of(row.site_id)
    is_reward = row.kind == Kind.REWARD_UPDATE
    state = State(row.state)
    return RowToSee(
        place=f"row {row.row_number}" + (f", {row.sheet}" if row.sheet else ""),
        who="a reward" if is_reward else f"client {row.client_id}",
        what=_what(row),
        when=_when(row, clock, is_reward=is_reward),
        told=_told(row) if told is None else told,
        event_id=row.event_id,
        link=f"/rows/{row.event_id}",
        state=state,
        looks_like_another=state is State.HELD and str(row.state_reason).startswith(_LOOKS_LIKE),
        can_undo=state is State.POSTED and not is_reward and row.undone_state in _CAME_TO_NOTHING,
    )


def _when(row: Row[Any], clock: Clock, *, is_reward: bool) -> str:
    if row.action_at is not None and row.is_dated:
        return clock.tell_minute(row.action_at)
    # The time that the ledger has for such a row means nothing to a person.
    return "" if is_reward else "no date: as it is posted"


_LOOKS_LIKE = "looks like "  # how the reason of a row begins that may be an earlier one, corrected
_CAME_TO_NOTHING = (None, State.DISCARDED, State.REFUSED)


def _what(row: Row[Any]) -> str:
    if row.kind == Kind.REWARD_UPDATE:
        return "reward changed" if row.amount is None else f"reward set to {row.amount}"
    about = "" if row.source is None else f" for {row.source}"
    number = "" if row.source_id is None else f" {row.source_id}"
    return f"{str(row.action).lower()} {row.points:,} points{about}{number}"


def _told(row: Row[Any]) -> str:
    """Say where an event stands, in a studio's words."""
    match State(row.state):
        case State.POSTED if row.undone_state == State.POSTED:
            return "posted, and taken back"
        case State.POSTED if row.undone_state == State.HELD:
            return "posted; to take it back waits for a decision"
        case State.POSTED if row.undone_state not in _CAME_TO_NOTHING:
            return "posted, and about to be taken back"
        case State.POSTED:
            return "posted"
        case State.READY | State.SENDING:
            return "about to be posted"
        case State.UNKNOWN:
            return "not sure yet: the answer was lost, so it is looked up before anything else"
        case State.REFUSED:
            why = for_a_studio(str(row.message or row.state_reason or "no reason was given"))
            return f"turned down: {why}{_changed_since(row)}"
        case State.DISCARDED:
            return "left out"
        case State.HELD:
            return _why_held(str(row.state_reason or ""))


def _changed_since(row: Row[Any]) -> str:
    if row.corrected_state is None:
        return ""
    return f" {_CHANGED.get(State(row.corrected_state), 'It was changed and sent since.')}"


_CHANGED: Mapping[State, str] = {
    State.POSTED: "It was changed since, and posted.",
    State.HELD: "It was changed since, and that waits for a decision.",
}


def _why_held(reason: str) -> str:
    # What may be done about it stands beside it, as buttons.
    said = for_a_studio(reason.partition(". Approve it if both")[0])
    return "waits for an OK" if said.startswith("planned ") else said


def _known(row: Row[Any], clocks: Clocks, file: str) -> RowToSee:
    of_file = "this sheet" if row.first_file == file else row.first_file
    first = f"row {row.first_row} of {of_file}"
    return row_to_see(row, clocks, f"the same as {first}: {_told(row)}")


_STOPS: Mapping[Guard, str] = {
    Guard.POINTS_PER_EVENT: "more points at once than is usual",
    Guard.POINTS_PER_CLIENT: "more points for one client than is usual",
    Guard.POINTS_PER_RUN: "more points in one sheet than is usual",
    Guard.REJECTED_SHARE: "too many rows that need fixing",
    Guard.NEW_CLIENTS: "more new clients than is usual",
    Guard.PAYOUT_CHANGES: "more rewards than is usual would be paid otherwise than before",
}


def _stop(guard: Guard, events_count: int) -> str:
    return f"{events_count:,} row{'' if events_count == 1 else 's'}: {_STOPS[guard]}."


# What is too much in a row; a cell that is emptied otherwise would be a row that says less than its person meant.
_EMPTIED = (Code.SOURCE_WITH_REDEEMED, Code.SOURCE_ID_WITHOUT_SOURCE)


def _wrong(errors: pd.DataFrame) -> Iterator[Wrong]:
    """Give what is wrong, cells that hold the same and are wrong in the same way as one."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for error in errors.itertuples():
        what = (
            _text(error.sheet),
            _text(error.column),
            _text(error.value),
            str(error.message),
            _text(error.suggestion),
            _text(error.code),
        )
        groups.setdefault(what, []).append(int(error.row))  # type: ignore[arg-type]
    for what, rows in groups.items():
        sheet, column, value, message, suggestion, code = what
        is_advice = suggestion is not None and " " in suggestion and suggestion[:1].islower()
        yield Wrong(
            key=digest([*what])[:16],
            sheet=sheet,
            column=column or "",
            value=value or "",
            message=for_a_studio(message),
            suggestion="" if suggestion is None or is_advice else suggestion,
            advice=for_a_studio(suggestion) if suggestion is not None and is_advice else "",
            rows=rows,
            may_be_empty=code in _EMPTIED and value is not None,
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _will(desk: Desk, plan: Plan) -> str:
    """Say in one sentence what posting would do."""
    if not plan.brings:
        return ""
    events, points = plan.totals.events, plan.totals.points
    earned, redeemed = events.get(Kind.EARNED, 0), events.get(Kind.REDEEMED, 0)
    updates = events.get(Kind.REWARD_UPDATE, 0)
    parts = []
    if earned:
        parts.append(f"{earned:,} earned ({points[Kind.EARNED]:,} points)")
    if redeemed:
        parts.append(f"{redeemed:,} redeemed ({points[Kind.REDEEMED]:,} points)")
    if updates:
        parts.append(f"{updates:,} reward{'' if updates == 1 else 's'} changed")
    if not parts:
        waiting = "1 row of it waits" if plan.held == 1 else f"{plan.held:,} rows of it wait"
        return f"Nothing is posted yet: {waiting} for a decision."
    calls = earned + redeemed + math.ceil(updates / desk.settings.referral_rock.batch_size)
    return f"Posts {' and '.join(parts)}. That takes {calls:,} call{'' if calls == 1 else 's'}, {_lasts(desk, calls)}."


def _lasts(desk: Desk, calls: int) -> str:
    seconds = calls / desk.settings.loader.requests_per_second
    if seconds < 45:
        return "less than a minute"
    minutes = max(1, round(seconds / 60))
    return "about a minute" if minutes == 1 else f"about {minutes:,} minutes"


def cells_of(
    desk: Desk, sheets: Sequence[Sheet], sheet: str | None, column: str, rows: Iterable[int]
) -> dict[Any, int]:
    """Return the column, from 0, of this heading in each of these rows; rows whose table has no such heading lack."""
    tables = [table for table in tables_of(desk, sheets) if table.sheet.name == sheet]
    found = {}
    for row in rows:
        table = _table_of(tables, row)
        if table is not None and column in table.headings:
            found[row] = table.headings.index(column)
    return found


def _table_of(tables: Sequence[Table], row: int) -> Table | None:
    above = [table for table in tables if table.heading_row < row]
    return max(above, key=lambda table: table.heading_row, default=None)
