"""Entries that take others back: planned here, held for a person, then posted and settled like any event.

Mindbody has no undo, so an Earned is offset by a Redeemed and the other way round. An entry is taken back once: a next
try is made only where the one before was discarded or refused, and the database refuses any other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.given import given_ids
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.runs import record_run
from sql.tables.decisions import reversals
from sql.tables.events import events
from sql.tables.files import files
from transforms.destinations import lane_of_client
from transforms.vocabulary import Action, Kind, State, Target

_RECOVERED = "recovered:"  # no content has such a hash
_OPPOSITE = {Action.EARNED: Action.REDEEMED, Action.REDEEMED: Action.EARNED}
_HEX_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Entry:
    """An entry at the service that is to be taken back: an event of ours, or what a break is about."""

    site_id: str
    client_id: str
    action: Action
    points: int
    event_id: str | None = None
    break_id: str | None = None
    tries: int = 0  # to take it back, so far
    sheet: str | None = None  # where the event came from
    row_number: int = 1


def entry_of(event: Row[Any]) -> Entry:
    """Return what is to be taken back of an event, as `event_to_reverse` gives it."""
    return Entry(
        site_id=event.site_id,
        client_id=event.client_id,
        action=Action(event.action),
        points=event.points,
        event_id=event.event_id,
        tries=event.tries or 0,
        sheet=event.sheet,
        row_number=event.row_number,
    )


@dataclass(frozen=True)
class Request:
    """Who wants entries taken back, when and why; ``name`` is what the plan is called beside the names of files."""

    name: str
    by: str
    reason: str
    now: datetime


def files_known_as(connection: Connection, name: str, content_sha256: str) -> Sequence[Row[Any]]:
    """Return the files of this name, or content, or whose hash begins with the name (8 digits or more)."""
    # Under 8 digits a name such as "2024" or "cafe" would be taken for the beginning of some file's hash.
    has_length_of_hash = 8 <= len(name) <= 64
    has_digits_of_hash = _HEX_DIGITS.issuperset(name.lower())
    prefix = name.lower() if has_length_of_hash and has_digits_of_hash else ""
    values = {"name": name, "sha256": content_sha256, "prefix": prefix}
    return connection.execute(rows_query("files_known_as"), values).all()


def events_to_reverse(connection: Connection, file_id: int) -> Sequence[Row[Any]]:
    """Return every event that the file brought, with the live entry that takes it back, if any."""
    return connection.execute(rows_query("events_to_reverse"), {"file_id": file_id}).all()


def event_to_reverse(connection: Connection, event_id: str) -> Row[Any] | None:
    """Return one event, with the live entry that takes it back, if any; None where there is no such event."""
    return connection.execute(rows_query("event_to_reverse"), {"event_id": event_id}).one_or_none()


def update_before(connection: Connection, event: Row[Any]) -> Row[Any] | None:
    """Return what the ledger had set on the reward before this update; None where it does not know."""
    values = {"lane": event.lane, "reward_version": event.reward_version}
    return connection.execute(rows_query("update_before"), values).one_or_none()


def plan_reversal(connection: Connection, run_id: str, entries: Sequence[Entry], request: Request) -> None:
    """Hold one opposite entry for each, under a run of its own.

    What gives points comes first, so that what takes them finds them. They are given their time when a person approves.
    """
    # Two people who take the same file back at once must not both find it untouched.
    take_turn(connection)
    now = request.now
    record_run(connection, run_id, "reverse", now, {})
    file_id = _insert_file(connection, run_id, len(entries), request, sha256(run_id.encode()).hexdigest())
    # A Redeemed is taken back by an Earned: those sort first, since False goes before True.
    ordered = sorted(entries, key=lambda entry: entry.action is Action.EARNED)
    fixed = {"file_id": file_id, "run_id": run_id, "registered_at": now.replace(microsecond=0), "state_at": now}
    connection.execute(
        insert(events), [fixed | _event(entry, ordinal, request) for ordinal, entry in enumerate(ordered)]
    )
    # A trigger on these ties refuses a second live entry against the same one, whatever was asked before.
    connection.execute(insert(reversals), [_tie(entry, request) for entry in ordered])


def _insert_file(connection: Connection, run_id: str, count: int, request: Request, content_sha256: str) -> int:
    """Enter the plan among the files, whose place every event has; no file has a run id for its content."""
    row = {
        "sha256": content_sha256,
        "default_site_id": "",
        "name": request.name,
        "run_id": run_id,
        "registered_at": request.now,
        "rows_read": count,
        "accepted": 0,
        "duplicate": 0,
        "held": count,
        "rejected": 0,
    }
    file_id: int = connection.execute(insert(files).values(row).returning(files.c.file_id)).scalar_one()
    return file_id


def _event(entry: Entry, ordinal: int, request: Request) -> dict[str, Any]:
    """Return the row of the event that takes the entry back."""
    action = _OPPOSITE[entry.action]
    event_id = _digest(entry)
    at = request.now.replace(microsecond=0)
    what = f"event {entry.event_id}" if entry.event_id else f"the extra entry of break {entry.break_id}"
    return {
        **_fixed_of_reversal(action),
        "event_id": event_id,
        "site_id": entry.site_id,
        "lane": lane_of_client(entry.site_id, entry.client_id),
        "content_key": event_id,  # equal to no row's: a row that looks alike is another event
        "client_id": entry.client_id,
        "action": action,
        "points": entry.points,
        "action_at": at,
        "order_at": at,
        "ordinal": ordinal,
        "sheet": entry.sheet,
        "row_number": entry.row_number,
        "state_reason": f"takes back {what}, asked for by {request.by}: {request.reason}",
    }


def takes_another_back(event: Row[Any]) -> bool:
    """Return whether an event is an entry that takes another one back: equal to no row of a file, it came in none."""
    is_its_own_content: bool = event.content_key == event.event_id
    return is_its_own_content


def entries_taking_back(connection: Connection, event_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these events are entries that take others back, as `takes_another_back` tells of one."""
    found = connection.execute(query("entries_taking_back"), {"given": given_ids(event_ids)}).scalars()
    return frozenset(found)


