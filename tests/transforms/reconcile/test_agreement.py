from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from transforms.reconcile.agreement import Shown, agrees
from transforms.reconcile.chain import Base, Chain, Flaw
from transforms.vocabulary import Outcome

LAST_AT = datetime(2026, 9, 20, 3, tzinfo=UTC)
CHAIN = Chain(Base(100, LAST_AT - timedelta(days=3)), 130, LAST_AT, 2, None)
LATER, EARLIER = LAST_AT + timedelta(hours=1), LAST_AT - timedelta(hours=1)


def foreign(more: int, at: datetime, outcome: Outcome = Outcome.UNEXPECTED_REMOTE, *, known: bool = False) -> Shown:
    return Shown(outcome, more, at, is_ours=False, was_known=known)


def ours(outcome: Outcome) -> Shown:
    return Shown(outcome, 0, EARLIER, is_ours=True, was_known=False)


@pytest.mark.parametrize(
    ("balance", "shown", "says"),
    [
        pytest.param(130, [], True, id="as the answers came to"),
        pytest.param(130, [ours(Outcome.MATCHED)], True, id="and every event is there"),
        pytest.param(131, [], False, id="another balance"),
        pytest.param(None, [], None, id="no balance told"),
        pytest.param(150, [foreign(20, LATER)], True, id="an entry after the last answer"),
        pytest.param(130, [foreign(20, LATER)], False, id="one that the balance does not hold"),
        pytest.param(150, [foreign(20, EARLIER)], False, id="an entry before the last answer"),
        pytest.param(130, [foreign(20, EARLIER), foreign(-20, EARLIER)], False, id="two that cancel each other out"),
        pytest.param(130, [foreign(20, EARLIER, known=True)], True, id="an entry that the base holds already"),
        pytest.param(120, [foreign(-10, LATER, Outcome.REVERSED_REMOTE)], True, id="removed after the last answer"),
        pytest.param(140, [foreign(10, LATER, Outcome.DUPLICATE_REMOTE)], True, id="committed again later"),
        pytest.param(120, [ours(Outcome.MISSING_REMOTE)], False, id="an event is not there"),
        pytest.param(130, [ours(Outcome.LATE)], False, id="an event is not there yet"),
        pytest.param(130, [ours(Outcome.TIME_MISMATCH)], False, id="an event is there otherwise"),
    ],
)
def test_agrees(balance: int | None, shown: list[Shown], says: bool | None) -> None:
    assert agrees(CHAIN, balance, shown) is says


def test_a_chain_that_does_not_hold_or_has_no_link_says_nothing() -> None:
    assert agrees(replace(CHAIN, flaw=Flaw.MOVED), 130, []) is None
    assert agrees(replace(CHAIN, links_count=0), 130, []) is None
