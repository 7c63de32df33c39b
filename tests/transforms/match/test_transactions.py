from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.transforms.sides import NOW, TOLERANCES, at, entries, events, match
from transforms.match.rewards import match_rewards
from transforms.match.transactions import Tolerances, match_transactions
from transforms.vocabulary import Outcome


def test_match_transactions_pairs_what_is_equal() -> None:
    assert match(events({}), entries({})) == [("matched", "e1", 1)]


@pytest.mark.parametrize("field", ["source", "source_id"])
def test_match_transactions_pairs_a_null_with_a_null_and_with_nothing_else(field: str) -> None:
    assert match(events({field: None}), entries({field: None})) == [("matched", "e1", 1)]
    assert [row[0] for row in match(events({field: None}), entries({}))] == ["missing_remote", "unexpected_remote"]


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        pytest.param({"settled_at": NOW}, "late", id="just posted"),
        pytest.param({"settled_at": NOW - timedelta(hours=24, microseconds=-1)}, "late", id="inside the grace"),
        pytest.param({"settled_at": NOW - timedelta(hours=24)}, "missing_remote", id="at its limit"),
        pytest.param({}, "missing_remote", id="long ago"),
        pytest.param({"state": "refused"}, "refused", id="refused"),
        pytest.param({"state": "unknown"}, "unknown", id="unknown"),
    ],
)
def test_match_transactions_names_an_event_without_entry(record: dict[str, Any], outcome: str) -> None:
    assert match(events(record), entries()) == [(outcome, "e1", None)]


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        pytest.param("Earned", "unexpected_remote", id="earned"),
        pytest.param("Redeemed", "unexpected_remote", id="redeemed"),
        pytest.param("Returned", "reversed_remote", id="returned"),
        pytest.param("Removed", "reversed_remote", id="removed"),
        pytest.param("LateCanceled", "reversed_remote", id="late canceled"),
    ],
)
def test_match_transactions_names_an_entry_without_event(action: str, outcome: str) -> None:
    assert match(events(), entries({"action": action})) == [(outcome, None, 1)]


@pytest.mark.parametrize(("state", "outcome"), [("unknown", "unknown"), ("refused", "status_mismatch")])
def test_match_transactions_pairs_an_entry_with_an_event_that_is_not_confirmed(state: str, outcome: str) -> None:
    assert match(events({"state": state}), entries({})) == [(outcome, "e1", 1)]


def test_match_transactions_says_that_the_service_has_an_event_twice() -> None:
    assert match(events({}), entries({}, {}, {})) == [
        ("duplicate_remote", None, 2), ("duplicate_remote", None, 3), ("matched", "e1", 1),
    ]  # fmt: skip


def test_match_transactions_says_twice_also_where_the_service_rounds_the_time() -> None:
    shifted = {"action_at": at(17, 0, 1)}
    assert match(events({}), entries(shifted, shifted)) == [("duplicate_remote", None, 2), ("matched", "e1", 1)]


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0, "matched"), (1, "matched"), (-1, "matched"), (2, "time_mismatch")]
)
def test_match_transactions_takes_the_time_tolerance_as_inclusive(seconds: int, outcome: str) -> None:
    moved = entries({"action_at": at(17) + timedelta(seconds=seconds)})
    assert match(events({}), moved) == [(outcome, "e1", 1)]


def test_match_transactions_calls_a_zone_slip_a_time_mismatch() -> None:
    assert match(events({}), entries({"action_at": at(10)})) == [("time_mismatch", "e1", 1)]


def test_match_transactions_calls_other_points_at_the_same_time_an_amount_mismatch() -> None:
    found = match_transactions(events({"points": 10}), entries({"points": 12}), TOLERANCES)
    assert found[["outcome", "points", "remote_points"]].to_numpy().tolist() == [["amount_mismatch", 10, 12]]


def test_match_transactions_does_not_pair_when_both_time_and_points_differ() -> None:
    found = match(events({"points": 10}), entries({"points": 12, "action_at": at(3)}))
    assert [row[0] for row in found] == ["missing_remote", "unexpected_remote"]


@pytest.mark.parametrize("field", ["site_id", "client_id", "source", "source_id"])
def test_match_transactions_never_pairs_across(field: str) -> None:
    other = entries({field: 7 if field == "source_id" else "Referral"})
    assert [row[0] for row in match(events({}), other)] == ["missing_remote", "unexpected_remote"]


def test_match_transactions_counts_equal_events_and_leaves_the_youngest_over() -> None:
    ours = events({"settled_at": NOW}, {}, {})
    assert match(ours, entries({}, {})) == [("late", "e1", None), ("matched", "e2", 1), ("matched", "e3", 2)]


def test_match_transactions_pairs_by_the_nearest_time_and_not_by_order() -> None:
    ours = events({"action_at": at(8)}, {"action_at": at(17)})
    assert match(ours, entries({"action_at": at(18)})) == [
        ("missing_remote", "e1", None), ("time_mismatch", "e2", 1),
    ]  # fmt: skip


def test_match_transactions_prefers_within_tolerance_to_the_order_of_time() -> None:
    ours = events({"action_at": at(8)}, {"action_at": at(17)})
    assert match(ours, entries({"action_at": at(17, 0, 1)}, {"action_at": at(23)})) == [
        ("matched", "e2", 1), ("time_mismatch", "e1", 2),
    ]  # fmt: skip


