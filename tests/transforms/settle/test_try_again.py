"""What speaks against sending a refused event again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from transforms.settle.history import History, Transaction
from transforms.settle.try_again import decide_another_try, edits_against, entries_against
from transforms.vocabulary import State

AT = datetime(2026, 9, 20, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Event:
    action: str = "Earned"
    points: int = 10
    source: str | None = "Sale"
    source_id: int | None = None
    action_at: datetime = AT


def entry(at: datetime = AT, action: str = "Earned", points: int = 10, source: str | None = "Sale") -> Transaction:
    return Transaction(action, points, source, None, (at,))


def against(entries: Sequence[Transaction], posted: Sequence[datetime] = ()) -> int:
    return len(entries_against(Event(), History("c", 0, tuple(entries)), posted))


@pytest.mark.parametrize(
    ("entries", "posted", "count"),
    [
        pytest.param([], [], 0, id="nothing is there"),
        pytest.param([entry()], [], 1, id="it is there"),
        pytest.param([entry()], [AT], 0, id="an equal one of ours"),
        pytest.param([entry(), entry()], [AT], 1, id="one of two is ours"),
        pytest.param([entry(AT + 900 * HOUR)], [], 1, id="by hand, under a later day"),
        pytest.param([entry(source=None)], [], 1, id="by hand, without a source"),
        pytest.param([entry(action="earned", points=-10)], [], 1, id="told a little differently"),
        pytest.param([entry(points=11)], [], 0, id="other points"),
        pytest.param([entry(action="Redeemed")], [], 0, id="the other action"),
        pytest.param([entry(AT + HOUR)], [AT], 1, id="ours accounts for its own time alone"),
        pytest.param([Transaction("Earned", 10, "Sale", None, (AT, AT + HOUR))], [AT + HOUR], 0, id="the doubled hour"),
    ],
)
def test_entries_against_are_those_that_nobody_accounts_for(
    entries: list[Transaction], posted: list[datetime], count: int
) -> None:
    assert against(entries, posted) == count


@pytest.mark.parametrize(
    ("lines", "shown", "state"),
    [
        pytest.param([], None, State.READY, id="nothing"),
        pytest.param(["a"], None, State.HELD, id="something"),
        pytest.param(["a"], ["a"], State.READY, id="a person has seen it"),
        pytest.param(["a", "a"], ["a"], State.HELD, id="one more of the same"),
        pytest.param(["b"], ["a"], State.HELD, id="another one"),
        pytest.param([], ["a"], State.READY, id="what was there is gone"),
    ],
)
def test_decide_another_try_asks_about_what_no_person_has_seen(
    lines: list[str], shown: list[str] | None, state: State
) -> None:
    decided = decide_another_try(lines, None if shown is None else {"against": shown}, {"read_at": "now"})
    assert (decided.state, decided.evidence) == (state, {"read_at": "now", "against": lines})


@pytest.mark.parametrize(
    ("differing", "now", "then", "count"),
    [
        pytest.param([], {"amount": "12"}, None, 1, id="set already"),
        pytest.param(["amount"], {"amount": "12"}, None, 0, id="nobody knows what it was"),
        pytest.param(["amount"], {"amount": "12"}, {"amount": "12"}, 0, id="as it was"),
        pytest.param(["amount"], {"amount": "12"}, {"amount": "10"}, 1, id="edited since"),
        pytest.param(["amount"], {"amount": "12"}, {"amount": "12", "description": "x"}, 1, id="emptied since"),
    ],
)
def test_edits_against_are_values_set_already_or_edited_since(
    differing: list[str], now: dict[str, str], then: dict[str, str] | None, count: int
) -> None:
    assert len(edits_against(differing, now, then)) == count
