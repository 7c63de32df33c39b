"""Take a checked file into the ledger: every row gets its fate here, in one transaction or not at all.

The rows are staged in a temporary table and classified by set-based queries (``queries/register.sql``), so the
same code serves ten rows and a million, on SQLite and on PostgreSQL.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from sql.guards import Guards, Stop, hold_guarded
from sql.known_rows import word_read_otherwise
from sql.lock import take_turn
from sql.lookalikes import NOTHING_COMPARED, Comparing, counts_of_fates, hold_lookalikes, keep_lookalikes
from sql.queries import query, rows_query
from sql.rejected_rows import insert_notes
from sql.seconds import Identity, hold_beside_misread, tell_seconds_apart
from sql.sheet_totals import SheetTotal, keep_sheet_totals, staged_totals
from sql.staging import Columns, stage, unstage
from sql.sums import kept
from sql.tables.files import batches, files
from transforms.vocabulary import Fate, Guard

_STEPS_FOR_RECEIPTS = (
    "mark_receipts",
    "mark_repeated_receipts",
    "mark_receipt_mismatches",
    "mark_repeated_corrections",
)


_STEPS_FOR_UPDATES = (
    "mark_repeated_updates",
    "mark_updates_held_before",
    "mark_repeated_in_file",
    "mark_stale_updates",
    "mark_discarded_updates",
)


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
    series: str | None = None  # what its name has in common with those of other days
    row_rule: str | None = None  # by which the fingerprints of its rows are made (`transforms.identity.raw_rows`)
    sheet_totals: Sequence[SheetTotal] = ()  # of all rows that were read, and of the bad ones


@dataclass(frozen=True)
class Registered:
    """What became of the rows of one file; they add up to `rows_read`."""

    file_id: int
    rows_read: int
    accepted: int
    duplicate: int
    held: int
    rejected: int
    alike: tuple[str, ...] = ()  # of the first rows that are held for looking like others, why
    notes: tuple[str, ...] = ()  # what a person should know of others
    stops: tuple[Stop, ...] = ()  # what is over a limit, and waits


def find_file(connection: Connection, sha256: str, default_site_id: str) -> int | None:
    """Return the id of the file with this content for this site, None where it is new."""
    # For this site: the same export in the inbox of another one brings other clients' events.
    is_known = (files.c.sha256 == sha256) & (files.c.default_site_id == default_site_id)
    return connection.execute(select(files.c.file_id).where(is_known)).scalar()


def hashes_known(connection: Connection) -> Sequence[tuple[str, str]]:
    """Return sha256 and site of every file that the ledger has."""
    content_and_site = select(files.c.sha256, files.c.default_site_id)
    return [(row.sha256, row.default_site_id) for row in connection.execute(content_and_site)]


def register_file(
    connection: Connection,
    file: NewFile,
    rows: Iterable[Columns],
    *,
    identity: Identity,
    run_id: str,
    now: datetime,
    guards: Guards | None = None,
    pinned_at: datetime | None = None,
    comparing: Comparing | None = None,
) -> Registered | None:
    """Register a file whole and return what became of its rows; None where its content is known for this site.

    The caller commits. ``rows`` are chunks of good rows, as `sql.staging` takes them; they are read once, and not at
    all where the file is known. ``pinned_at`` (UTC; ``now`` without it), cut to the second, is when undated events
    count as having happened. ``comparing`` tells which rows look like one of the file before; none is held for
    that without it.
    """
    # Two files that are registered at the same moment would each find the other's rows new. One goes after the other.
    take_turn(connection)
    known_id = find_file(connection, file.sha256, file.default_site_id)
    if known_id is not None:
        again = {"file_id": known_id, "now": now, "reason": "its plan was discarded, and its file is here again"}
        connection.execute(query("bring_back_file"), again)
        return None
    stage(connection, rows)
    totals = _classify(connection, identity)
    compared = hold_lookalikes(connection, comparing, file.name) if comparing else NOTHING_COMPARED
    # After all that gives fates, since only rows that are new by then count against a limit; before the rows become
    # events, since from then on a run may send them.
    stops = _guard(connection, file, run_id, guards) if guards else ()
    registered = _insert_file(connection, file, run_id, now)
    file_id = registered.file_id
    # Reckoned from the rows, before they become events: what is lost on that way shows as a difference of the two.
    by_fate = staged_totals(connection)
    _insert_batches(connection, file_id, by_fate)
    keep_sheet_totals(connection, file_id, [*file.sheet_totals, *by_fate])
    times = _Times(now, pinned_at or now)
    _insert_events(connection, file_id, run_id, times, has_updates=totals.updates > 0)
    keep_lookalikes(connection, compared.earlier_of)
    connection.execute(query("insert_duplicates"), {"file_id": file_id})
    if totals.receipts:
        connection.execute(query("insert_corrections"))
    connection.execute(query("keep_other_spellings"))
    # Only now does the ledger know which events the file brings again.
    back = {"file_id": file_id, "now": now, "reason": f"its plan was discarded, and {file.name} brings it"}
    connection.execute(query("bring_back_planned"), back)
    insert_notes(connection, file, file_id)
    unstage(connection)
    return replace(registered, alike=compared.held, notes=compared.notes, stops=stops)


def _classify(connection: Connection, identity: Identity) -> Row[Any]:
    """Give the staged rows their fates and return what the file brings, see the query `staged_totals`."""
    totals = connection.execute(query("staged_totals")).one()
    # A receipt names its event, so it is surer than any comparison of values.
    if totals.receipts:
        for name in _STEPS_FOR_RECEIPTS:
            connection.execute(query(name))
    # Where two fractions of one second contradict each other, equal ids are not the same event.
    if totals.fractions:
        tell_seconds_apart(connection, identity)
    for name in _steps_for(totals):
        connection.execute(query(name))
    if word_read_otherwise(connection):
        hold_beside_misread(connection, identity)
    _mark_refused_before(connection)
    return totals


def _guard(connection: Connection, file: NewFile, run_id: str, guards: Guards) -> tuple[Stop, ...]:
    """Hold what the limits stop. They come last: what is known or wrong is no new event, and counts against none."""
    rejected = 0
    rows_read = 0
    if guards.limits.is_set(Guard.REJECTED_SHARE):
        counts = _count_fates(connection, file)
        rejected = counts[Fate.REJECTED]
        rows_read = sum(counts.values())
    stops = hold_guarded(connection, guards, run_id, rejected=rejected, rows_read=rows_read)
    return tuple(stops)


def _mark_refused_before(connection: Connection) -> None:
    """Let the rows of refused events say so, with the command that lets them be tried again."""
    refused = connection.execute(rows_query("refused_and_known")).all()
    if not refused:
        return
    words = {}
    for event in refused:
        why = (event.state_reason or "the service gave no reason").strip().rstrip(".")
        said = f"refused on {event.state_at:%Y-%m-%d} because {why}: tieout retry {event.event_id}"
        words[event.event_id] = {"words": said}
    connection.execute(query("mark_refused_before"), {"given": json.dumps(words)})


def _steps_for(totals: Row[Any]) -> list[str]:
    """Return the queries that give fates, in their order; those that would find no row of theirs are left out.

    The order matters: each looks only at rows that the ones before it left open.
    """
    steps: list[str] = []
    if totals.rows_count:
        steps.append("mark_dated_duplicates")
    # What a reward has now is compared before what it had once: values that are in force are a repeat, values that were
    # replaced since are a question for a person.
    if totals.updates:
        steps += _STEPS_FOR_UPDATES
    # A copy that is sent twice is no second correction: so these come after the steps that know values again.
    if totals.receipts:
        steps.append("mark_corrected_before")
        if totals.updates:
            steps.append("mark_corrected_late")
    if totals.undated:
        steps.append("mark_undated_held")
    # Whatever is left would be sent as new: unless its raw cells are known, and were read as something else.
    if totals.fingerprints:
        steps.append("mark_read_otherwise")
        if totals.known_rows:
            steps.append("mark_known_rows_read_otherwise")
    # It rewords what the steps before found known.
    steps.append("mark_taken_back")
    return steps


def _count_fates(connection: Connection, file: NewFile) -> dict[Fate, int]:
    """Return how many rows have which fate, those among them that the check rejected before anything was staged."""
    counts = dict.fromkeys(Fate, 0)
    counts |= counts_of_fates(connection)
    counts[Fate.REJECTED] += file.rejected_count
    return counts


def _insert_file(connection: Connection, file: NewFile, run_id: str, now: datetime) -> Registered:
    counts = _count_fates(connection, file)
    rows_read = sum(counts.values())
    row = {
        "sha256": file.sha256,
        "default_site_id": file.default_site_id,
        "name": file.name,
        "run_id": run_id,
        "registered_at": now,
        "row_rule": file.row_rule,
        "series": file.series,
        "rows_read": rows_read,
    }
    row |= {str(fate): count for fate, count in counts.items()}
    new = insert(files).values(**row).returning(files.c.file_id)
    return Registered(
        file_id=connection.execute(new).scalar_one(),
        rows_read=rows_read,
        accepted=counts[Fate.ACCEPTED],
        duplicate=counts[Fate.DUPLICATE],
        held=counts[Fate.HELD],
        rejected=counts[Fate.REJECTED],
    )


def _insert_batches(connection: Connection, file_id: int, by_fate: Iterable[SheetTotal]) -> None:
    """Write down the control totals of the file: what its events must add up to for as long as there is a ledger.

    They are reckoned from the rows before these become events, so that an event which is lost or changed later shows.
    """
    rows = []
    for total in by_fate:
        if total.fate != Fate.ACCEPTED:
            continue
        row = {
            "file_id": file_id,
            "kind": total.kind,
            "site_id": total.site_id,
            "event_count": total.row_count,
            **kept(total.points),
            "amount": str(total.amount),
        }
        rows.append(row)
    if rows:
        connection.execute(insert(batches), rows)


@dataclass(frozen=True)
class _Times:
    """When the file is registered, and when what bears no time of its own counts as having happened."""

    now: datetime
    pinned_at: datetime


def _insert_events(connection: Connection, file_id: int, run_id: str, times: _Times, *, has_updates: bool) -> None:
    """Make events of the rows that are new; from here on they can be claimed and sent, once this is committed."""
    # Services tell times to the second. An undated event with a fraction would not be found again when it is read back.
    registered_at = times.now.replace(microsecond=0)
    pinned_at = times.pinned_at.replace(microsecond=0)
    pinned = {"file_id": file_id, "run_id": run_id, "registered_at": registered_at, "now": times.now}
    connection.execute(query("insert_client_events"), pinned | {"pinned_at": pinned_at})
    if has_updates:
        connection.execute(query("insert_reward_updates"), pinned)
    connection.execute(query("keep_staff"))
