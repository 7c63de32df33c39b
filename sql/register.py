"""Take a checked file into the ledger: every row gets its fate here, in one transaction or not at all.

The rows are staged in a temporary table and classified by set-based queries (``queries/register.sql``), so the
same code serves ten rows and a million, on SQLite and on PostgreSQL.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, func, insert, select
from sqlalchemy.schema import CreateTable, DropTable

from sql.queries import query
from sql.tables import batches, events, files, metadata, rejections, skipped_rows
from transforms.vocabulary import Code, Fate

_STAGED_COLUMNS = (
    "event_id", "kind", "target", "site_id", "lane", "content_key", "occurrence", "client_id", "action", "points",
    "source", "source_id", "action_at", "is_dated", "reward_id", "payout_id", "amount", "eligibility_on",
    "description", "ordinal", "sheet", "row_number",
)  # fmt: skip
_CHUNK_ROWS = 10_000

_staged = Table(
    "staged_events",
    metadata.__class__(),
    *(Column(name, events.c[name].type) for name in _STAGED_COLUMNS),
    Column("receipt", String),
    Column("latest_version", Integer),
    Column("fate", String),
    Column("known_event_id", String),
    Column("reason", String),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True)
class NewFile:
    """A checked file as it goes into the ledger."""

    sha256: str
    name: str
    default_site_id: str
    rejected: Sequence[Mapping[str, Any]]  # one per bad cell: columns of `rejections` but file_id
    rejected_count: int  # rows, not cells
    skipped: Sequence[Mapping[str, Any]]  # columns of `skipped_rows` but file_id


@dataclass(frozen=True)
class Guards:
    """Limits past which new events are held for a person; None is no limit."""

    max_points_per_event: int | None = None
    max_points_per_run: int | None = None
    max_rejected_share: float | None = None


@dataclass(frozen=True)
class Registered:
    """What became of the rows of one file; they add up to `rows_read`."""

    file_id: int
    rows_read: int
    accepted: int
    duplicate: int
    held: int
    rejected: int


def find_file(connection: Connection, sha256: str, default_site_id: str) -> int | None:
    """Return the id of the file with this content for this site, None where it is new."""
    known = select(files.c.file_id).where(files.c.sha256 == sha256, files.c.default_site_id == default_site_id)
    return connection.execute(known).scalar()


def register_file(
    connection: Connection,
    file: NewFile,
    rows: Iterable[Sequence[Mapping[str, Any]]],
    *,
    run_id: str,
    now: datetime,
    guards: Guards = Guards(),
) -> Registered:
    """Register a new file whole; the caller commits.

    ``rows`` are chunks of good rows with the columns of the staging table. ``now`` (UTC) is when undated events
    count as having happened, to the second.
    """
    _stage(connection, rows)
    _classify(connection, file, guards)
    registered = _insert_file(connection, file, run_id, now)
    _insert_batches(connection, registered.file_id)
    pinned = {"file_id": registered.file_id, "run_id": run_id, "registered_at": now.replace(microsecond=0)}
    connection.execute(query("insert_events"), pinned)
    connection.execute(query("insert_duplicates"), {"file_id": registered.file_id})
    _insert_notes(connection, file, registered.file_id)
    connection.execute(DropTable(_staged))
    return registered


def _stage(connection: Connection, rows: Iterable[Sequence[Mapping[str, Any]]]) -> None:
    connection.execute(CreateTable(_staged))
    for chunk in rows:
        if chunk:
            connection.execute(insert(_staged), list(chunk))


def _classify(connection: Connection, file: NewFile, guards: Guards) -> None:
    # The order matters: each step looks only at rows that the steps before it left open.
    for name in (
        "mark_receipts", "mark_receipt_mismatches", "mark_dated_duplicates", "mark_undated_held", "find_latest_updates",
        "mark_repeated_updates", "mark_updates_held_before", "mark_stale_updates",
    ):  # fmt: skip
        connection.execute(query(name))
    _apply_guards(connection, file, guards)
    connection.execute(query("mark_accepted"))
    connection.execute(query("mark_repeated_in_file"))


def _apply_guards(connection: Connection, file: NewFile, guards: Guards) -> None:
    if guards.max_points_per_event is not None:
        connection.execute(query("mark_guarded_points"), {"max_points_per_event": guards.max_points_per_event})
    reason = _guard_of_file(connection, file, guards)
    if reason:
        connection.execute(query("mark_guarded_file"), {"reason": reason})


def _guard_of_file(connection: Connection, file: NewFile, guards: Guards) -> str | None:
    good = connection.execute(select(func.count()).select_from(_staged)).scalar_one()
    share = file.rejected_count / max(1, good + file.rejected_count)
    if guards.max_rejected_share is not None and share > guards.max_rejected_share:
        return "a larger share of rejected rows than guards.max_rejected_share"
    points = connection.execute(query("count_points")).scalar_one()
    if guards.max_points_per_run is not None and points > guards.max_points_per_run:
        return "more points than guards.max_points_per_run"
    return None


def _insert_file(connection: Connection, file: NewFile, run_id: str, now: datetime) -> Registered:
    fates = {row.fate: row.rows_count for row in connection.execute(query("count_fates"))}
    counts = {str(fate): fates.get(fate, 0) for fate in Fate}
    counts["rejected"] += file.rejected_count
    row = {
        "sha256": file.sha256,
        "default_site_id": file.default_site_id,
        "name": file.name,
        "run_id": run_id,
        "registered_at": now,
        "rows_read": sum(counts.values()),
        **counts,
    }
    file_id = connection.execute(insert(files).values(row).returning(files.c.file_id)).scalar_one()
    return Registered(file_id=file_id, rows_read=row["rows_read"], **counts)


def _insert_batches(connection: Connection, file_id: int) -> None:
    totals: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(query("accepted_amounts")):
        total = totals.setdefault((row.kind, row.site_id), [0, 0, Decimal(0)])
        total[0] += 1
        total[1] += row.points or 0
        total[2] += Decimal(row.amount or 0)
    rows = [
        {
            "file_id": file_id,
            "kind": kind,
            "site_id": site_id,
            "event_count": count,
            "points": points,
            "amount": str(amount),
        }
        for (kind, site_id), (count, points, amount) in sorted(totals.items())
    ]
    if rows:
        connection.execute(insert(batches), rows)


def _insert_notes(connection: Connection, file: NewFile, file_id: int) -> None:
    mismatches = [
        {
            "sheet": row.sheet,
            "row_number": row.row_number,
            "column_heading": "Receipt",
            "cell": None,
            "code": str(Code.RECEIPT_MISMATCH),
            "value": row.receipt,
            "message": "The receipt names another event than this row holds: take the receipt out, or undo the change.",
            "suggestion": None,
        }
        for row in connection.execute(query("receipt_mismatches"))
    ]
    rejected = [*file.rejected, *mismatches]
    if rejected:
        connection.execute(insert(rejections), [{**row, "file_id": file_id} for row in rejected])
    if file.skipped:
        connection.execute(insert(skipped_rows), [{**row, "file_id": file_id} for row in file.skipped])
