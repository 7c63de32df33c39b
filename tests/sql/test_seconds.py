"""Rows of one second whose fractions contradict each other, on both databases."""

from collections.abc import Sequence

import pytest

from flows.ledger.connection import Ledger
from tests.sql.rows import Row, earned, fates, register, rows_of

ACCEPTED, DUPLICATE, HELD = "accepted", "duplicate", "held"


def second(*fractions: str | None) -> list[Row]:
    return [earned(action_fraction=fraction, fingerprint=7) for fraction in fractions]


@pytest.mark.parametrize(
    ("first", "then", "ended"),
    [
        pytest.param(["100"], ["100"], {DUPLICATE: 1}, id="the same"),
        pytest.param(["100"], [None], {DUPLICATE: 1}, id="cut off"),
        pytest.param([None], ["100"], {DUPLICATE: 1}, id="cut off before"),
        pytest.param(["123"], ["12"], {DUPLICATE: 1}, id="cut in part"),
        pytest.param(["100"], ["900"], {HELD: 1}, id="another one"),
        pytest.param(["100"], ["100", "900"], {DUPLICATE: 1, ACCEPTED: 1}, id="the known one and a further one"),
        pytest.param(["100"], ["900", "950"], {HELD: 2}, id="two others"),
        pytest.param(["100", "900"], ["900", "950"], {DUPLICATE: 1, HELD: 1}, id="one of two, and another one"),
        pytest.param(["100", "900"], ["900", "100"], {DUPLICATE: 2}, id="in another order"),
        pytest.param(["100", "900"], ["900"], {DUPLICATE: 1}, id="the second of two"),
        pytest.param(["100", "900"], [None, None, None], {DUPLICATE: 2, ACCEPTED: 1}, id="three without"),
    ],
)
def test_register_tells_rows_of_one_second_apart(
    ledger: Ledger, first: Sequence[str | None], then: Sequence[str | None], ended: dict[str, int]
) -> None:
    assert fates(register(ledger, "a.csv", second(*first))) == {ACCEPTED: len(first)}
    assert fates(register(ledger, "b.csv", second(*then))) == ended
    again = fates(register(ledger, "c.csv", second(*then)))
    assert again == {DUPLICATE: len(then)}


def test_register_says_which_fractions_differ(ledger: Ledger) -> None:
    register(ledger, "a.csv", second("100"))
    register(ledger, "b.csv", second("900"))
    ((reason,),) = rows_of(ledger, "SELECT state_reason FROM events WHERE state = 'held'")
    assert "(.100 there, .900 here)" in reason


def test_register_orders_events_of_one_second_by_their_fractions(ledger: Ledger) -> None:
    register(ledger, "a.csv", second("900", "100"))
    found = rows_of(ledger, "SELECT action_fraction FROM events ORDER BY order_at")
    assert found == [("100",), ("900",)]


def test_register_rejects_a_receipt_beside_another_fraction(ledger: Ledger) -> None:
    register(ledger, "a.csv", second("100"))
    ((receipt,),) = rows_of(ledger, "SELECT event_id FROM events")
    rows = [earned(action_fraction=fraction, fingerprint=7, receipt=receipt) for fraction in ("900", None)]
    assert fates(register(ledger, "b.csv", rows[:1])) == {"rejected": 1}
    assert fates(register(ledger, "c.csv", rows[1:])) == {DUPLICATE: 1}
