"""Find what runs left behind and is older than the settings keep it; nothing is changed."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from flows.intake.archive import ArchivedFile, archived_files
from flows.keeping.desk_sheets import desk_sheets
from flows.keeping.half_written import half_written
from flows.keeping.nothing_sent import rejected_things, unsent_copies
from flows.keeping.thing import Thing
from flows.ledger.backup import kept_copies
from flows.ledger.connection import Ledger
from flows.readers.files import sha256_of
from flows.reports.snapshots import snapshot_files
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.identity import ledger_position
from sql.keeping import KnownToCopy, files_as_kept, known_to_copy, run_as_kept
from sql.signatures import first_file_at, signed_spans
from transforms.keeping import HALF_WRITTEN_DAYS, Facts, Leaving, Limits, is_old, why_it_stays
from transforms.totals.signed import signed_through

_SNAPSHOT = ".json.gz"
_MARKED = ".marked."  # within the name of a file that was given back


@dataclass
class House:
    """What is older than the settings keep it: what may go, oldest first, and what stays, by its reason."""

    removable: list[Thing] = field(default_factory=list)
    staying: list[tuple[Thing, str]] = field(default_factory=list)


def look_around(settings: Settings, ledger: Ledger) -> House:
    """Return what is older than the settings keep it."""
    limits = limits_of(settings, signed_so_far(settings, ledger))
    now = utc_now()
    house = House()
    for thing, facts in _things(settings, ledger, limits):
        if not is_old(facts, limits, now):
            continue
        reason = why_it_stays(facts, limits, now)
        if reason is None:
            house.removable.append(thing)
        else:
            house.staying.append((thing, reason))
    house.removable.sort(key=lambda thing: (thing.since_at, str(thing.path)))
    return house


def limits_of(settings: Settings, signed_through: date | None = None) -> Limits:
    """Return how long the settings keep what runs leave behind."""
    keep = settings.keep
    return Limits(
        days={
            Leaving.ARCHIVED: keep.archive_days,
            Leaving.SNAPSHOT: keep.snapshots_days,
            Leaving.REPORT: keep.reports_days,
            Leaving.REJECTED: keep.rejected_days,
            Leaving.NOT_SENT: keep.not_sent_days,
            Leaving.DESK: keep.desk_days,
            Leaving.HALF: HALF_WRITTEN_DAYS,
        },
        open_months=keep.open_months,
        own_copies_days=keep.own_copies_days,
        signed_through=signed_through,
    )


def signed_so_far(settings: Settings, ledger: Ledger) -> date | None:
    """Return the day up to which, from that of the first file on, every day is of a period that was approved."""
    with ledger.begin() as connection:
        first_at = first_file_at(connection)
        spans = signed_spans(connection)
    if first_at is None:
        return None
    # Periods are days of sites: what came in the evening of the last of a month is of that month, and not of the next
    # one, which has begun by UTC. Where sites have several clocks, all of their days are to be signed.
    zones = [ZoneInfo(site.timezone) for site in settings.mindbody.sites] or [ZoneInfo("UTC")]
    first_on = min(first_at.astimezone(zone).date() for zone in zones)
    return signed_through(spans, first_on)


def _things(settings: Settings, ledger: Ledger, limits: Limits) -> Iterator[tuple[Thing, Facts]]:
    """Give all things of the kinds that are not kept for ever."""
    yield from half_written(settings)
    copy = _oldest_copy(settings, ledger)
    if limits.days[Leaving.ARCHIVED] is not None:
        yield from _archived(settings, ledger, copy)
    if limits.days[Leaving.SNAPSHOT] is not None:
        yield from _snapshots(settings, ledger, copy)
    if limits.days[Leaving.REPORT] is not None:
        yield from _reports(settings, ledger)
    if limits.days[Leaving.REJECTED] is not None:
        yield from rejected_things(settings)
    if limits.days[Leaving.NOT_SENT] is not None:
        yield from unsent_copies(settings)
    if limits.days[Leaving.DESK] is not None:
        yield from desk_sheets(settings, ledger)


def _oldest_copy(settings: Settings, ledger: Ledger) -> KnownToCopy | None:
    """Read what the oldest copy knows, which is the least; None without copies. One that cannot be read knows nothing.

    Each of the copies may be the one that is put back.
    """
    with ledger.begin() as connection:
        position = ledger_position(connection)
    copies = kept_copies(settings, position)
    if not copies:
        return None
    try:
        # Only read: a copy that is opened otherwise would get files beside it.
        with closing(sqlite3.connect(f"{copies[0].as_uri()}?mode=ro&immutable=1", uri=True)) as connected:
            return known_to_copy(connected)
    except sqlite3.Error:
        return KnownToCopy(frozenset(), frozenset())


def _archived(settings: Settings, ledger: Ledger, copy: KnownToCopy | None) -> Iterator[tuple[Thing, Facts]]:
    files = archived_files(settings)
    for file in files:
        # By its age first: to hash the whole archive every night would take longer with every night.
        if _is_young(file.kept_at, settings.keep.archive_days):
            continue
        sha256 = sha256_of(file.path)
        with ledger.begin() as connection:
            known = files_as_kept(connection, sha256)
        thing = _archived_thing(file, sha256, known)
        facts = Facts(
            kind=Leaving.ARCHIVED,
            since_at=thing.since_at if known else None,
            is_as_taken=sha256.startswith(file.digits),
            has_open_event=any(row.has_open_event for row in known),
            has_open_break=any(row.has_open_break for row in known),
            is_in_copy=None if copy is None else sha256 in copy.files,
        )
        yield thing, facts


def _archived_thing(file: ArchivedFile, sha256: str, known: Sequence[Row[Any]]) -> Thing:
    since_at = max((row.registered_at for row in known), default=file.kept_at)
    return Thing(Leaving.ARCHIVED, file.path, [file.path], since_at, file.path.stat().st_size, sha256)


def _is_young(at: datetime, days: int | None) -> bool:
    return days is None or (utc_now() - at).total_seconds() < days * 86_400


def _snapshots(settings: Settings, ledger: Ledger, copy: KnownToCopy | None) -> Iterator[tuple[Thing, Facts]]:
    paths = {path.name.removesuffix(_SNAPSHOT): path for path in snapshot_files(settings)}
    for run_id, row, is_newest in _runs(ledger, paths):
        path = paths[run_id]
        size_bytes = path.stat().st_size
        thing = Thing(Leaving.SNAPSHOT, path, [path], row.finished_at, size_bytes)
        is_in_copy = None if copy is None else path.name in copy.snapshots
        yield thing, _facts(thing, row, is_newest=is_newest, is_in_copy=is_in_copy)


def _reports(settings: Settings, ledger: Ledger) -> Iterator[tuple[Thing, Facts]]:
    folder = settings.reports_folder
    named = {path.name: path for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else {}
    for run_id, row, is_newest in _runs(ledger, named):
        path = named[run_id]
        # What a person has put beside them is none of ours.
        ours = [file for file in sorted(path.iterdir()) if file.name.startswith(run_id) or _MARKED in file.name]
        size_bytes = sum(file.stat().st_size for file in ours)
        thing = Thing(Leaving.REPORT, path, ours, row.finished_at, size_bytes)
        if ours:
            yield thing, _facts(thing, row, is_newest=is_newest, is_in_copy=None)


def _runs(ledger: Ledger, run_ids: Iterable[str]) -> Iterator[tuple[str, Row[Any], bool]]:
    """Give those of the runs that the ledger knows and that are over, and which one is the newest."""
    known: dict[str, Row[Any]] = {}
    with ledger.begin() as connection:
        for run_id in run_ids:
            row = run_as_kept(connection, run_id)
            if row is not None:
                known[run_id] = row
    newest = max(known, key=lambda run_id: known[run_id].finished_at, default=None)
    for run_id, row in known.items():
        yield run_id, row, run_id == newest


def _facts(thing: Thing, row: Row[Any], *, is_newest: bool, is_in_copy: bool | None) -> Facts:
    return Facts(
        kind=thing.kind,
        since_at=thing.since_at,
        is_newest=is_newest,
        has_open_event=bool(row.has_open_event),
        has_open_break=bool(row.has_open_break),
        is_in_copy=is_in_copy,
    )
