"""The nights of a span of time, what each brought and first saw, and what waits by site. Times are aware UTC."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Result, Row

from sql.queries import rows_query


def nights_between(connection: Connection, since_at: datetime, until_at: datetime) -> Sequence[Row[Any]]:
    """Return the nights that began in a span: run_id, started_at, finished_at, seen_at, failure, summary (JSON)."""
    return connection.execute(rows_query("nights_between"), {"since_at": since_at, "until_at": until_at}).all()


def night_of(connection: Connection, run_id: str) -> Row[Any] | None:
    """Return one night by its run; None where there is none."""
    return connection.execute(rows_query("night_of"), {"run_id": run_id}).one_or_none()


def nights_around(connection: Connection, started_at: datetime) -> Row[Any]:
    """Return before_id and after_id, the nights beside one; each None where there is none."""
    return connection.execute(rows_query("nights_around"), {"started_at": started_at}).one()


def open_breaks_by_run(connection: Connection, since_on: date, until_on: date) -> Sequence[Row[Any]]:
    """Return what is open now by the run that first saw it: run_id, site_id (None: a reward), class, breaks_count."""
    values = {"since_on": since_on, "until_on": until_on}
    return connection.execute(rows_query("open_breaks_by_run"), values).all()


def unsettled_by_run(connection: Connection) -> Sequence[Row[Any]]:
    """Return what is not sure yet, or still to be posted, by the run that took it in: run_id, site_id, events_count."""
    return connection.execute(rows_query("unsettled_by_run")).all()


def uncompared_by_run(connection: Connection) -> Sequence[Row[Any]]:
    """Return what was posted and not compared yet, by the run that took it in: run_id, site_id, events_count."""
    return connection.execute(rows_query("uncompared_by_run")).all()


def rows_of_runs(connection: Connection, since_at: datetime, until_at: datetime) -> Sequence[Row[Any]]:
    """Return how many rows each run accepted at each site ("": rewards): run_id, site_id, rows_count."""
    return connection.execute(rows_query("rows_of_runs"), {"since_at": since_at, "until_at": until_at}).all()


def waiting_by_site(connection: Connection) -> Sequence[Row[Any]]:
    """Return what waits: site_id (None: rewards), what (held, unknown, ready, refused), events_count, since_at."""
    return connection.execute(rows_query("waiting_by_site")).all()


def open_breaks_by_site(connection: Connection) -> Sequence[Row[Any]]:
    """Return what differs, by the run that first saw it: site_id ("": rewards), class, breaks_count, since_at."""
    return connection.execute(rows_query("open_breaks_by_site")).all()


def events_with_places(connection: Connection, event_ids: Iterable[str]) -> Result[Any]:
    """Return these events with the row of the sheet that each came from: what it says, file, sheet, row."""
    given = json.dumps(dict.fromkeys(event_ids))
    return connection.execute(rows_query("events_with_places"), {"given": given})
