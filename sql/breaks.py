"""Keep breaks from night to night: a break opens once, keeps its id, and closes by itself when it is gone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from sql.break_decisions import Verb, decide
from sql.closings import record_changes
from sql.given import given_ids
from sql.queries import query, rows_query
from transforms.vocabulary import Outcome, ReasonCode, State

_IDS_PER_QUERY = 500
_STORED = (
    "break_id", "class", "target", "site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id",
    "detail", "points_ledger", "points_service", "amount_ledger", "amount_service", "more",
)  # fmt: skip
_ABOUT_BREAK = ("class", "target", "site_id", "client_id", "reward_id", "points", "amount", "event_id", "opened_on")
_OF_BOOKS = ("state", "owner", "reason", "points_ledger", "points_service", "amount_ledger", "amount_service")


def open_breaks(connection: Connection) -> Sequence[Row[Any]]:
    """Return every break that is neither closed nor resolved, oldest first."""
    return connection.execute(rows_query("open_breaks")).all()


def update_breaks(
    connection: Connection,
    found: Sequence[Mapping[str, Any]],
    gone: Sequence[str],
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Open or keep what was found, and close what a reading of the same place no longer shows.

    A decision was about what the break was then: one that has become another class is open again.
    """
    opened_on = now.date()
    _reopen_changed(connection, found, now)
    # What is open before and after is compared as a whole, so that a move which nothing in this code knows of is
    # written down, too.
    before = open_breaks(connection)
    if found:
        rows = [{key: row.get(key) for key in _STORED} | {"run_id": run_id, "opened_on": opened_on} for row in found]
        connection.execute(query("open_break"), rows)
    if gone:
        connection.execute(query("close_break"), [{"break_id": break_id, "run_id": run_id} for break_id in gone])
    record_changes(connection, before, open_breaks(connection), now=now, run_id=run_id)


def _reopen_changed(connection: Connection, found: Sequence[Mapping[str, Any]], now: datetime) -> None:
    class_now = {row["break_id"]: row["class"] for row in found}
    given = {"given": given_ids(class_now)}
    decided = connection.execute(rows_query("breaks_decided"), given).all()
    for break_id, class_then in decided:
        if class_now[break_id] == class_then:
            continue
        decide(
            connection,
            break_id,
            Verb.REOPEN,
            actor="tieout",
            reason=f"was {class_then}, is now {class_now[break_id]}",
            reason_code=ReasonCode.OTHER,
            now=now,
        )


def refusals_that_are_over(connection: Connection, found: Iterable[Mapping[str, Any]] = ()) -> set[str]:
    """Return the breaks of refused events of which nothing is left to do: mended and posted, or dropped.

    Those that are open, and those of the records that a reading ``found``: it finds a refused event as long as there is
    one, and a break that closed must not open again by that.
    """
    refusals = [(row.break_id, row.event_id, row.is_over) for row in connection.execute(rows_query("open_refusals"))]
    break_of = {record["event_id"]: record["break_id"] for record in found if record["class"] == Outcome.REFUSED}
    refusals += [
        (break_of[row.event_id], row.event_id, row.is_over) for row in _of_events(connection, "refusals_of", break_of)
    ]
    over = {break_id for break_id, _, is_over in refusals if is_over}
    # By the event that corrects, or corrects what corrected, which breaks it would end.
    ends = {event_id: {break_id} for break_id, event_id, is_over in refusals if not is_over}
    while ends:
        corrected = _of_events(connection, "corrections_of", ends)
        for row in corrected:
            if row.state == State.POSTED:
                over |= ends[row.corrected_event_id]
        # A receipt names an older event, so no chain of them comes back to where it began.
        ends = {row.event_id: ends[row.corrected_event_id] for row in corrected}
    return over


def _of_events(connection: Connection, name: str, event_ids: Iterable[str]) -> list[Row[Any]]:
    """Return the rows of a query about these events."""
    statement = rows_query(name, among="event_ids")
    rows: list[Row[Any]] = []
    left = iter(event_ids)
    # A database takes only so many parameters at once.
    while chunk := list(islice(left, _IDS_PER_QUERY)):
        rows += connection.execute(statement, {"event_ids": chunk}).all()
    return rows


def mark_compared(connection: Connection, event_ids: Sequence[str], now: datetime) -> None:
    """Remember that the events were compared with what their service shows, so that a later run need not."""
    if event_ids:
        compared = [{"event_id": event_id, "compared_at": now} for event_id in event_ids]
        connection.execute(query("mark_compared"), compared)


def all_breaks(connection: Connection) -> Sequence[Row[Any]]:
    """Return every break there ever was, oldest first."""
    return connection.execute(rows_query("all_breaks")).all()


def break_json(row: Row[Any], today: date) -> dict[str, Any]:
    """Return a break with the keys of the documented JSON, in their order."""
    kept = row._mapping
    record = {"id": row.break_id}
    record |= {key: kept[key] for key in _ABOUT_BREAK}
    record["age_days"] = (today - row.opened_on).days
    record |= {key: kept[key] for key in _OF_BOOKS}
    return record
