from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from transforms.match.breaks import roll_forward
from transforms.totals.control_totals import (
    control_totals,
    tie_batches,
    tie_frame,
    tie_roll_forward,
    tie_rows,
)

TOTALS = {
    "rows_read": 58, "accepted": 36, "duplicate": 6, "held": 1, "rejected": 15,
    "carried_in": 2, "posted": 30, "refused": 6, "unknown": 1, "pending": 1, "withheld": 0,
}  # fmt: skip


def test_tie_rows_holds_where_every_row_has_a_fate_and_every_event_a_state() -> None:
    assert [(row["left"], row["right"], row["ties"]) for row in tie_rows(TOTALS)] == [(58, 58, True), (38, 38, True)]


@pytest.mark.parametrize(
    ("key", "ties"),
    [("rows_read", [False, True]), ("held", [False, True]), ("accepted", [False, False]), ("pending", [True, False])],
)
def test_tie_rows_fails_where_one_is_lost(key: str, ties: list[bool]) -> None:
    assert [row["ties"] for row in tie_rows({**TOTALS, key: TOTALS[key] + 1})] == ties


def moved(name: str, points: int, **more: Any) -> dict[str, Any]:
    return {"class": name, "target": "mindbody", "site_id": "-99", "points": points, "amount": Decimal(0), **more}


def test_tie_roll_forward_fails_in_points_alone_where_a_break_changed_them_without_a_move() -> None:
    ties = tie_roll_forward(roll_forward([moved("late", 5, open_count=1)], [], [moved("late", 6)]))
    assert [(row["name"], row["difference"]) for row in ties] == [
        ("Breaks", 0),
        ("Points in breaks", -1),
        ("Points in breaks: late, site -99", -1),
    ]


def test_tie_roll_forward_names_the_classes_whose_differences_cancel_out() -> None:
    ties = tie_roll_forward(roll_forward([moved("late", 5, open_count=1)], [], [moved("refused", 5)]))
    assert [row["name"] for row in ties if not row["ties"]] == [
        "Breaks: late, site -99",
        "Breaks: refused, site -99",
        "Points in breaks: late, site -99",
        "Points in breaks: refused, site -99",
    ]


def test_tie_roll_forward_of_nothing_ties() -> None:
    assert [(row["left"], row["ties"]) for row in tie_roll_forward(roll_forward([], [], []))] == [(0, True)]


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


def batch_ties(rows: pd.DataFrame, accepted: int = 5, batches: list[dict[str, Any]] = BATCHES) -> list[str]:
    """Return the names of the equations that fail."""
    return [
        row["name"] for row in tie_batches(control_totals(rows, batches, frame(), frame()), accepted) if not row["ties"]
    ]


def test_tie_batches_fails_where_an_event_was_lost_since_registration() -> None:
    whole = frame(EVENT, EVENT, UPDATE, UPDATE, UPDATE)
    assert batch_ties(whole) == []
    assert batch_ties(whole[1:]) == [
        "Accepted events", "Accepted points", "Accepted events: earned, site -99", "Accepted points: earned, site -99",
    ]  # fmt: skip


def test_tie_batches_fails_where_a_file_counts_otherwise() -> None:
    assert batch_ties(frame(EVENT, EVENT, UPDATE, UPDATE, UPDATE), accepted=6) == ["Accepted rows"]


def test_tie_batches_fails_where_an_amount_differs_by_a_cent() -> None:
    batches = [BATCHES[0], BATCHES[1] | {"amount": "0.31"}]
    found = batch_ties(frame(EVENT, EVENT, UPDATE, UPDATE, UPDATE), batches=batches)
    assert found == ["Accepted amount", "Accepted amount: reward_update"]


def test_tie_batches_names_the_sites_whose_differences_cancel_out() -> None:
    swapped = frame({**EVENT, "site_id": "7"}, EVENT, UPDATE, UPDATE, UPDATE)
    assert batch_ties(swapped)[:2] == ["Accepted events: earned, site -99", "Accepted points: earned, site -99"]


def test_tie_frame_keeps_the_order_and_has_columns_without_rows() -> None:
    assert tie_frame(tie_rows(TOTALS))["name"].tolist() == ["Rows", "Events"]
    assert list(tie_frame([]).columns) == ["name", "formula", "left", "right", "difference", "ties"]
