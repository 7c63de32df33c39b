import dataclasses

import pandas as pd
import pytest

from tests.truth.compare import compare, compare_outcomes
from tests.truth.seeded import BREAKS, seed_sides
from tests.truth.seeded_rewards import BREAKS as REWARD_BREAKS
from tests.truth.seeded_rewards import compare_rewards, seed_rewards
from transforms.vocabulary import Outcome


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_matching_finds_every_seeded_break_and_no_other(seed: int) -> None:
    lines = compare(seed_sides(1_000, 200, seed))
    assert [line for line in lines if not line.agrees] == []
    assert {line.seeded for line in lines if line.outcome != Outcome.MATCHED} == {200 // len(BREAKS)}


def test_the_same_seed_makes_the_same_sides() -> None:
    first, again = (seed_sides(500, 50, 7) for _ in range(2))
    for field in dataclasses.fields(first):
        pd.testing.assert_frame_equal(getattr(first, field.name), getattr(again, field.name))


@pytest.mark.parametrize("outcome", BREAKS)
def test_a_wrong_class_shows(outcome: str) -> None:
    sides = seed_sides(500, 50, 7)
    truth = sides.truth.assign(outcome=sides.truth["outcome"].replace(str(outcome), "matched"))
    assert {line.outcome for line in compare_outcomes(sides, truth) if not line.agrees} == {"matched", str(outcome)}


def test_the_right_classes_of_the_wrong_events_show() -> None:
    sides = seed_sides(500, 50, 7)
    is_refused, is_late = sides.truth["outcome"].eq("refused"), sides.truth["outcome"].eq("late")
    swapped = sides.truth.assign(outcome=sides.truth["outcome"].mask(is_refused, "late").mask(is_late, "refused"))
    wrong = [line for line in compare_outcomes(sides, swapped) if not line.agrees]
    assert [(line.outcome, line.found, line.right) for line in wrong] == [("late", 5, 0), ("refused", 5, 0)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_matching_finds_every_seeded_break_of_rewards_and_no_other(seed: int) -> None:
    lines = compare_rewards(seed_rewards(1_000, 140, seed))
    assert [line for line in lines if not line.agrees] == []
    each = 140 // len(REWARD_BREAKS)
    assert [line.seeded for line in lines] == [1_000 - each * len(REWARD_BREAKS)] + [each] * len(REWARD_BREAKS)


def test_a_wrong_class_of_a_reward_shows() -> None:
    sides = seed_rewards(500, 70, 7)
    wrong = dataclasses.replace(sides, truth=sides.truth.replace("late", "missing_remote"))
    assert {line.outcome for line in compare_rewards(wrong) if not line.agrees} == {"late", "missing_remote"}
