from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger
from sql.budget import take_calls
from sql.reference import calls_spoken_for, keep_reference, kept_reference, known_events, record_checks
from tests.sql.rows import earned, register
from transforms.vocabulary import Target

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FACT = ("-99", "sale", "9001", "ann")
READ = ("-99", "visits", "ann")


def kept(ledger: Ledger, fresh_since: datetime) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    with ledger.begin() as connection:
        facts, reads = kept_reference(connection, fresh_since)
    return [tuple(fact) for fact in facts], [(*read[:3], read.fetched_at) for read in reads]


def test_keep_reference_gives_back_what_is_fresh(ledger: Ledger):
    with ledger.begin() as connection:
        keep_reference(connection, [FACT], {READ: NOW}, NOW, NOW - DAY)
    assert kept(ledger, NOW - DAY) == ([FACT], [(*READ, NOW)])
    assert kept(ledger, NOW + timedelta(seconds=1)) == ([], [])


def test_keep_reference_renews_what_was_read_again_and_drops_what_is_old(ledger: Ledger):
    other = ("-99", "sale", "9002", "")
    with ledger.begin() as connection:
        keep_reference(connection, [FACT, other], {READ: NOW}, NOW, NOW - DAY)
        keep_reference(connection, [FACT], {READ: NOW + 2 * DAY}, NOW + 2 * DAY, NOW + DAY)
    assert kept(ledger, NOW - DAY) == ([FACT], [(*READ, NOW + 2 * DAY)])


def test_known_events_finds_many_at_once(ledger: Ledger):
    register(ledger, "first", [earned("a")])
    with ledger.begin() as connection:
        [event_id] = connection.execute(text("SELECT event_id FROM events")).scalars()
        assert known_events(connection, [f"none {number}" for number in range(1200)] + [event_id]) == {event_id}
        assert known_events(connection, []) == set()


def test_calls_spoken_for_are_those_made_and_those_that_open_events_need(ledger: Ledger):
    register(ledger, "first", [earned("a", points=1), earned("a", points=2), earned("b")])
    with ledger.begin() as connection:
        take_calls(connection, Target.MINDBODY, NOW.date(), 4, 100)
        assert calls_spoken_for(connection, NOW.date()) == 4 + 3 + 2
        assert calls_spoken_for(connection, NOW.date() + DAY) == 3 + 2


def test_record_checks_keeps_counts_of_a_file(ledger: Ledger):
    register(ledger, "first", [earned("a")])
    with ledger.begin() as connection:
        [file_id] = connection.execute(text("SELECT file_id FROM files")).scalars()
        record_checks(connection, file_id, {("sales", "confirmed"): 3, ("sales", "source_id_not_found"): 1})
        rows = connection.execute(text("SELECT subject, finding, row_count FROM source_id_checks ORDER BY row_count"))
        assert [tuple(row) for row in rows] == [("sales", "source_id_not_found", 1), ("sales", "confirmed", 3)]


def test_source_id_checks_count_something(ledger: Ledger):
    register(ledger, "first", [earned("a")])
    with pytest.raises(DBAPIError), ledger.begin() as connection:
        connection.execute(text("INSERT INTO source_id_checks SELECT file_id, 'sales', 'confirmed', 0 FROM files"))
