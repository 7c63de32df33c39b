"""Balances over a period: from the reading before its first event to one after its last."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from transforms.totals.client_balances import Proof
from transforms.totals.period_balances import ClientFacts, Moved, Posted, Reading, period_balances

FIRST = datetime(2026, 9, 2, tzinfo=UTC)
ENDS = {"-99": datetime(2026, 10, 1, tzinfo=UTC)}


def night(day: int) -> datetime:
    return FIRST + timedelta(days=day)


# Posted: 5 of August by attempt 1, 10 and 3 of September by attempts 2 and 4, 7 of August by attempt 3.
FACTS = ClientFacts(
    site_id="-99",
    client_id="1",
    earned=10,
    redeemed=3,
    first_attempt_id=2,
    last_attempt_id=4,
    is_proved=False,
    is_unread=False,
    readings=[Reading(night(0), 105, 1), Reading(night(9), 119, 4)],
    posted=[Posted(2, 10, 115), Posted(3, 7, 122), Posted(4, -3, 119)],
    moved=[],
)


def test_what_is_of_other_days_has_a_column_and_all_adds_up() -> None:
    (row,) = period_balances([FACTS], ENDS).to_dict("records")
    assert (row["opening"], row["other_days"], row["closing"], row["difference"]) == (105, 7, 119, 0)
    assert row["proof"] == Proof.READ


def test_a_reading_of_after_the_period_counts_only_where_none_lies_within() -> None:
    later = Reading(night(40), 150, 4)
    (within,) = period_balances([replace(FACTS, readings=[*FACTS.readings, later])], ENDS).to_dict("records")
    (after,) = period_balances([replace(FACTS, readings=[FACTS.readings[0], later])], ENDS).to_dict("records")
    assert (within["closing"], after["closing"], after["difference"]) == (119, 150, 31)


@pytest.mark.parametrize(
    ("moved", "column", "points"),
    [
        pytest.param(Moved("unexpected_remote", 20, night(9), None, False, False), "others", 20, id="others"),
        pytest.param(Moved("reversed_remote", -5, night(9), None, False, False), "taken_back", -5, id="returned"),
        pytest.param(Moved("unexpected_remote", -8, night(9), None, True, False), "without_entry", -8, id="expired"),
    ],
)
def test_what_moved_a_balance_besides_has_its_column(moved: Moved, column: str, points: int) -> None:
    readings = [FACTS.readings[0], Reading(night(9), 119 + points, 4)]
    (row,) = period_balances([replace(FACTS, readings=readings, moved=[moved])], ENDS).to_dict("records")
    assert (row[column], row["difference"]) == (points, 0)


def test_an_entry_that_explains_a_balance_of_before_is_told_once() -> None:
    gap = Moved("unexpected_remote", 20, night(9), None, True, False)
    entry = Moved("unexpected_remote", 20, night(9), None, False, True)
    readings = [FACTS.readings[0], Reading(night(9), 139, 4)]
    (row,) = period_balances([replace(FACTS, readings=readings, moved=[gap, entry])], ENDS).to_dict("records")
    assert (row["others"], row["without_entry"], row["difference"]) == (20, 0, 0)


def test_a_client_that_its_balance_alone_proves_is_told_so() -> None:
    facts = replace(FACTS, readings=FACTS.readings[:1], is_proved=True)
    (row,) = period_balances([facts], ENDS).to_dict("records")
    assert (row["proof"], row["closing"], row["difference"], row["proved_since_at"]) == (
        Proof.BALANCE, 119, 0, night(0),
    )  # fmt: skip


def test_of_a_client_that_nobody_read_nothing_is_concluded() -> None:
    facts = replace(FACTS, readings=[], is_unread=True)
    (row,) = period_balances([facts], ENDS).to_dict("records")
    assert (row["proof"], row["earned"]) == (Proof.NOT_READ, 10)
