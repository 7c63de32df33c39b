"""Ledgers as earlier versions left them: at the tables of any migration, with as many events as are asked for."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, bindparam, insert, inspect, text

from flows.ledger.connection import Ledger
from sql import migrate
from sql.revision import head_revision
from sql.tables import metadata

_BEGAN_AT = datetime(2025, 3, 1, 8, tzinfo=UTC)
_A_CLIENT = 4  # events of each client, so that lanes have an order
_MIGRATIONS = Path(migrate.__file__).with_name("migrations")


def earlier_revisions() -> list[str]:
    """Return every revision that a ledger in use may be at, oldest first."""
    return [f"{number:04}" for number in range(1, int(head_revision()))]


def upgrade_to(ledger: Ledger, revision: str) -> None:
    """Bring a ledger to the tables of a version of before."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with ledger.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(ledger: Ledger, run_id: str, events_count: int, first: int = 0) -> None:
    """Let one run bring so many events, send most of them, and leave some held, ready, refused and in doubt.

    Only what the ledger's tables have by now is written, so that the same works at every revision.
    """
    with ledger.begin() as connection:
        _put(connection, "runs", [_run(run_id)])
        _put(connection, "run_numbers", [{"run_id": run_id, "numbered_at": _BEGAN_AT}])
        file_id = 1 + first
        held_count = sum(_fate(n) == "held" for n in range(events_count))
        _put(connection, "files", [_file(run_id, file_id, events_count, held_count)])
        rows = [_event(run_id, file_id, n, first) for n in range(events_count)]
        _put(connection, "events", rows)
        _send(connection, run_id, rows)
        _put(connection, "breaks", _breaks(run_id, rows))


def _put(connection: Connection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert what the table has by now; a table that came later is passed over."""
    found = inspect(connection)
    if not found.has_table(name):
        return
    there = {column["name"] for column in found.get_columns(name)}
    kept = [{key: value for key, value in row.items() if key in there} for row in rows]
    connection.execute(insert(metadata.tables[name]), kept)


def _run(run_id: str) -> dict[str, Any]:
    ended = _BEGAN_AT + timedelta(hours=1)
    return {"run_id": run_id, "kind": "nightly", "started_at": _BEGAN_AT, "finished_at": ended, "summary": "{}"}


def _file(run_id: str, file_id: int, rows: int, held: int) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "sha256": f"{file_id:064}",
        "default_site_id": "-99",
        "name": f"{run_id}.csv",
        "run_id": run_id,
        "registered_at": _BEGAN_AT,
        "rows_read": rows,
        "accepted": rows - held,
        "duplicate": 0,
        "held": held,
        "rejected": 0,
    }


def _fate(n: int) -> str:
    """Say where an event ends; in doubt is only the last one of a client, since nothing goes out after it."""
    if n % _A_CLIENT == _A_CLIENT - 1 and n % 100 == 3:
        return "unknown"
    return {5: "held", 6: "ready", 7: "refused"}.get(n % 20, "posted")


def _event(run_id: str, file_id: int, n: int, first: int) -> dict[str, Any]:
    client_id = f"{run_id}-{n // _A_CLIENT}"
    at = _BEGAN_AT + timedelta(seconds=n)
    is_held = _fate(n) == "held"
    return {
        "event_id": f"{first + n:024}",
        "kind": "earned",
        "target": "mindbody",
        "site_id": "-99",
        "lane": f"mindbody:-99:{client_id}",
        "content_key": f"{first + n:040}",
        "occurrence": 1,
        "client_id": client_id,
        "action": "Earned",
        "points": 1 + n % 50,
        "source": "Sale",
        "source_id": None,
        "action_at": at,
        "is_dated": True,
        "file_id": file_id,
        "ordinal": n,
        "row_number": n + 2,
        "run_id": run_id,
        "registered_at": _BEGAN_AT,
        "order_at": at,
        "first_state": "held" if is_held else "ready",
        "state": "held" if is_held else "ready",
        "state_at": _BEGAN_AT,
    }


def _send(connection: Connection, run_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Claim, send and record, round by round: a client has one event in flight at a time."""
    for round_ in range(_A_CLIENT):
        going = [row for row in rows if row["ordinal"] % _A_CLIENT == round_ and _fate(row["ordinal"]) in _SENT]
        if not going:
            continue
        _put(connection, "attempts", [_attempt(run_id, row) for row in going])
        _claim(connection, run_id, round_)
        for state in _SENT:
            some = [row["event_id"] for row in going if _fate(row["ordinal"]) == state]
            for chunk in _chunks(some):
                _end(connection, chunk, state)


_SENT = ("posted", "refused", "unknown")


def _attempt(run_id: str, row: dict[str, Any]) -> dict[str, Any]:
    claim = {"event_id": row["event_id"], "run_id": run_id, "claimed_at": _BEGAN_AT}
    return {**claim, "lease_until": _BEGAN_AT + timedelta(minutes=1), "fingerprint": "0" * 64}


def _claim(connection: Connection, run_id: str, round_: int) -> None:
    connection.execute(
        text(
            "UPDATE events SET state = 'sending', state_at = registered_at, state_run_id = run_id, "
            "lease_until = registered_at, attempt_id = ("
            "SELECT attempt_id FROM attempts WHERE attempts.event_id = events.event_id) "
            "WHERE run_id = :run_id AND ordinal % 4 = :round AND state = 'ready' "
            "AND EXISTS (SELECT 1 FROM attempts WHERE attempts.event_id = events.event_id)"
        ),
        {"run_id": run_id, "round": round_},
    )


def _end(connection: Connection, event_ids: list[str], state: str) -> None:
    moved = text(
        "UPDATE events SET state = :state, lease_until = NULL, "
        "settle_at = CASE WHEN :is_in_doubt THEN registered_at END WHERE event_id IN :event_ids"
    )
    among = bindparam("event_ids", expanding=True)
    connection.execute(
        moved.bindparams(among), {"state": state, "is_in_doubt": state == "unknown", "event_ids": event_ids}
    )


def _chunks(event_ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(event_ids), 5000):
        yield event_ids[start : start + 5000]


def _breaks(run_id: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    refused = [row for row in rows if _fate(row["ordinal"]) == "refused"][:20]
    return [
        {
            "break_id": f"{run_id}-{number}",
            "class": "refused",
            "target": "mindbody",
            "site_id": "-99",
            "client_id": row["client_id"],
            "points": row["points"],
            "action_at": row["action_at"],
            "event_id": row["event_id"],
            "opened_on": _BEGAN_AT.date(),
            "opened_run_id": run_id,
            "closed_run_id": run_id if number % 2 else None,
            "state": "closed" if number % 2 else "open",
        }
        for number, row in enumerate(refused)
    ]
