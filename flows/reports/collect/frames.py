"""What the ledger tells of a run, as frames."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Result, Row

from flows.ledger.run import Run
from flows.reports.report import COLUMNS, PLACE
from flows.settings.sections import Settings
from sql.breaks import break_json, open_breaks
from sql.event_decisions import decisions_since
from sql.reporting import places_of_open_breaks, waiting_events
from sql.snapshots import last_told_decision_id
from sql.watch import watched_events
from transforms.sheets.times import with_fractions
from transforms.vocabulary import State, Target

_ROWS_AT_ONCE = 5_000
_WHOLE = ("points", "source_id")


def not_posted_frame(events: pd.DataFrame) -> pd.DataFrame:
    """Return what the run answers for and is neither posted nor refused, with why."""
    is_over = events["state"].isin([State.POSTED, State.REFUSED])
    left = events[events["is_answered_for"].astype("bool") & ~is_over]
    return left.rename(columns={"state_reason": "reason"})


def notes_frame(run: Run) -> pd.DataFrame:
    """Return what was noticed while the run's files were read: place and column NA where it is about the whole."""
    columns = list(COLUMNS["notes"])
    noticed = [(file, note.sheet, note.row, note.column, note.message) for file, note in run.file_notes]
    frame = pd.DataFrame(noticed, columns=columns)
    # Whole numbers with gaps would become floats.
    types = {**dict.fromkeys(columns, "str"), "row": "Int64"}
    return frame.astype(types)


def decisions_frame(connection: Connection) -> pd.DataFrame:
    """Return what people decided about events since the last report told of it; times are aware UTC."""
    since = last_told_decision_id(connection)
    found = decisions_since(connection, since)
    return pd.DataFrame(found).rename(columns={"at": "decided_at", "events_count": "events"})


def frame_of(result: Result[Any]) -> pd.DataFrame:
    """Return what a query found, a row each."""
    return pd.DataFrame(result.mappings().all())


def events_frame(result: Result[Any]) -> pd.DataFrame:
    """Return the events as a frame; amounts Decimal, points and source ids whole, null where there is none."""
    columns = _columns_of(result)
    # Of columns without a value pandas makes numbers, which nothing could be joined to.
    frame = pd.DataFrame(columns, dtype=None if any(columns.values()) else "object")
    # pandas would make floats of whole numbers with gaps, and lose the last digits of an id of more than fifteen.
    whole = {name: pd.array(columns[name], dtype="Int64") for name in _WHOLE if name in columns}
    frame = frame.assign(**whole)
    frame = frame.rename(columns={"row_number": "row"})
    amounts = [None if amount is None else Decimal(amount) for amount in frame["amount"]]
    return frame.assign(
        action_at=_with_fractions(frame),
        state_at=pd.to_datetime(frame["state_at"], utc=True).dt.floor("s"),
        amount=pd.Series(amounts, index=frame.index, dtype=object),
    )


def _columns_of(result: Result[Any]) -> dict[str, list[Any]]:
    """Return what a query found, a list for each column: as rows too, a long night would be in memory twice."""
    names = result.keys()
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for rows in result.partitions(_ROWS_AT_ONCE):
        for values, more in zip(columns.values(), zip(*rows, strict=True), strict=True):
            values.extend(more)
    return columns


def _with_fractions(events: pd.DataFrame) -> pd.Series:
    """Return the times as their rows show them, fractions included; updates of rewards have none."""
    action_at = pd.to_datetime(events["action_at"], utc=True).astype("datetime64[us, UTC]")
    return with_fractions(action_at, events["action_fraction"].astype("str"))


def waiting_frame(connection: Connection) -> pd.DataFrame:
    """Return what waits, and why."""
    # Of every run: what an earlier night left waiting still waits.
    waiting = events_frame(waiting_events(connection))
    told = zip(waiting["state_reason"], waiting["evidence"], strict=True)
    reasons = [_reason(stated, evidence) for stated, evidence in told]
    frame = waiting.rename(columns={"state_at": "since"})
    return frame.assign(reason=pd.Series(reasons, index=frame.index, dtype="str"))


def _reason(reason: str | None, evidence: str | None) -> str | None:
    """Say why an event waits, and that nobody could look where that is so: it is not the same as "not there"."""
    failure = json.loads(evidence).get("failure") if isinstance(evidence, str) else None
    if not failure:
        return reason
    return f"{reason}; it could not be read back: {failure}"


def watched_frame(connection: Connection, settings: Settings) -> pd.DataFrame:
    """Return what is under watch, of every run, and until when: the reading after that time ends it."""
    watched = []
    for row in watched_events(connection):
        until = row.watch_from_at + settings.grace_of(Target(row.target))
        amount = None if row.amount is None else Decimal(row.amount)
        watched.append({**row._mapping, "amount": amount, "row": row.row_number, "watched_until_at": until})
    frame = pd.DataFrame(watched)
    return frame if frame.empty else frame.astype({"points": "Int64"})


def open_breaks_frame(connection: Connection, today: date) -> pd.DataFrame:
    """Return the open differences, each with the place of its row."""
    places = places_of_open_breaks(connection)
    breaks = [
        {**break_json(row, today), "detail": row.detail, **_place(places.get(row.break_id))}
        for row in open_breaks(connection)
    ]
    frame = pd.DataFrame(breaks)
    return frame if frame.empty else frame.astype({"row": "Int64"})


def _place(place: Row[Any] | None) -> dict[str, Any]:
    if place is None:
        return dict.fromkeys(PLACE)
    return {"file": place.file, "sheet": place.sheet, "row": place.row_number}
