"""The rows behind a figure: where each stands in its sheet, whose it is, what it says, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Row

from flows.desk.house_clock import house_clocks
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio, money, points_told
from flows.reports.month import Month
from flows.reports.wording import BREAKS
from flows.review.clocks import Clock
from sql.month import rejected_cells
from transforms.spoken_times import spoken_day
from transforms.vocabulary import Kind, State, WalkLine

BECAME: Mapping[str, str] = {
    State.POSTED: "posted",
    State.REFUSED: "turned down",
    State.UNKNOWN: "not sure yet",
    State.HELD: "waits for a person",
    State.READY: "about to be posted",
    State.SENDING: "about to be posted",
    State.DISCARDED: "left out",
}


@dataclass(frozen=True)
class LineRow:
    """One row of a sheet, or an entry at a service, that a figure counts."""

    place: str  # row 7, Rewards
    file: str
    who: str
    what: str
    when: str
    counts: str  # what it counts for in the figure
    became: str
    break_id: str = ""
    event_id: str = ""  # of a row that has a page of its own


@dataclass(frozen=True)
class Behind:
    """What a figure counts: rows (a part of them), how many there are, and what they come to."""

    rows: Sequence[LineRow]
    count: int
    events: int
    figure: str


def place_of(row_number: Any, sheet: Any) -> str:
    """Return where a row stands as a person finds it.

    >>> place_of(7, "Rewards"), place_of(7, None)
    ('row 7, Rewards', 'row 7')
    """
    return f"row {int(row_number):,}" + (f", {sheet}" if isinstance(sheet, str) and sheet else "")


def behind(desk: Desk, month: Month, line: WalkLine, kind: str, start: int, most: int) -> Behind:
    """Return what a figure of the walk over a period counts, rows from ``start`` on, at most so many."""
    found = month.rows.get(line)
    if found is None:
        return Behind((), 0, 0, "0")
    found = found[found["kind"].fillna("").eq(kind)]
    if line is WalkLine.NEEDS_FIXING:
        return _bad_rows(desk, month, found, kind, start, most)
    shown = found.iloc[start : start + most]
    return Behind(
        rows=list(_rows(desk, month, shown, line)),
        count=len(found),
        events=int(found["row_count"].sum()),
        figure=figure_of(found, kind),
    )


def figure_of(found: pd.DataFrame, kind: str) -> str:
    """Return what rows come to: points, or an amount."""
    if kind == Kind.REWARD_UPDATE:
        return money(sum(found["amount"].dropna()))
    return points_told(sum(int(points) for points in found["points"].dropna()))


def _rows(desk: Desk, month: Month, shown: pd.DataFrame, line: WalkLine) -> Iterator[LineRow]:
    clocks = house_clocks(desk)
    events = _by_id(month.events, "event_id", shown)
    differences = _by_id(month.differences, "break_id", shown)
    break_ids = _break_of_event(month)
    for row in shown.to_dict("records"):
        event = events.get(row["event_id"])
        is_of_break = isinstance(row["break_id"], str)
        if is_of_break:
            yield _entry(row, differences.get(row["break_id"], {}), event)
        elif event is None:
            yield _to_fix(row)
        else:
            clock = clocks.of(row["site_id"])
            yield _of_sheet(row, event, clock, line, break_ids.get(row["event_id"], ""))


def _by_id(frame: pd.DataFrame, id_: str, shown: pd.DataFrame) -> dict[Any, Mapping[Any, Any]]:
    """Return the rows of a frame that are shown, by their id."""
    wanted = frame[frame[id_].isin(shown[id_].dropna())]
    return {row[id_]: row for row in wanted.to_dict("records")}


def _break_of_event(month: Month) -> dict[Any, Any]:
    found = month.differences[["event_id", "break_id"]].to_dict("records")
    return {row["event_id"]: row["break_id"] for row in found if row["event_id"]}


def _to_fix(row: Mapping[Any, Any]) -> LineRow:
    """Tell the rows of a file that need fixing: none of them is an event."""
    count = int(row["row_count"])
    return LineRow(
        place="1 row" if count == 1 else f"{count:,} rows",
        file="",
        who="",
        what="",
        when="",
        counts=counts_of(row),
        became="needs fixing",
    )


def _of_sheet(row: Mapping[Any, Any], event: Mapping[Any, Any], clock: Clock, line: WalkLine, break_id: str) -> LineRow:
    is_reward = event["kind"] == Kind.REWARD_UPDATE
    takes_back = bool(event["is_taking_back"])
    became = _became(event)
    if line is WalkLine.KNOWN:
        became += f", brought {int(row['row_count']):,} more times"
    return LineRow(
        place="takes an entry back" if takes_back else place_of(event["row_number"], event["sheet"]),
        file="" if takes_back else str(event["file"]),
        who="a reward" if is_reward else f"client {event['client_id']}",
        what=what_it_says(event),
        when=_when(event, clock),
        counts=counts_of(row),
        became=became,
        break_id=break_id,
        event_id=str(event["event_id"]),
    )


def _when(event: Mapping[Any, Any], clock: Clock) -> str:
    # An update of a reward has no time of its own: it happens as it is taken in.
    if event["kind"] == Kind.REWARD_UPDATE:
        return "taken in " + clock.tell_minute(event["registered_at"])
    return clock.tell_minute(event["action_at"])


def _became(event: Mapping[Any, Any]) -> str:
    became = BECAME[State(event["state"])]
    was_seen = event["state"] == State.POSTED and not is_none(event["compared_at"])
    return f"{became}, and seen there" if was_seen else became


def what_it_says(event: Mapping[Any, Any]) -> str:
    """Tell what a row says, in words: earned 10 points for Sale 5."""
    if event["kind"] == Kind.REWARD_UPDATE:
        is_unset = is_none(event["amount"])
        return "reward changed" if is_unset else f"reward set to {money(event['amount'])}"
    if is_none(event["points"]):
        return str(event["kind"])
    told = f"{event['kind']} {points_told(int(event['points']))}"
    if not is_none(event["source"]):
        told += f" for {event['source']}"
    if not is_none(event["source_id"]):
        told += f" {event['source_id']}"
    return told


def is_none(value: Any) -> bool:
    """Return whether there is nothing in a cell of a frame."""
    return value is None or bool(pd.isna(value))


def _entry(row: Mapping[Any, Any], broken: Mapping[Any, Any], event: Mapping[Any, Any] | None) -> LineRow:
    """Tell an entry that the service shows and no posted row of ours stands behind."""
    client_id, day = broken.get("client_id"), broken.get("day")
    place, file, event_id = "at the service", "", ""
    if event is not None:
        place = place_of(event["row_number"], event["sheet"])
        file = str(event["file"])
        event_id = str(event["event_id"])
    return LineRow(
        place=place,
        file=file,
        who=f"client {client_id}" if client_id else "",
        what=f"{row['kind']} {points_told(int(row['points']))}",
        when="" if day is None else spoken_day(day),
        counts=counts_of(row),
        became=BREAKS[broken["class"]].short.lower() if broken else "",
        event_id=event_id,
        break_id=str(row["break_id"]),
    )


def counts_of(row: Mapping[Any, Any]) -> str:
    """Tell what a row counts for in its figure: an amount, or points; "" where it has neither."""
    if row["kind"] == Kind.REWARD_UPDATE:
        return "" if is_none(row["amount"]) else money(row["amount"])
    return "" if is_none(row["points"]) else f"{int(row['points']):,}"


def _bad_rows(desk: Desk, month: Month, found: pd.DataFrame, kind: str, start: int, most: int) -> Behind:
    """Tell the cells that need fixing; of a file with rows of several sites those cells cannot be told apart."""
    file_ids = {int(file_id) for file_id in found["file_id"].dropna()}
    with desk.ledger.read() as connection:
        cells = rejected_cells(connection, file_ids)
    own = [cell for cell in cells if month.site_id in (None, cell.default_site_id)]
    clock = house_clocks(desk).of(month.site_id)
    return Behind(
        rows=[_bad_cell(cell, clock) for cell in own[start : start + most]],
        count=len(own),
        events=int(found["row_count"].sum()),
        figure=figure_of(found, kind),
    )


def _bad_cell(cell: Row[Any], clock: Clock) -> LineRow:
    return LineRow(
        place=place_of(cell.row_number, cell.sheet),
        file=cell.file,
        who=cell.column_heading or "",
        what="" if cell.value is None else str(cell.value),
        when="taken in " + clock.tell_minute(cell.registered_at),
        counts="",
        became=for_a_studio(cell.message),
    )
