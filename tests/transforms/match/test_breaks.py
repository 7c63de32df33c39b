from datetime import UTC
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.transforms.sides import TOLERANCES, at, entries, events
from transforms.match.breaks import break_records, identify_breaks, roll_forward
from transforms.match.rewards import match_rewards
from transforms.match.transactions import match_transactions
from transforms.vocabulary import Target


def ids(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, str]:
    """Return {break id: outcome} of a match."""
    found = identify_breaks(match_transactions(ours, theirs, TOLERANCES))
    assert found["break_id"].is_unique
    return dict(zip(found["break_id"], found["outcome"], strict=True))


def test_identify_breaks_names_an_event_by_its_own_id() -> None:
    assert ids(events({}, {"points": 3}), entries({})) == {"e1": "matched", "e2": "missing_remote"}


def test_identify_breaks_tells_two_equal_entries_apart() -> None:
    assert list(ids(events(), entries({}, {})).values()) == ["unexpected_remote"] * 2


@pytest.mark.parametrize("other", ["site_id", "client_id", "action", "points", "action_at"])
def test_identify_breaks_gives_other_entries_other_ids(other: str) -> None:
    changed = {"points": 11, "action_at": at(3)}.get(other, "Returned")
    assert set(ids(events(), entries({}))).isdisjoint(ids(events(), entries({other: changed})))


def test_identify_breaks_keeps_the_id_of_an_entry_when_others_come_and_go() -> None:
    (alone,) = ids(events(), entries({"points": 7}))
    among = ids(events({}), entries({"points": 3}, {"points": 7}, {}))
    assert among[alone] == "unexpected_remote"


def test_identify_breaks_keeps_the_id_when_an_equal_event_of_ours_is_posted_beside_it() -> None:
    (alone,) = ids(events(), entries({}))
    assert ids(events({}), entries({}, {})) == {"e1": "matched", alone: "duplicate_remote"}


def test_identify_breaks_of_nothing_is_empty() -> None:
    assert ids(events(), entries()) == {}


def test_break_records_leaves_out_what_matched_and_says_none_for_nulls() -> None:
    found = identify_breaks(match_transactions(events({}), entries({}, {"points": 7}), TOLERANCES))
    (record,) = break_records(found, Target.MINDBODY)
    assert (record["class"], record["points"], record["event_id"], record["amount"]) == (
        "unexpected_remote", 7, None, None,
    )  # fmt: skip
    assert (record["target"], record["reward_id"], record["action_at"]) == ("mindbody", None, at(17))
    assert record["action_at"].tzinfo == UTC


def test_break_records_tells_amounts_as_exact_text() -> None:
    update = {
        "event_id": "u1", "state": "posted", "settled_at": at(1), "reward_id": "r1", "payout_id": "p",
        "amount": Decimal("12.50"), "eligibility_on": None, "description": None,
    }  # fmt: skip
    reward = ["reward_id", "remote_payout_id", "remote_amount", "remote_eligibility_on", "remote_description"]
    gone = pd.DataFrame(columns=reward).astype({"reward_id": "str"})
    found = match_rewards(pd.DataFrame([update]).astype({"reward_id": "str"}), gone, TOLERANCES)
    (record,) = break_records(identify_breaks(found), Target.REFERRAL_ROCK)
    assert (record["amount"], record["points"], record["class"]) == ("12.50", None, "missing_remote")


def broken(name: str = "late", points: int = 5, **more: Any) -> dict[str, Any]:
    return {"class": name, "target": "mindbody", "site_id": "-99", "points": points, "amount": Decimal(0), **more}


def rolled(*witnesses: list[dict[str, Any]]) -> dict[tuple[str, str], list[Any]]:
    """Return {(class, measure): [before, new, reopened, closed, resolved, now, difference]}."""
    lines = roll_forward(*witnesses).to_dict("split")["data"]
    return {(line[1], line[2]): line[3:] for line in lines}


def test_roll_forward_counts_what_opened_and_closed_and_what_people_decided() -> None:
    moves = [
        broken(move=move, points=points) for points, move in enumerate(("new", "reopened", "closed", "resolved"), 1)
    ]
    lines = rolled([broken(open_count=3, points=30)], moves, [broken(points=9), broken(points=8), broken(points=9)])
    assert lines["late", "breaks"] == [3, 1, 1, 1, 1, 3, 0]
    assert lines["late", "points"] == [30, 1, 2, 3, 4, 26, 0]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_roll_forward_fails_where_one_of_its_three_witnesses_is_changed(gone: int) -> None:
    witnesses = [[broken(open_count=1)], [broken(move="new")], [broken(), broken()]]
    assert rolled(*witnesses)["late", "breaks"][-1] == 0
    witnesses[gone] = witnesses[gone][1:]
    assert rolled(*witnesses)["late", "breaks"][-1] != 0


def test_roll_forward_moves_a_break_that_changed_its_class() -> None:
    moves = [broken(move="closed"), broken("missing_remote", move="new")]
    lines = rolled([broken(open_count=1)], moves, [broken("missing_remote")])
    assert (lines["late", "breaks"], lines["missing_remote", "breaks"]) == (
        [1, 0, 0, 1, 0, 0, 0],
        [0, 1, 0, 0, 0, 1, 0],
    )


def test_roll_forward_of_rewards_adds_exact_amounts() -> None:
    one = {"target": "referral_rock", "site_id": "", "points": 0, "amount": Decimal("0.10")}
    lines = rolled([], [broken(move="new") | one] * 3, [broken() | one] * 3)
    assert lines["late", "amount"] == [0, Decimal("0.30"), 0, 0, 0, Decimal("0.30"), 0]


def test_roll_forward_of_nothing_is_an_empty_frame_with_all_columns() -> None:
    empty, full = roll_forward([], [], []), roll_forward([broken(open_count=1)], [], [])
    assert (len(empty), list(empty.columns)) == (0, list(full.columns))