def _fixed_of_reversal(action: Action) -> dict[str, Any]:
    """Return what every entry that takes another back has in common."""
    return {
        "kind": Kind.EARNED if action is Action.EARNED else Kind.REDEEMED,
        "target": Target.MINDBODY,
        "occurrence": 1,
        "is_dated": False,
        "first_state": State.HELD,
        "state": State.HELD,
    }


def _tie(entry: Entry, request: Request) -> dict[str, Any]:
    """Return the row that ties the new event to what it takes back."""
    return {
        "event_id": _digest(entry),
        "reversed_event_id": entry.event_id,
        "break_id": entry.break_id,
        "nth": entry.tries + 1,
        "requested_by": request.by,
        "reason": request.reason,
        "requested_at": request.now,
    }


def _digest(entry: Entry) -> str:
    """Return the event id of the nth try to take this entry back: the same try always has the same one."""
    said = f"reversal\x1f{entry.event_id or entry.break_id}\x1f{entry.tries + 1}"
    return blake2b(said.encode(), digest_size=12).hexdigest()


def bring_back_reversals(connection: Connection, run_id: str, known: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Enter again, held, what took entries back by a ledger that is lost; return the id of the file they stand under.

    ``known`` are rows as snapshots keep them, of what no file brought: one for each entry that is taken back. What the
    ledger does not know itself, an event or a break, is not tied to.
    """
    request = Request(name="taken back, by snapshots", by="", reason="", now=now)
    digits = sha256(run_id.encode()).hexdigest()[: 64 - len(_RECOVERED)]
    file_id = _insert_file(connection, run_id, len(known), request, f"{_RECOVERED}{digits}")
    registered = {
        "file_id": file_id,
        "run_id": run_id,
        "registered_at": now.replace(microsecond=0),
        "state_at": now,
    }
    # Held, as everything of a lost ledger: whether it was sent is for the recovery to find out.
    for ordinal, row in enumerate(known):
        event = _recovered_event(row, ordinal, now)
        connection.execute(insert(events).values(registered | event))
        if _knows_what_is_taken_back(connection, row):
            tie = {column.name: row[column.name] for column in reversals.columns}
            connection.execute(insert(reversals).values(tie))
    return file_id


def _recovered_event(row: Mapping[str, Any], ordinal: int, now: datetime) -> dict[str, Any]:
    entry = {name: row[name] for name in ("event_id", "site_id", "client_id", "action", "points", "sheet")}
    at = (row["action_at"] or now).replace(microsecond=0)
    return {
        **_fixed_of_reversal(Action(row["action"])),
        **entry,
        "lane": lane_of_client(row["site_id"], row["client_id"]),
        "content_key": row["event_id"],
        "action_at": at,
        "order_at": at,
        "ordinal": ordinal,
        "row_number": row["row_number"],
        "state_reason": f"recovered: it took an entry back, asked for by {row['requested_by']}: {row['reason']}",
    }


def _knows_what_is_taken_back(connection: Connection, row: Mapping[str, Any]) -> bool:
    taken_back = {"event_id": row["reversed_event_id"], "break_id": row["break_id"]}
    return connection.execute(query("knows_what_is_taken_back"), taken_back).scalar() is not None


def breaks_with_reversals(connection: Connection, break_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return by break id, of these, the entry that was proposed for it: event_id, state, and the break's state."""
    rows = connection.execute(rows_query("breaks_with_reversals"), {"given": given_ids(break_ids)})
    return {row.break_id: row for row in rows}


def offsets_waiting(connection: Connection, site_id: str) -> Sequence[Row[Any]]:
    """Return the entries of a site that wait for a word, each of which would take back what a difference is about."""
    return connection.execute(rows_query("offsets_waiting"), {"site_id": site_id}).all()


def offset_breaks(connection: Connection, break_ids: Iterable[str]) -> dict[str, str]:
    """Return which of these have their extra entry taken back, as the service was seen to show: break to event id."""
    rows = connection.execute(rows_query("offset_breaks"), {"given": given_ids(break_ids)})
    return {row.break_id: row.event_id for row in rows}


def needless_reversals(connection: Connection, held_id: str) -> Sequence[Row[Any]]:
    """Return the held entries, of this event or plan, whose break is not open any more."""
    return connection.execute(rows_query("needless_reversals"), {"held_id": held_id}).all()
