"""Bring one file from the disk into the ledger: read, check, identify, register."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.clock import utc_now
from flows.errors import FileRejected
from flows.inbox import sha256_of
from flows.intake.layouts import read_layouts
from flows.intake.read import read_file
from flows.ledger import Ledger
from flows.reference.folder import read_extracts
from flows.services import Place
from flows.settings import Settings
from sql.reference import record_checks
from sql.register import Guards, NewFile, Registered, register_file
from sql.staging import STAGED_COLUMNS, Columns
from transforms.check import Checked, check_sheets
from transforms.identify import identify
from transforms.reference import Reference
from transforms.rules import Rules
from transforms.sheet import FileError, Sheet
from transforms.vocabulary import Code, Target

_CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class CheckedFile:
    """A file that was read and judged, before anything is kept of it."""

    path: Path
    sha256: str
    default_site_id: str | None
    sheets: tuple[Sheet, ...]
    rules: Rules
    checked: Checked

    @property
    def places(self) -> set[Place]:
        """The services and sites that its good rows are for."""
        pairs = self.checked.events[["target", "site_id"]].drop_duplicates()
        return {
            (Target(target), "" if target == Target.REFERRAL_ROCK else site_id)
            for target, site_id in pairs.itertuples(index=False, name=None)
        }


def check_file(
    settings: Settings,
    path: Path,
    default_site_id: str | None,
    reference: Reference | None = None,
    now: datetime | None = None,
) -> CheckedFile:
    """Read and judge one file; `FileRejected` where it is wrong as a whole. Nothing is kept or sent.

    SourceIds are checked against `reference`; where none is given, against the extracts of the reference folder.
    """
    now = now or utc_now()
    sha256 = _hash(path)
    rules = Rules(
        now=now,
        site_ids=tuple(site.site_id for site in settings.mindbody.sites),
        default_site_id=default_site_id,
        require_source=settings.guards.require_source,
        layouts=read_layouts(settings.columns),
        reference=reference if reference is not None else read_extracts(settings, now).reference,
    )
    try:
        sheets = read_file(path)
        file = CheckedFile(path, sha256, default_site_id, tuple(sheets), rules, check_sheets(sheets, rules))
    except FileError as error:
        raise FileRejected(path.name, sha256, error) from None
    if _hash(path) != sha256:
        changed = FileError(Code.FILE_UNREADABLE, "the file changed while it was read: it is taken when it is whole.")
        raise FileRejected(path.name, None, changed)
    return file


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        reason = FileError(Code.FILE_UNREADABLE, f"the file cannot be opened: {error.strerror}.")
        raise FileRejected(path.name, None, reason) from None


def register(settings: Settings, ledger: Ledger, run_id: str, file: CheckedFile) -> Registered | None:
    """Register the file whole, in one transaction; None where its content is known for its site."""
    with ledger.begin() as connection:
        return register_within(connection, settings, run_id, file)


def register_within(
    connection: Connection, settings: Settings, run_id: str, file: CheckedFile, hold_reason: str | None = None
) -> Registered | None:
    """Register the file in the caller's transaction; with a reason, every new event of it waits for a person."""
    checked = file.checked
    site_id = file.default_site_id or ""
    new = NewFile(
        sha256=file.sha256,
        name=file.path.name,
        default_site_id=site_id,
        rejected=_records(checked.errors.rename(columns={"row": "row_number", "column": "column_heading"})),
        rejected_count=checked.rejected,
        skipped=_records(checked.skipped.rename(columns={"row": "row_number"})[["sheet", "row_number", "reason"]]),
        receipt_columns=checked.receipt_columns,
    )
    limits = settings.guards
    guards = Guards(
        limits.max_points_per_event, limits.max_points_per_run, limits.max_rejected_share, hold_reason=hold_reason
    )
    rows = staged_columns(identify(checked.events, file.sha256, site_id))
    registered = register_file(connection, new, rows, run_id=run_id, now=utc_now(), guards=guards)
    if registered is not None:
        record_checks(connection, registered.file_id, checked.source_ids)
    return registered


def staged_columns(identified: pd.DataFrame) -> Iterator[Columns]:
    """Give the identified events as the ledger takes them: columns of plain values, a chunk of rows at a time."""
    for start in range(0, len(identified), _CHUNK_ROWS):
        chunk = identified.iloc[start : start + _CHUNK_ROWS].rename(columns={"row": "row_number"})
        columns = {name: _plain(chunk[name]) for name in STAGED_COLUMNS}
        columns["site_id"] = [site_id or "" for site_id in columns["site_id"]]
        columns["amount"] = [None if amount is None else str(amount) for amount in columns["amount"]]
        columns["eligibility_on"] = [
            None if day is None else date.fromisoformat(day) for day in columns["eligibility_on"]
        ]
        yield columns


def _plain(column: pd.Series) -> list[Any]:
    """Return Python's own values, None where there is none; pandas' own conversion of times is ten times slower."""
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.astype(object).where(column.notna(), None).tolist()
    times = column.dt.tz_convert(None).to_numpy("datetime64[us]").tolist()
    return [None if time is None else time.replace(tzinfo=UTC) for time in times]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object)
    return [
        {str(key): value for key, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]
