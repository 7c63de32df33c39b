"""What pages of nights and months ask the ledger, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from sql.breaks import update_breaks
from sql.figures import ledger_stamp
from sql.month import rejected_cells
from sql.nights import (
    events_with_places,
    night_of,
    nights_around,
    nights_between,
    open_breaks_by_run,
    open_breaks_by_site,
    rows_of_runs,
    unsettled_by_run,
    waiting_by_site,
)
from sql.reversals import Entry, Request, offsets_waiting, plan_reversal
from sql.runs import finish_run, start_run
from tests.sql.test_breaks import FOUND
from transforms.vocabulary import Action

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def connection(ledger: Ledger) -> Any:
    with ledger.begin() as connection:
        for number in range(3):
            start_run(connection, f"night-{number}", "nightly", NOW + number * DAY)
        finish_run(connection, "night-0", NOW + timedelta(hours=1), {"rows_read": 3})
        extra = {**FOUND, "points_service": 7, "more": 7}
        refused = {**FOUND, "break_id": "b2", "class": "refused", "site_id": None, "target": "referral_rock"}
        update_breaks(connection, [extra, refused], [], run_id="night-1", now=NOW + DAY)
        entry = Entry("-99", "100000001", Action.EARNED, 7, break_id="b1")
        plan_reversal(connection, "reverse-1", [entry], Request("reversals of extra entries", "Ana", "twice", NOW))
        yield connection


def test_nights_are_found_in_order_with_those_beside_them(connection: Connection) -> None:
    found = nights_between(connection, NOW, NOW + 2 * DAY)
    assert [row.run_id for row in found] == ["night-0", "night-1"]
    assert (found[0].started_at, found[0].finished_at) == (NOW, NOW + timedelta(hours=1))
    assert night_of(connection, "reverse-1") is None
    beside = nights_around(connection, NOW + DAY)
    assert (beside.before_id, beside.after_id) == ("night-0", "night-2")
    assert nights_around(connection, NOW).before_id is None


def test_what_is_open_is_counted_by_the_run_that_saw_it_first(connection: Connection) -> None:
    day = (NOW + DAY).date()
    by_run = {(row.run_id, row.site_id): row.breaks_count for row in open_breaks_by_run(connection, day, day)}
    assert by_run == {("night-1", "-99"): 1, ("night-1", None): 1}
    assert not open_breaks_by_run(connection, day + DAY, day + DAY)
    differing = {(row.site_id, row.since_at) for row in open_breaks_by_site(connection)}
    assert differing == {("-99", NOW + DAY), ("", NOW + DAY)}


def test_what_waits_is_told_by_site_since_when(connection: Connection) -> None:
    waiting = [(row.site_id, row.what, row.events_count, row.since_at) for row in waiting_by_site(connection)]
    assert waiting == [("-99", "held", 1, NOW)]
    assert unsettled_by_run(connection) == []
    assert rows_of_runs(connection, NOW, NOW + DAY) == []
    extra = offsets_waiting(connection, "-99")
    assert [(row.break_id, row.requested_by, row.action, row.points) for row in extra] == [("b1", "Ana", "Redeemed", 7)]
    assert offsets_waiting(connection, "7") == []


def test_rows_are_found_with_their_places(connection: Connection) -> None:
    event_id = connection.exec_driver_sql("SELECT event_id FROM events").scalar_one()
    row = events_with_places(connection, [event_id, "nothing"]).one()
    assert (row.site_id, row.client_id, row.points, row.file) == ("-99", "100000001", 7, "reversals of extra entries")
    assert rejected_cells(connection, [1, 2]) == []


def test_the_stamp_moves_with_a_run_and_with_a_difference(connection: Connection) -> None:
    before = tuple(ledger_stamp(connection))
    assert tuple(ledger_stamp(connection)) == before
    update_breaks(connection, [{**FOUND, "break_id": "b3"}], [], run_id="night-2", now=NOW)
    moved = tuple(ledger_stamp(connection))
    assert moved != before
    finish_run(connection, "night-1", NOW + DAY, {})
    assert tuple(ledger_stamp(connection)) != moved
