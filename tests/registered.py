"""Events in a ledger, registered from a file as the product does it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.intake.register import register
from flows.ledger.connection import Ledger
from flows.ledger.run import Run, run_plain
from flows.runtime.clock import utc_now
from flows.runtime.progress import Progress, say_nothing
from flows.settings.sections import Settings
from sql.runs import start_run
from sql.tables.events import events
from transforms.vocabulary import RunKind

EARN = {
    "ClientId": "100000002",
    "Points": 10,
    "Action": "Earned",
    "Source": "Sale",
    "ActionDateTime": "2025-10-01T17:00:00Z",
}
UPDATE = {
    "RewardId": "3344d59a-0000-4000-8000-000000000001",
    "PayoutId": "35b10000-0000-4000-8000-000000000001",
    "Amount": "12.50",
}

_FOUND: dict[tuple[str, bytes, str], CheckedFile] = {}


def with_site(settings: Settings) -> Settings:
    """Add a site to settings that name none."""
    site = {"site_id": "-99", "timezone": "America/Los_Angeles", "username": "u", "password": "p"}
    return Settings(
        database_url=settings.database_url, workspace=settings.workspace, mindbody={"api_key": "key", "sites": [site]}
    )


def run_of(settings: Settings, ledger: Ledger, run_id: str, progress: Progress = say_nothing) -> Run:
    """A run of that id, whose steps are run plainly."""
    return Run(settings, ledger, run_id, RunKind.NIGHTLY, run_plain, progress)


def add_run(ledger: Ledger, run_id: str) -> str:
    with ledger.begin() as connection:
        start_run(connection, run_id, "nightly", utc_now())
    return run_id


def add_events(
    ledger: Ledger, settings: Settings, rows: Sequence[Mapping[str, Any]], run_id: str, name: str = "rows.csv"
) -> list[Row[Any]]:
    """Register the rows for this run and return its events in the order of the file."""
    settings = settings if settings.mindbody.sites else with_site(settings)
    path: Path = settings.root / name
    path.write_text(_written(rows), encoding="utf-8", newline="")
    registered = register(run_of(settings, ledger, run_id), _checked(settings, path))
    assert registered is not None
    assert registered.accepted == len(rows), registered
    return [event for event in read_events(ledger) if event.file_id == registered.file_id]


def _written(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _checked(settings: Settings, path: Path) -> CheckedFile:
    """Check the file, or take what was found in one of this name and content under the same settings.

    Many tests begin with the same few rows and are about what comes after: the check is nine tenths of what they take.
    """
    elsewhere = {"database_url": "", "workspace": Path()}
    key = (path.name, path.read_bytes(), repr(settings.model_copy(update=elsewhere)))
    if key not in _FOUND:
        _FOUND[key] = check_file(settings, path, None)
    return replace(_FOUND[key], path=path)


def read_events(ledger: Ledger) -> list[Row[Any]]:
    with ledger.begin() as connection:
        return list(connection.execute(select(events).order_by(events.c.file_id, events.c.ordinal)).all())
