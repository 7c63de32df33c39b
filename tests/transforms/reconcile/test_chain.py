from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transforms.reconcile.chain import Base, Chain, Flaw, Link, follow

READ_AT = datetime(2026, 9, 20, 3, tzinfo=UTC)
BASE = Base(100, READ_AT)


def link(number: int, change: int, balance: int | None, **more: Any) -> Link:
    return replace(Link(number, change, True, True, balance, READ_AT + timedelta(minutes=number)), **more)


def test_each_answer_follows_from_the_one_before() -> None:
    chain = follow(BASE, [link(1, 10, 110), link(2, -30, 80), link(3, 5, 85)])
    assert chain == Chain(BASE, 85, READ_AT + timedelta(minutes=3), 3, None)
    assert chain.is_whole


def test_a_base_alone_is_whole_and_proves_nothing_more() -> None:
    assert follow(BASE, []) == Chain(BASE, 100, READ_AT, 0, None)


@pytest.mark.parametrize(
    ("second", "flaw"),
    [
        pytest.param(link(2, 5, 115, is_confirmed=False), Flaw.UNCONFIRMED, id="refused, lost, or still on its way"),
        pytest.param(link(2, 5, None, is_confirmed=False), Flaw.UNCONFIRMED, id="killed before it was recorded"),
        pytest.param(link(2, 5, 115, is_echo=False), Flaw.NO_ECHO, id="told otherwise, or twice"),
        pytest.param(link(2, 5, None), Flaw.NO_BALANCE, id="no balance"),
        pytest.param(link(2, 5, 120), Flaw.MOVED, id="committed twice"),
        pytest.param(link(2, 5, 110), Flaw.MOVED, id="not committed"),
        pytest.param(link(2, 5, 165), Flaw.MOVED, id="an entry by hand"),
        pytest.param(link(2, 5, 105), Flaw.MOVED, id="points expired"),
        pytest.param(link(2, -5, 115), Flaw.MOVED, id="the wrong way"),
        pytest.param(link(2, 2**63 - 1, -(2**63) + 109), Flaw.MOVED, id="past 64 bits, wrapped around"),
    ],
)
def test_one_link_that_does_not_hold_breaks_it_for_good(second: Link, flaw: Flaw) -> None:
    first = link(1, 10, 110)
    after = link(3, 1, (second.balance or 115) + 1)
    assert follow(BASE, [first, second, after]) == Chain(BASE, 110, READ_AT + timedelta(minutes=1), 1, flaw)


def test_two_foreign_entries_that_cancel_out_between_two_answers_do_not_show() -> None:
    assert follow(BASE, [link(1, 10, 110), link(2, 5, 115)]).is_whole  # +50 and -50 in between


def test_links_are_taken_in_the_order_of_their_requests() -> None:
    assert follow(BASE, [link(2, 5, 115), link(1, 10, 110)]).is_whole
