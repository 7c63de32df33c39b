"""What the ledger holds of a period, on both databases; and a signature's chain."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy.exc import DatabaseError

from flows.ledger.connection import Ledger
from sql.month import (
    Span,
    base_readings,
    breaks_with_days,
    duplicates_of_period,
    events_of_period,
    gaps_and_parts,
    posted_after,
    rejected_of_period,
)
from sql.proof import keep_readings
from sql.signatures import (
    Signing,
    changed_signature,
    decisions_about_breaks_since,
    decisions_about_events_since,
    first_file_at,
    keep_signature,
    signatures_of,
    signed_spans,
)
from sql.tables.breaks import breaks
from tests.sql.rows import NOW, RUN_ID, earned, register, update
from transforms.destinations import lane_of_client
from transforms.vocabulary import SignedAs

FEBRUARY = Span(
    since_at=datetime(2026, 2, 1, tzinfo=UTC),
    until_at=datetime(2026, 3, 1, tzinfo=UTC),
    taken_since_at=datetime(2026, 3, 1, tzinfo=UTC),
    taken_until_at=datetime(2026, 4, 1, tzinfo=UTC),
)
CLIENT = {lane_of_client("-99", "000123"): ("-99", "000123")}


def test_events_of_a_period_are_those_of_its_days_and_updates_that_were_taken_in(ledger: Ledger) -> None:
    register(ledger, "a", [earned(staff="Kim"), earned(at="2026-03-01T00:00:00Z"), update()])
    register(ledger, "b", [earned()])
    with ledger.begin() as connection:
        found = list(events_of_period(connection, FEBRUARY))
        assert [(row.kind, row.staff, row.was_let_go, row.was_replaced) for row in found] == [
            ("earned", "Kim", False, False),
            ("reward_update", None, False, False),
        ]
        assert found[0].action_at == datetime(2026, 2, 1, 10, tzinfo=UTC)
        assert duplicates_of_period(connection, FEBRUARY) == {found[0].event_id: 1}
        assert list(rejected_of_period(connection, FEBRUARY)) == []


def test_readings_posted_events_and_breaks_of_a_client_are_found_by_its_lane(ledger: Ledger) -> None:
    register(ledger, "a", [earned()])
    with ledger.begin() as connection:
        reading = {"site_id": "-99", "client_id": "000123", "run_id": RUN_ID, "read_at": NOW, "why": "turn"}
        keep_readings(
            connection,
            [reading | {"balance": 40, "is_base": True, "last_attempt_id": 7, "links_count": 0}],
        )
        connection.execute(breaks.insert().values(_BREAK))
        (row,) = base_readings(connection, CLIENT)
        assert (row.balance, row.last_attempt_id, row.read_at) == (40, 7, NOW)
        assert list(posted_after(connection, {lane_of_client("-99", "000123"): -1})) == []
        assert list(gaps_and_parts(connection, CLIENT)) == []
        (broken,) = breaks_with_days(connection)
        assert (broken.about_at, broken.until_at, broken.ended_at) == (NOW, None, None)


_BREAK = {
    "break_id": "b", "class": "unexpected_remote", "target": "mindbody", "site_id": "-99", "client_id": "000123",
    "points": 5, "more": 5, "action_at": NOW, "opened_on": date(2026, 3, 1), "opened_run_id": RUN_ID, "state": "open",
}  # fmt: skip


def test_signatures_are_chained_and_stay_as_they_were_written(ledger: Ledger) -> None:
    register(ledger, "a", [earned()])
    period = {"since_on": date(2026, 2, 1), "until_on": date(2026, 2, 28)}
    with ledger.begin() as connection:
        for role in SignedAs:
            keep_signature(connection, Signing(NOW, actor="ann", by_name="Ann", role=role, content="{}", **period))
        kept = signatures_of(connection, **period)
        assert [row.role for row in kept] == ["preparer", "approver"]
        assert kept[1].previous_hash == kept[0].hash
        assert (changed_signature(connection), signed_spans(connection)) == (None, [tuple(period.values())])
        assert decisions_about_events_since(connection, 0) == decisions_about_breaks_since(connection, 0, ["b"]) == []
        assert first_file_at(connection) == NOW
    with pytest.raises(DatabaseError, match="append-only"), ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE signatures SET by_name = 'Eve'")


def test_amounts_of_bad_rows_are_exact(ledger: Ledger) -> None:
    from sql.sheet_totals import SheetTotal, keep_sheet_totals

    registered = register(ledger, "a", [earned()])
    assert registered is not None
    with ledger.begin() as connection:
        bad = SheetTotal("rejected", "reward_update", "", 2, 0, Decimal("0.30"))
        keep_sheet_totals(connection, registered.file_id, [bad])
        (row,) = rejected_of_period(connection, FEBRUARY)
        assert (row["row_count"], row["amount"]) == (2, Decimal("0.30"))
