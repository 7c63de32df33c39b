"""A raw row that is known and reads as another event is held, on both databases, and says both readings."""

import pytest

from flows.ledger.connection import Ledger
from tests.sql.rows import Row, earned, fates, register, rows_of, update

FIVE = "2026-02-01T17:00:00Z"
TEN = "2026-02-01T22:00:00Z"
LATER = "2026-02-02T03:00:00Z"


def held_reason(ledger: Ledger) -> str:
    ((reason,),) = rows_of(ledger, "SELECT state_reason FROM events WHERE state = 'held'")
    return str(reason)


def test_register_holds_a_known_row_that_reads_as_another_event(ledger: Ledger) -> None:
    assert fates(register(ledger, "a.csv", [earned(at=FIVE, fingerprint=7)])) == {"accepted": 1}
    assert fates(register(ledger, "b.csv", [earned(at=TEN, fingerprint=7)])) == {"held": 1}
    assert held_reason(ledger) == (
        "this row was read before as Sun 1 Feb 2026, 5:00 pm UTC and waits to be sent; "
        "now it reads as Sun 1 Feb 2026, 10:00 pm UTC. Approve it only if it is another event, else discard it"
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param(earned(at=None, fingerprint=7), "now it reads as a row without a time", id="undated"),
        pytest.param(earned(at=FIVE, points=12, fingerprint=7), "before as Earned 10 points and", id="points"),
        pytest.param(earned(at=FIVE, source=None, fingerprint=7), "now it reads as no source", id="source"),
        pytest.param(earned("AB1", at=TEN, fingerprint=7), "client 000123, Sun 1 Feb 2026, 5:00 pm UTC", id="client"),
    ],
)
def test_register_says_what_differs(ledger: Ledger, row: Row, words: str) -> None:
    register(ledger, "a.csv", [earned(at=FIVE, fingerprint=7)])
    register(ledger, "b.csv", [row])
    assert words in held_reason(ledger)


def test_register_holds_an_update_that_reads_otherwise(ledger: Ledger) -> None:
    register(ledger, "a.csv", [update(eligibility_on="2026-02-02", fingerprint=7)])
    again = register(ledger, "b.csv", [update(eligibility_on="2026-02-01", fingerprint=7)])
    assert fates(again) == {"held": 1}
    assert "before as eligible on 2 Feb 2026 and" in held_reason(ledger)


def test_register_takes_equal_rows_as_it_did(ledger: Ledger) -> None:
    row = earned(at=FIVE, fingerprint=7)
    assert fates(register(ledger, "a.csv", [row, row])) == {"accepted": 2}
    assert fates(register(ledger, "b.csv", [row, row, row])) == {"accepted": 1, "duplicate": 2}


def test_register_holds_every_equal_row_that_reads_otherwise(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=FIVE, fingerprint=7)])
    rows = [earned(at=TEN, fingerprint=7)] * 2
    assert fates(register(ledger, "b.csv", [*rows, earned(at=TEN, points=3, fingerprint=8)])) == {
        "accepted": 1,
        "held": 2,
    }


def test_register_asks_once_about_a_row_that_reads_otherwise(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=FIVE, fingerprint=7)])
    register(ledger, "b.csv", [earned(at=TEN, fingerprint=7)])
    again = register(ledger, "c.csv", [earned(at=TEN, fingerprint=7), earned(at=FIVE, fingerprint=7)])
    assert fates(again) == {"duplicate": 2}


def test_register_knows_a_row_that_brought_a_known_event_in_another_spelling(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=FIVE, fingerprint=7)])
    assert fates(register(ledger, "b.csv", [earned(at=FIVE, fingerprint=8)])) == {"duplicate": 1}
    assert fates(register(ledger, "c.csv", [earned(at=TEN, fingerprint=8)])) == {"held": 1}


def test_register_knows_a_receipt_beside_the_same_cells_whatever_they_read_as(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=FIVE, fingerprint=7)])
    ((receipt,),) = rows_of(ledger, "SELECT event_id FROM events")
    rows = [earned(at=TEN, fingerprint=7, receipt=receipt), earned(at=TEN, points=11, fingerprint=9, receipt=receipt)]
    assert fates(register(ledger, "b.csv", rows)) == {"duplicate": 1, "rejected": 1}


def test_register_takes_a_row_without_a_fingerprint_as_it_did(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=FIVE)])
    assert fates(register(ledger, "b.csv", [earned(at=TEN), earned(at=FIVE)])) == {"accepted": 1, "duplicate": 1}


def test_register_keeps_the_same_spelling_once(ledger: Ledger) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        register(ledger, name, [earned(at=FIVE, fingerprint=7), earned(at=TEN, fingerprint=2**63 - 1)])
    assert rows_of(ledger, "SELECT * FROM known_rows") == []


def test_register_holds_a_new_row_that_equals_an_event_which_was_misread(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=TEN, fingerprint=7)])
    # By the zone that is known now, the row of before is of another time, and a new row of that one.
    again = register(ledger, "b.csv", [earned(at=LATER, fingerprint=7), earned(at=TEN, fingerprint=9)])
    assert fates(again) == {"held": 2}
    assert rows_of(ledger, "SELECT count(*) FROM events") == [(3,)]


def test_register_knows_a_known_row_that_equals_a_misread_event(ledger: Ledger) -> None:
    register(ledger, "a.csv", [earned(at=TEN, fingerprint=7), earned(at=FIVE, fingerprint=9)])
    again = register(ledger, "b.csv", [earned(at=LATER, fingerprint=7), earned(at=TEN, fingerprint=9)])
    assert fates(again) == {"held": 1, "duplicate": 1}
