"""The rows behind a figure: where each stands in its sheet, whose it is, what it says, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flows.desk.house_clock import house_clocks
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio, money, points_told
from flows.reports.month import Month
from flows.reports.wording import BREAKS
from flows.review.clocks import Clock
from sql.month import rejected_cells
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
    events = month.events[month.events["event_id"].isin(shown["event_id"].dropna())]
    by_event = {row["event_id"]: row for row in events.to_dict("records")}
    of_breaks = month.differences[month.differences["break_id"].isin(shown["break_id"].dropna())]
    by_break = {row["break_id"]: row for row in of_breaks.to_dict("records")}
    about = {row["event_id"]: row["break_id"] for row in month.differences.to_dict("records") if row["event_id"]}
    for row in shown.to_dict("records"):
        event = by_event.get(row["event_id"])
        clock = clocks.of(row["site_id"])
        if event is None and not isinstance(row["break_id"], str):
            yield _to_fix(row)
        elif event is None or isinstance(row["break_id"], str):
            yield _entry(row, by_break.get(row["break_id"], {}), event)
        else:
            yield _of_sheet(row, event, clock, line, about.get(row["event_id"], ""))


def _to_fix(row: Mapping[Any, Any]) -> LineRow:
    """Tell the rows of a file that need fixing: none of them is an event."""
    count = int(row["row_count"])
    place = "1 row" if count == 1 else f"{count:,} rows"
    return LineRow(place, "", "", "", "", _counts(row), "needs fixing")


def _of_sheet(row: Mapping[Any, Any], event: Mapping[Any, Any], clock: Clock, line: WalkLine, break_id: str) -> LineRow:
    is_reward = event["kind"] == Kind.REWARD_UPDATE
    moment = event["registered_at"] if is_reward else event["action_at"]
    taken_in = "taken in " if is_reward else ""
    again = f", brought {int(row['row_count']):,} more times" if line is WalkLine.KNOWN else ""
    seen = ", and seen there" if event["state"] == State.POSTED and not pd.isna(event["compared_at"]) else ""
    return LineRow(
        place="takes an entry back" if event["is_taking_back"] else place_of(event["row_number"], event["sheet"]),
        file="" if event["is_taking_back"] else str(event["file"]),
        who="a reward" if is_reward else f"client {event['client_id']}",
        what=what_it_says(event),
        when=taken_in + clock.tell_minute(moment),
        counts=_counts(row),
        became=BECAME[State(event["state"])] + seen + again,
        break_id=break_id,
        event_id=str(event["event_id"]),
    )


def what_it_says(event: Mapping[Any, Any]) -> str:
    """Tell what a row says, in words: earned 10 points for Sale 5."""
    if is_none(event["points"]) and event["kind"] != Kind.REWARD_UPDATE:
        return str(event["kind"])
    if event["kind"] == Kind.REWARD_UPDATE:
        return "reward changed" if is_none(event["amount"]) else f"reward set to {money(event['amount'])}"
    about = "" if is_none(event["source"]) else f" for {event['source']}"
    number = "" if is_none(event["source_id"]) else f" {event['source_id']}"
    return f"{event['kind']} {points_told(int(event['points']))}{about}{number}"


def is_none(value: Any) -> bool:
    """Return whether there is nothing in a cell of a frame."""
    return value is None or bool(pd.isna(value))


def _entry(row: Mapping[Any, Any], broken: Mapping[Any, Any], event: Mapping[Any, Any] | None) -> LineRow:
    """Tell an entry that the service shows and no posted row of ours stands behind."""
    word = BREAKS[broken["class"]] if broken else None
    day = broken.get("day")
    return LineRow(
        place="at the service" if event is None else place_of(event["row_number"], event["sheet"]),
        file="" if event is None else str(event["file"]),
        who=f"client {broken['client_id']}" if broken.get("client_id") else "",
        what=f"{row['kind']} {points_told(int(row['points']))}",
        when=f"{day:%a} {day.day} {day:%b %Y}" if day is not None else "",
        counts=_counts(row),
        became=word.short.lower() if word else "",
        event_id="" if event is None else str(event["event_id"]),
        break_id=str(row["break_id"]),
    )


def _counts(row: Mapping[Any, Any]) -> str:
    if row["kind"] == Kind.REWARD_UPDATE:
        return "" if is_none(row["amount"]) else money(row["amount"])
    return "" if is_none(row["points"]) else f"{int(row['points']):,}"


def _bad_rows(desk: Desk, month: Month, found: pd.DataFrame, kind: str, start: int, most: int) -> Behind:
    """Tell the cells that need fixing; of a file with rows of several sites those cells cannot be told apart."""
    with desk.ledger.read() as connection:
        cells = rejected_cells(connection, {int(file_id) for file_id in found["file_id"].dropna()})
    own = [cell for cell in cells if month.site_id in (None, cell.default_site_id)]
    clock = house_clocks(desk).of(month.site_id)
    rows = [
        LineRow(
            place=place_of(cell.row_number, cell.sheet),
            file=cell.file,
            who=cell.column_heading or "",
            what="" if cell.value is None else str(cell.value),
            when="taken in " + clock.tell_minute(cell.registered_at),
            counts="",
            became=for_a_studio(cell.message),
        )
        for cell in own[start : start + most]
    ]
    return Behind(rows, len(own), int(found["row_count"].sum()), figure_of(found, kind))
