"""Take a checked file into the ledger: every row gets its fate here, in one transaction or not at all.

The rows are staged in a temporary table and classified by set-based queries (``queries/register.sql``), so the
same code serves ten rows and a million, on SQLite and on PostgreSQL.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from sql.lock import take_turn
from sql.queries import query
from sql.staging import Columns, stage, unstage
from sql.tables import batches, files, rejections, skipped_rows
from transforms.vocabulary import Code, Fate

_NOTES_AT_ONCE = 10_000
_MISMATCHES: Mapping[str, str] = {
    "receipt_mismatch": "The receipt belongs to a row with other values, which is in the ledger already: undo the "
    "change. Only where this row is a further event, empty its Receipt.",
    "receipt_repeated": "Another row bears the same receipt: where this row is a further event, empty its Receipt, "
    "else delete the row.",
    "receipt_unknown": "The ledger has given out no such receipt: restore it, or empty it where the row was never "
    "sent.",
}
_EXACT_DIGITS = 100  # an amount has up to 56, so that sums of them stay exact


@dataclass(frozen=True)
class NewFile:
    """A checked file as it goes into the ledger."""

    sha256: str
    name: str
    default_site_id: str
    rejected: Iterable[Mapping[str, Any]]  # read once; one per bad cell: columns of `rejections` but file_id
    rejected_count: int  # rows, not cells
    skipped: Iterable[Mapping[str, Any]]  # read once; columns of `skipped_rows` but file_id
    # sheet -> heading and letters (None: no cell addresses) of the column of receipts, where there is one
    receipt_columns: Mapping[str | None, tuple[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Guards:
    """Limits past which new events are held for a person; None is no limit."""

    max_points_per_event: int | None = None
    max_points_per_run: int | None = None
    max_rejected_share: float | None = None
    hold_reason: str | None = None  # hold every new event, and why


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
    rows: Iterable[Columns],
    *,
    run_id: str,
    now: datetime,
    guards: Guards = Guards(),
) -> Registered | None:
    """Register a file whole and return what became of its rows; None where its content is known for this site.

    The caller commits. ``rows`` are chunks of good rows, as `sql.staging` takes them; they are read once, and not at
    all where the file is known. ``now`` (UTC), cut to the second, is when undated events count as having happened.
    """
    take_turn(connection)
    known_id = find_file(connection, file.sha256, file.default_site_id)
    if known_id is not None:
        again = {"file_id": known_id, "now": now, "reason": "its plan was discarded, and its file is here again"}
        connection.execute(query("bring_back_file"), again)
        return None
    stage(connection, rows)
    totals = _classify(connection, file, run_id, guards)
    registered = _insert_file(connection, file, run_id, now)
    _insert_batches(connection, registered.file_id)
    pinned = {"file_id": registered.file_id, "run_id": run_id, "registered_at": now.replace(microsecond=0), "now": now}
    for name in ("insert_client_events", *_where(totals.updates, "insert_reward_updates")):
        connection.execute(query(name), pinned)
    connection.execute(query("insert_duplicates"), {"file_id": registered.file_id})
    back = {"file_id": registered.file_id, "now": now, "reason": f"its plan was discarded, and {file.name} brings it"}
    connection.execute(query("bring_back_planned"), back)
    _insert_notes(connection, file, registered.file_id)
    unstage(connection)
    return registered


def _classify(connection: Connection, file: NewFile, run_id: str, guards: Guards) -> Row[Any]:
    """Give the staged rows their fates and return what the file brings, see the query `staged_totals`."""
    # The order matters: each step looks only at rows that the steps before it left open.
    totals = connection.execute(query("staged_totals")).one()
    steps = [
        *_where(totals.receipts, "mark_receipts", "mark_repeated_receipts", "mark_receipt_mismatches"),
        *_where(totals.rows_count, "mark_dated_duplicates"),
        *_where(totals.undated, "mark_undated_held"),
        *_where(totals.updates, "mark_repeated_updates", "mark_updates_held_before"),
        *_where(totals.updates, "mark_repeated_in_file", "mark_stale_updates"),
    ]
    for name in (*steps, "mark_taken_back"):
        connection.execute(query(name))
    if guards.max_points_per_event is not None:
        connection.execute(query("mark_guarded_points"), {"max_points_per_event": guards.max_points_per_event})
    reason = _guard_of_file(connection, file, run_id, guards)
    if reason:
        connection.execute(query("mark_guarded_file"), {"reason": reason})
    return totals


def _where(count: int, *names: str) -> tuple[str, ...]:
    return names if count else ()


def _guard_of_file(connection: Connection, file: NewFile, run_id: str, guards: Guards) -> str | None:
    if guards.hold_reason is not None:
        return guards.hold_reason
    if guards.max_rejected_share is not None:
        counts = _count_fates(connection, file)
        if counts[Fate.REJECTED] / max(1, sum(counts.values())) > guards.max_rejected_share:
            return "a larger share of rejected rows than guards.max_rejected_share"
    if guards.max_points_per_run is not None:
        points = connection.execute(query("points_of_run"), {"run_id": run_id}).scalar_one()
        if points > guards.max_points_per_run:
            return "more points than guards.max_points_per_run"
    return None


def _count_fates(connection: Connection, file: NewFile) -> dict[Fate, int]:
    found = {row.fate: row.rows_count for row in connection.execute(query("count_fates"))}
    counts = {fate: found.get(fate, 0) for fate in Fate}
    counts[Fate.REJECTED] += file.rejected_count
    return counts


def _insert_file(connection: Connection, file: NewFile, run_id: str, now: datetime) -> Registered:
    counts = {str(fate): count for fate, count in _count_fates(connection, file).items()}
    rows_read = sum(counts.values())
    row = {
        "sha256": file.sha256,
        "default_site_id": file.default_site_id,
        "name": file.name,
        "run_id": run_id,
        "registered_at": now,
    }
    new = insert(files).values(**row, rows_read=rows_read, **counts).returning(files.c.file_id)
    return Registered(file_id=connection.execute(new).scalar_one(), rows_read=rows_read, **counts)


def _insert_batches(connection: Connection, file_id: int) -> None:
    amounts = _accepted_amounts(connection)
    rows = [
        {**total, "points": int(total["points"]), "amount": str(amounts[total["kind"], total["site_id"]])}
        for total in connection.execute(query("accepted_totals")).mappings()
    ]
    if rows:
        connection.execute(insert(batches), [{**row, "file_id": file_id} for row in rows])


def _accepted_amounts(connection: Connection) -> Mapping[tuple[str, str], Decimal]:
    """Sum the amounts by kind and site, a few thousand in memory at a time."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with localcontext(prec=_EXACT_DIGITS):
        for row in connection.execute(query("accepted_amounts"), execution_options={"yield_per": 10_000}):
            sums[row.kind, row.site_id] += Decimal(row.amount)
    return sums


def _insert_notes(connection: Connection, file: NewFile, file_id: int) -> None:
    mismatches = (_mismatch(file, row) for row in connection.execute(query("receipt_mismatches")).all())
    for table, notes in ((rejections, chain(file.rejected, mismatches)), (skipped_rows, iter(file.skipped))):
        while some := list(islice(notes, _NOTES_AT_ONCE)):
            connection.execute(insert(table), [{**row, "file_id": file_id} for row in some])


def _mismatch(file: NewFile, row: Row[Any]) -> Mapping[str, Any]:
    """Word the rejection of a row for its receipt, as one of the check is."""
    heading, letters = file.receipt_columns.get(row.sheet, ("Receipt", None))
    return {
        "sheet": row.sheet,
        "row_number": row.row_number,
        "column_heading": heading,
        "cell": None if letters is None else f"{letters}{row.row_number}",
        "code": str(Code.RECEIPT_MISMATCH),
        "value": row.receipt,
        "message": _MISMATCHES[row.reason],
        "suggestion": None,
    }