def test_match_transactions_matches_what_overlaps_of_a_shifted_series() -> None:
    ours = events(*({"action_at": at(hour)} for hour in (8, 9, 10, 11)))
    theirs = entries(*({"action_at": at(hour + 1)} for hour in (8, 9, 10, 11)))
    outcomes = [row[0] for row in match(ours, theirs)]
    assert outcomes == ["matched"] * 3 + ["time_mismatch"]


def test_match_transactions_does_not_take_the_entry_of_a_later_second_for_a_duplicate() -> None:
    ours = events({}, {"action_at": at(17, 0, 1)})
    assert [row[0] for row in match(ours, entries({}, {}))] == ["matched", "matched"]


def test_match_transactions_of_nothing_is_an_empty_frame_of_the_same_columns() -> None:
    empty = match_transactions(events(), entries(), TOLERANCES)
    assert (len(empty), list(empty.columns)) == (0, list(match_transactions(events({}), entries(), TOLERANCES).columns))


UPDATE: dict[str, Any] = {
    "event_id": "u1",
    "state": "posted",
    "settled_at": NOW - timedelta(days=9),
    "reward_id": "r1",
    "payout_id": "p1",
    "amount": Decimal("12.50"),
    "eligibility_on": date(2026, 10, 1),
    "description": "thanks",
}
REWARD: dict[str, Any] = {
    "reward_id": "r1",
    "remote_payout_id": "p1",
    "remote_amount": Decimal("12.5"),
    "remote_eligibility_on": date(2026, 10, 1),
    "remote_description": "thanks",
}


def outcome_of(update: dict[str, Any], reward: dict[str, Any] | None, tolerances: Tolerances = TOLERANCES) -> str:
    ours = pd.DataFrame([UPDATE | update]).astype({"reward_id": "str"})
    theirs = pd.DataFrame([] if reward is None else [REWARD | reward], columns=list(REWARD)).astype(
        {"reward_id": "str"}
    )
    (outcome,) = match_rewards(ours, theirs, tolerances)["outcome"]
    return str(outcome)


@pytest.mark.parametrize(
    ("update", "reward", "outcome"),
    [
        pytest.param({}, {}, "matched", id="equal, whatever the zeros"),
        pytest.param({"amount": None}, {"remote_amount": Decimal(99)}, "matched", id="no amount set"),
        pytest.param({"eligibility_on": None, "description": None}, {"remote_description": "x"}, "matched", id="unset"),
        pytest.param({}, {"remote_amount": Decimal("12.51")}, "amount_mismatch", id="amount"),
        pytest.param({}, {"remote_amount": None}, "amount_mismatch", id="amount gone"),
        pytest.param({}, {"remote_eligibility_on": date(2026, 10, 2)}, "time_mismatch", id="eligibility"),
        pytest.param({}, {"remote_eligibility_on": None}, "time_mismatch", id="eligibility gone"),
        pytest.param({}, {"remote_payout_id": "p2"}, "status_mismatch", id="payout"),
        pytest.param({}, {"remote_description": None}, "status_mismatch", id="description gone"),
        pytest.param({}, None, "missing_remote", id="reward gone"),
        pytest.param({"settled_at": NOW}, None, "late", id="not there yet"),
        pytest.param({"state": "unknown"}, {}, "unknown", id="unknown"),
        pytest.param({"state": "refused"}, None, "refused", id="refused"),
    ],
)
def test_match_rewards_compares_what_was_set(update: dict[str, Any], reward: dict[str, Any], outcome: str) -> None:
    assert outcome_of(update, reward) == outcome


@pytest.mark.parametrize(("theirs", "outcome"), [("13.00", "matched"), ("13.01", "amount_mismatch")])
def test_match_rewards_takes_the_amount_tolerance_as_inclusive(theirs: str, outcome: str) -> None:
    half = Tolerances(now=NOW, amount=Decimal("0.5"))
    assert outcome_of({}, {"remote_amount": Decimal(theirs)}, half) == outcome


def test_match_rewards_gives_each_event_of_a_reward_a_row() -> None:
    ours = pd.DataFrame([UPDATE, UPDATE | {"event_id": "u2", "state": "refused"}]).astype({"reward_id": "str"})
    found = match_rewards(ours, pd.DataFrame([REWARD]).astype({"reward_id": "str"}), TOLERANCES)
    assert dict(zip(found["event_id"], found["outcome"], strict=True)) == {"u1": "matched", "u2": "refused"}


def test_match_transactions_knows_every_outcome() -> None:
    ours = events(
        {"client_id": "matched"}, {"client_id": "late", "settled_at": NOW}, {"client_id": "missing"},
        {"client_id": "amount"}, {"client_id": "time"}, {"client_id": "status", "state": "refused"},
        {"client_id": "refused", "state": "refused"}, {"client_id": "unknown", "state": "unknown"},
    )  # fmt: skip
    theirs = entries(
        {"client_id": "matched"}, {"client_id": "matched"}, {"client_id": "unexpected"}, {"client_id": "status"},
        {"client_id": "amount", "points": 3}, {"client_id": "time", "action_at": datetime(2026, 9, 2, tzinfo=UTC)},
        {"client_id": "reversed", "action": "Returned"},
    )  # fmt: skip
    assert {row[0] for row in match(ours, theirs)} == set(Outcome)


def test_match_transactions_names_an_action_that_nobody_documented() -> None:
    assert match(events({}), entries({}, {"action": "Expired"})) == [
        ("matched", "e1", 1),
        ("unexpected_remote", None, 2),
    ]
