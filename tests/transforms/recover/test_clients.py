"""What counting proves about the events of one client when the ledger that sent them is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transforms.recover.clients import Lost, prove_client
from transforms.recover.proofs import Proof, Said
from transforms.settle.history import History, Transaction
from transforms.vocabulary import How, State

AT = datetime(2026, 9, 20, 17, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
POSTED = Said("posted", None, "nightly-1")
DISCARDED = Said("discarded", "discarded by Ann", "nightly-1")
HELD = Said("held", "more points than guards.max_points_per_event", "nightly-1")


def lost(event_id: str = "a", *, said: Said | None = None, at: datetime = AT, has_time: bool = True) -> Lost:
    return Lost(event_id, "Earned", 10, "Sale", None, at, has_time, said)


def entry(*times: datetime, **values: Any) -> Transaction:
    told = {"action": "Earned", "points": 10, "source": "Sale", "source_id": None, **values}
    return Transaction(action_at_candidates=times or (AT,), **told)


def prove(events: list[Lost], *entries: Transaction, confirmed: tuple[Lost, ...] = ()) -> list[Proof]:
    return prove_client(events, confirmed, History("1", None, entries), LATER)


def states(events: list[Lost], *entries: Transaction, confirmed: tuple[Lost, ...] = ()) -> str:
    """Name the states in order: p for posted, h for held, d for discarded."""
    return "".join(proof.state[0] for proof in prove(events, *entries, confirmed=confirmed))


@pytest.mark.parametrize(
    ("shown", "confirmed", "said", "expected"),
    [
        pytest.param(0, 0, None, "h", id="nothing there"),
        pytest.param(1, 0, None, "p", id="one there"),
        pytest.param(2, 0, None, "p", id="ours, and somebody's that is equal: it is not sent once more"),
        pytest.param(1, 1, None, "h", id="the one there is another event's"),
        pytest.param(2, 1, None, "p", id="one more than another event's"),
        pytest.param(0, 1, None, "h", id="a confirmed one is gone"),
        pytest.param(0, 0, HELD, "h", id="held as of its snapshot"),
        pytest.param(1, 0, HELD, "p", id="held as of its snapshot, and sent since"),
        pytest.param(0, 0, POSTED, "p", id="posted once, and gone or out of sight since"),
        pytest.param(0, 0, DISCARDED, "d", id="discarded"),
        pytest.param(1, 0, DISCARDED, "d", id="discarded, and entered by hand"),
    ],
)
def test_prove_client_of_one_event(shown: int, confirmed: int, said: Said | None, expected: str) -> None:
    entries = [entry()] * shown
    assert states([lost(said=said)], *entries, confirmed=(lost("known"),) * confirmed) == expected


@pytest.mark.parametrize(
    ("shown", "first", "second", "expected"),
    [
        pytest.param(0, None, None, "hh", id="none of them"),
        pytest.param(1, None, None, "ph", id="one of them, whichever"),
        pytest.param(2, None, None, "pp", id="both"),
        pytest.param(1, HELD, POSTED, "hp", id="the one that a snapshot has as posted"),
        pytest.param(1, DISCARDED, None, "dp", id="not the discarded one"),
        pytest.param(2, DISCARDED, None, "dp", id="not the discarded one, though somebody entered it"),
        pytest.param(0, POSTED, None, "ph", id="posted once, and the other not"),
    ],
)
def test_prove_client_of_two_equal_rows(shown: int, first: Said | None, second: Said | None, expected: str) -> None:
    assert states([lost("a", said=first), lost("b", said=second)], *[entry()] * shown) == expected


@pytest.mark.parametrize(
    ("seen", "how"),
    [
        pytest.param(entry(LATER), How.AMBIGUOUS, id="another time"),
        pytest.param(entry(source="Referral"), How.AMBIGUOUS, id="another source"),
        pytest.param(entry(points=-10), How.AMBIGUOUS, id="with a sign"),
        pytest.param(entry(points=11), How.NOT_SHOWN, id="other points"),
        pytest.param(entry(action="Redeemed"), How.NOT_SHOWN, id="the opposite"),
    ],
)
def test_prove_client_holds_what_is_almost_shown_and_says_so(seen: Transaction, how: How) -> None:
    (proof,) = prove([lost()], seen)
    assert (proof.state, proof.how) == (State.HELD, how)


def test_prove_client_gives_each_entry_to_one_event_alone() -> None:
    entries = [entry(), entry(LATER)]
    assert states([lost("a"), lost("b", at=LATER), lost("c", at=LATER)], *entries) == "pph"


def test_prove_client_holds_a_row_whose_time_nobody_knows() -> None:
    (proof,) = prove([lost(has_time=False)], entry())
    assert (proof.state, proof.how) == (State.HELD, How.NO_TIME)
    assert "2026-09-20 17:00:00Z" in proof.reason


def test_prove_client_in_the_doubled_hour_decides_only_where_there_are_enough_for_both() -> None:
    either = entry(AT, LATER)
    both = [lost("a"), lost("b", at=LATER)]
    assert states(both, either, either) == "pp"
    assert states(both, either) == "hh"
    assert states(both, either, confirmed=(lost("known"),)) == "hh"
    assert states([lost("a")], either) == "p"
    assert states([lost("a")], either, confirmed=(lost("known", at=LATER),)) == "h"


def test_prove_client_says_what_the_snapshot_knew() -> None:
    (proof,) = prove([lost(said=HELD)])
    assert "held as of run nightly-1: more points than guards.max_points_per_event" in proof.reason
    assert proof.evidence["snapshot_said"] == "held"
