from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transforms.reconcile.chain import Base, Chain, Flaw
from transforms.reconcile.proof import Client, Facts, Proof, Proofs, Why, turns, why_read

NOW = datetime(2026, 9, 20, 3, tzinfo=UTC)
WEEK = timedelta(days=7)
WHOLE = Chain(Base(100, NOW - timedelta(days=3)), 130, NOW, 2, None)
PROVED = Facts(
    is_trusted=True,
    is_doubtful=False,
    is_watched=False,
    has_break=False,
    chain=WHOLE,
    unread_count=2,
    linked_count=2,
)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({}, None, id="proved by the balance"),
        pytest.param({"is_doubtful": True}, Why.IN_DOUBT, id="unknown, or on its way"),
        pytest.param({"has_break": True}, Why.OPEN_BREAK, id="open break"),
        pytest.param({"is_watched": True}, Why.WATCHED, id="under watch"),
        pytest.param({"chain": None}, Why.NO_BASE, id="first contact"),
        *(pytest.param({"chain": replace(WHOLE, flaw=flaw)}, Why.BROKEN, id=flaw.name) for flaw in Flaw),
        pytest.param({"unread_count": 3}, Why.NOT_LINKED, id="one was settled, recovered or sent before"),
        pytest.param({"linked_count": 3}, Why.NOT_LINKED, id="more links than events"),
        pytest.param({"is_trusted": False}, Why.NOT_TRUSTED, id="site not trusted"),
        pytest.param({"unread_count": 0, "linked_count": 0}, Why.NOTHING_NEW, id="nothing new"),
    ],
)
def test_one_thing_that_is_not_as_it_should_be_lets_a_client_be_read(changes: dict[str, Any], why: Why | None) -> None:
    assert why_read(replace(PROVED, **changes)) is why


def test_the_most_doubtful_reason_is_told_and_stands_first() -> None:
    everything = Facts(False, True, True, True, None, 3, 0)
    assert why_read(everything) is Why.IN_DOUBT is next(iter(Why))
    assert list(Why).index(Why.BROKEN) < list(Why).index(Why.NO_BASE) < list(Why).index(Why.TURN)


def waiting(*days: float) -> dict[Client, datetime]:
    return {("-99", str(number)): NOW - timedelta(days=day) for number, day in enumerate(days)}


@pytest.mark.parametrize(
    ("days", "most", "read"),
    [
        pytest.param([], 10, [], id="nobody waits"),
        pytest.param([1, 2, 3], 10, [], id="few, and none is due"),
        pytest.param([1, 6, 3], 10, ["1"], id="due: the next night would come too late"),
        pytest.param([9, 8, 7, 6], 10, ["0", "1", "2", "3"], id="all overdue"),
        pytest.param([9, 8, 7, 6], 2, ["0", "1"], id="calls are short: the longest waiting first"),
        pytest.param([9], 0, [], id="no calls"),
        pytest.param([1] * 14, 10, ["0", "1"], id="a night's share goes earlier"),
        pytest.param([1] * 13 + [5], 10, ["13", "0"], id="the share begins with who waits longest"),
    ],
)
def test_whose_turn_it_is(days: list[float], most: int, read: list[str]) -> None:
    assert [client_id for _, client_id in turns(waiting(*days), NOW, WEEK, most)] == read


def test_without_a_share_only_those_who_are_due_are_read() -> None:
    assert [client_id for _, client_id in turns(waiting(*[1] * 13, 6), NOW, WEEK, 10, with_share=False)] == ["13"]


def test_a_period_of_a_day_reads_everybody_every_night() -> None:
    assert len(turns(waiting(0, 0.5, 3), NOW, timedelta(days=1), 10)) == 3


def test_what_was_read_and_what_is_not_trusted_any_more_is_not_proved() -> None:
    proof = Proof(WHOLE, 30, 0, frozenset({"a"}))
    proofs = Proofs({}, {("-99", "1"): proof, ("-99", "2"): proof, ("7", "1"): proof})
    assert set(proofs.without([("-99", "1")], []).proved) == {("-99", "2"), ("7", "1")}
    assert set(proofs.without([], ["-99"]).proved) == {("7", "1")}
