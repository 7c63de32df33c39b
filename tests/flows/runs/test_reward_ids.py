"""A reward that two files spell in two ways is one, from the key of its updates to the match with the service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from tests.flows.workplace import Workplace, open_workplace

HEADINGS = "RewardId,PayoutId,Amount"
PAYOUT = "35b10000-0000-4000-8000-000000000001"
OTHER_PAYOUT = "35b10000-0000-4000-8000-0000000000ff"  # the service has no such payout


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    with start_sandbox(state=tmp_path / "sandbox.db") as ready:
        yield open_workplace(tmp_path / "place", ready)


def night(workplace: Workplace, name: str, *rows: str) -> dict[str, Any]:
    workplace.put(name, *rows, headings=HEADINGS)
    return workplace.run().totals


def test_run_posts_a_reward_that_a_second_file_spells_in_capitals(workplace: Workplace) -> None:
    first = night(workplace, "a.csv", f"{reward_id(1)},{PAYOUT},11")
    second = night(workplace, "b.csv", f"{reward_id(1).upper()},{PAYOUT.upper()},12")
    assert [first["posted"], second["posted"]] == [1, 1]
    assert [second["ties_out"], second["breaks_open"]] == [True, 0]
    assert [line["amount"] for line in workplace.talk.log()] == ["11", "12"]


@pytest.mark.long
def test_run_sends_the_id_as_the_sheet_spells_it(workplace: Workplace) -> None:
    night(workplace, "a.csv", f"{reward_id(1).upper()},{PAYOUT},11")
    assert workplace.rows("SELECT reward_id FROM events") == [{"reward_id": reward_id(1).upper()}]


@pytest.mark.long
def test_run_knows_the_same_values_under_another_spelling(workplace: Workplace) -> None:
    night(workplace, "a.csv", f"{reward_id(1)},{PAYOUT},11")
    again = night(workplace, "b.csv", f"{reward_id(1).upper()},{PAYOUT.upper()},11.00")
    assert [again["duplicate"], again["posted"]] == [1, 0]


@pytest.mark.long
def test_run_matches_a_posted_update_beside_a_refused_one_in_another_spelling(workplace: Workplace) -> None:
    night(workplace, "a.csv", f"{reward_id(1)},{PAYOUT},11")
    second = night(workplace, "b.csv", f"{reward_id(1).upper()},{OTHER_PAYOUT},12")
    assert second["refused"] == 1
    assert set(workplace.breaks().values()) == {"refused"}
    assert second["ties_out"]
