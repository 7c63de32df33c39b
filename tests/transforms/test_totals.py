from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tests.transforms.sides import TOLERANCES, at, entries, events
from transforms.breaks import roll_forward
from transforms.match import match_transactions
from transforms.totals import (
    control_totals,
    points_by_client,
    tie_batches,
    tie_frame,
    tie_roll_forward,
    tie_rows,
    tie_service,
)

TOTALS = {
    "rows_read": 58, "accepted": 36, "duplicate": 6, "held": 1, "rejected": 15,
    "carried_in": 2, "posted": 30, "refused": 6, "unknown": 1, "pending": 1,
}  # fmt: skip


def test_tie_rows_holds_where_every_row_has_a_fate_and_every_event_a_state() -> None:
    assert [(row["left"], row["right"], row["ties"]) for row in tie_rows(TOTALS)] == [(58, 58, True), (38, 38, True)]


@pytest.mark.parametrize(
    ("key", "ties"),
    [("rows_read", [False, True]), ("held", [False, True]), ("accepted", [False, False]), ("pending", [True, False])],
)
def test_tie_rows_fails_where_one_is_lost(key: str, ties: list[bool]) -> None:
    assert [row["ties"] for row in tie_rows({**TOTALS, key: TOTALS[key] + 1})] == ties


OURS = [
    {"points": 100}, {"points": 7, "action": "Redeemed"}, {"points": 50, "state": "refused"},
    {"points": 9, "client_id": "late", "settled_at": TOLERANCES.now}, {"points": 4, "action_at": at(3)},
]  # fmt: skip
THEIRS = [
    {"points": 100}, {"points": 100}, {"points": 7, "action": "Redeemed"}, {"points": 6, "action_at": at(3)},
    {"points": 3, "action": "Returned"}, {"points": 1, "client_id": "other"},
]  # fmt: skip


def service_tie(ours: pd.DataFrame, theirs: pd.DataFrame, found: pd.DataFrame) -> dict[str, Any]:
    return tie_service(points_by_client(ours, theirs), found)[0]


def test_points_by_client_adds_what_was_earned_and_takes_the_rest_away() -> None:
    counted = points_by_client(events(*OURS), entries(*THEIRS)).set_index("client_id")
    assert counted["ledger"].to_dict() == {"000123": 100 - 7 + 4, "late": 9, "other": 0}
    assert counted["service"].to_dict() == {"000123": 200 - 7 + 6 - 3, "late": 0, "other": 1}


def test_tie_service_explains_every_difference_by_its_break() -> None:
    ours, theirs = events(*OURS), entries(*THEIRS)
    row = service_tie(ours, theirs, match_transactions(ours, theirs, TOLERANCES))
    assert (row["left"], row["right"], row["ties"]) == (197, 197, True)


@pytest.mark.parametrize("outcome", ["matched", "duplicate_remote", "late", "amount_mismatch", "reversed_remote"])
def test_tie_service_fails_where_matching_loses_a_record(outcome: str) -> None:
    ours, theirs = events(*OURS), entries(*THEIRS)
    found = match_transactions(ours, theirs, TOLERANCES)
    lost = found.drop(found.index[found["outcome"].eq(outcome)][0])
    # A matched pair has no points to explain; its loss shows as a record that came back without one.
    assert service_tie(ours, theirs, lost)["ties"] is (outcome == "matched")


def test_tie_service_fails_where_matching_invents_an_entry() -> None:
    ours, theirs = events(*OURS), entries(*THEIRS)
    found = match_transactions(ours, theirs, TOLERANCES)
    invented = pd.concat([found, found[found["outcome"].eq("unexpected_remote")]])
    assert service_tie(ours, theirs, invented)["ties"] is False


def test_tie_service_fails_where_different_points_are_called_matched() -> None:
    ours, theirs = events({"points": 10}), entries({"points": 12})
    found = match_transactions(ours, theirs, TOLERANCES).assign(outcome="matched")
    assert service_tie(ours, theirs, found)["difference"] == -2


def test_tie_service_names_the_clients_whose_differences_cancel_out() -> None:
    ours, theirs = events({"client_id": "a"}), entries({"client_id": "b"})
    found = match_transactions(ours, theirs, TOLERANCES)
    lost = found.assign(outcome="matched")
    rows = tie_service(points_by_client(ours, theirs), lost)
    assert [(row["name"], row["difference"]) for row in rows] == [
        ("Points at the service", 0),
        ("Points of client a, site -99", 10),
        ("Points of client b, site -99", -10),
    ]


def test_tie_service_of_nothing_has_no_equation() -> None:
    ours, theirs = events(), entries()
    assert tie_service(points_by_client(ours, theirs), match_transactions(ours, theirs, TOLERANCES)) == []


def test_tie_roll_forward_fails_where_a_break_changed_its_points() -> None:
    before, after = {"break_id": "a", "class": "late", "points": 5}, {"break_id": "a", "class": "late", "points": 6}
    assert [row["ties"] for row in tie_roll_forward(roll_forward([before], [after]))] == [True, False]


def test_tie_roll_forward_of_nothing_ties() -> None:
    assert [(row["left"], row["ties"]) for row in tie_roll_forward(roll_forward([], []))] == [(0, True), (0, True)]


EVENT = {"kind": "earned", "site_id": "-99", "points": 10, "amount": None}
UPDATE = {"kind": "reward_update", "site_id": "", "points": None, "amount": Decimal("0.10")}
BATCHES = [
    {"file": "a.csv", "kind": "earned", "site_id": "-99", "event_count": 2, "points": 20, "amount": "0"},
    {"file": "a.csv", "kind": "reward_update", "site_id": "", "event_count": 3, "points": 0, "amount": "0.30"},
]


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(EVENT)).astype({"points": "Int64", "amount": object})


def test_control_totals_add_up_by_level_and_kind_without_rounding() -> None:
    found = control_totals(frame(EVENT, EVENT, UPDATE, UPDATE, UPDATE), BATCHES, frame(EVENT), frame())
    assert found["level"].tolist() == ["file", "file", "batch", "batch", "ledger"]
    assert found["events"].tolist() == [2, 3, 2, 3, 1]
    assert [found["amount"].iloc[n] for n in (1, 3)] == [Decimal("0.30")] * 2


def test_tie_batches_fails_where_an_event_was_lost_since_registration() -> None:
    whole = frame(EVENT, EVENT, UPDATE, UPDATE, UPDATE)
    ties = [tie_batches(control_totals(rows, BATCHES, frame(), frame())) for rows in (whole, whole[1:])]
    assert [[row["ties"] for row in rows] for rows in ties] == [[True, True], [False, False]]


def test_tie_frame_keeps_the_order_and_has_columns_without_rows() -> None:
    assert tie_frame(tie_rows(TOTALS))["name"].tolist() == ["Rows", "Events"]
    assert list(tie_frame([]).columns) == ["name", "formula", "left", "right", "difference", "ties"]
