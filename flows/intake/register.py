"""Bring a checked file into the ledger: identify its events and register them, part by part, in one transaction."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.intake.as_before import read_as
from flows.intake.checked_file import CheckedFile
from flows.intake.compare import comparing
from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.secrets import mask
from flows.runtime.visible import storable
from flows.services.clocks import clock_of
from flows.settings.sections import Settings
from sql.guards import Guards, WholeHold
from sql.reference import record_checks
from sql.register import NewFile, Registered, register_file
from sql.seconds import Identity
from sql.sheet_totals import READ, SheetTotal
from sql.site_times import record_site_times
from sql.staging import STAGED_COLUMNS, Columns
from transforms.arrivals.series import series_of
from transforms.check.row_sums import SumsBySite
from transforms.identity.event_ids import dated_event_id
from transforms.identity.fractions import pair_fractions
from transforms.identity.raw_rows import row_rule
from transforms.sheets.times import with_fractions
from transforms.vocabulary import Fate

ReceiptColumns = Mapping[str | None, tuple[str, str | None]]
_CHUNK_ROWS = 20_000
IDENTITY = Identity(pair=pair_fractions, event_id=dated_event_id)
_ERROR_NAMES = {"row": "row_number", "column": "column_heading"}


def register(run: Run, file: CheckedFile) -> Registered | None:
    """Register the file whole, in one transaction; None where its content is known for its site."""
    with run.ledger.begin() as connection:
        return register_within(connection, run.settings, run.run_id, file)


def register_within(
    connection: Connection,
    settings: Settings,
    run_id: str,
    file: CheckedFile,
    whole: WholeHold | None = None,
    *,
    is_compared: bool = True,
) -> Registered | None:
    """Register the file in the caller's transaction; with a whole hold, every new event of it waits for a person.

    Rows that look like rows of the file before, corrected, wait for one anyway, unless it is not to be compared.
    """
    new = NewFile(
        sha256=file.sha256,
        name=storable(file.path.name),
        default_site_id=file.default_site_id or "",
        rejected=(record for errors in file.errors for record in _records(errors.rename(columns=_ERROR_NAMES))),
        rejected_count=file.file_totals.rejected,
        skipped=(record for rows in file.skipped for record in _records(rows.rename(columns=_ERROR_NAMES))),
        receipt_columns=_storable_headings(file.receipt_columns),
        series=series_of(storable(file.path.name)),
        row_rule=row_rule([layout.reads for layout in file.rules.layouts]),
        sheet_totals=[
            *_sheet_totals(READ, file.file_totals.sums),
            *_sheet_totals(Fate.REJECTED, file.file_totals.bad_sums),
        ],
    )
    # Chunk by chunk, as the ledger takes them: a file of a million rows is never in memory as a whole.
    rows = (columns for events in file.identified() for columns in staged_columns(events))
    # One moment for all of the file, so that its undated rows keep one order and one time.
    now = utc_now()
    registered = register_file(
        connection,
        new,
        rows,
        identity=IDENTITY,
        run_id=run_id,
        now=now,
        guards=Guards(settings.guards.limits, whole),
        pinned_at=_pinned_at(settings, now),
        comparing=comparing(settings) if is_compared else None,
    )
    if registered is not None:
        record_checks(connection, registered.file_id, file.file_totals.source_ids)
        record_site_times(connection, read_as(file.unzoned), now)
    return registered


def _sheet_totals(fate: str, sums: SumsBySite) -> Iterator[SheetTotal]:
    for (kind, site_id), found in sums.items():
        # The site is the text of a cell where the row is a bad one.
        shown_site = mask(storable(site_id))
        yield SheetTotal(fate, kind, shown_site, found.rows, found.points, found.amount)


def _storable_headings(columns: ReceiptColumns) -> ReceiptColumns:
    """Return the columns of receipts under the names that the ledger has for their sheets."""
    return {sheet and storable(sheet): (storable(heading), letters) for sheet, (heading, letters) in columns.items()}


def _pinned_at(settings: Settings, now: datetime) -> datetime:
    """Return the time of rows that bear none: now, or as late as the service's clock surely is where that is behind.

    A time that is seconds ahead of the service's clock would be refused as lying in the future.
    """
    there_at = clock_of(settings.mindbody.base_url).earliest_now()
    return now if there_at is None else min(now, there_at)


def staged_columns(identified: pd.DataFrame) -> Iterator[Columns]:
    """Give the identified events as the ledger takes them: columns of plain values, a chunk of rows at a time."""
    named = identified.rename(columns={"row": "row_number"})
    for start in range(0, len(named), _CHUNK_ROWS):
        chunk = named.iloc[start : start + _CHUNK_ROWS]
        columns = {name: _plain(column) for name, column in _staged(chunk).items()}
        columns["sheet"] = [sheet and storable(sheet) for sheet in columns["sheet"]]
        columns["staff"] = [_storable_staff(staff) for staff in columns["staff"]]
        columns["site_id"] = [site_id or "" for site_id in columns["site_id"]]
        # As text, digit by digit: a database's number would make 25.10 of a float some cent or other.
        columns["amount"] = [None if amount is None else str(amount) for amount in columns["amount"]]
        columns["eligibility_on"] = [_day(day) for day in columns["eligibility_on"]]
        yield columns


def _storable_staff(staff: str | None) -> str | None:
    # It is what somebody typed, and may hold a secret that was pasted into the wrong cell.
    return (staff and storable(mask(staff))) or None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _staged(chunk: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns of a chunk; events of one second are posted in the order of their fractions."""
    fractions = chunk["action_fraction"]
    order_at = with_fractions(chunk["action_at"], fractions).where(fractions.notna())
    whole = chunk.assign(order_at=order_at)
    return {name: whole[name] for name in STAGED_COLUMNS}


def _plain(column: pd.Series) -> list[Any]:
    """Return Python's own values, None where there is none; pandas' own conversion of times is ten times slower."""
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        objects = column.astype(object)
        return objects.where(column.notna(), None).tolist()
    in_utc = column.dt.tz_convert(None)
    times = in_utc.to_numpy("datetime64[us]").tolist()
    return [None if time is None else time.replace(tzinfo=UTC) for time in times]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    objects = frame.astype(object)
    plain = objects.where(objects.notna(), None)
    return [{str(key): _storable(value) for key, value in record.items()} for record in plain.to_dict("records")]


def _storable(value: Any) -> Any:
    """Return what a report may quote of a file: a key that slipped into a cell is nobody's to read there."""
    return mask(storable(value)) if isinstance(value, str) else value
