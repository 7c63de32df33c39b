from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from tests.transforms.sides import TOLERANCES, at, entries, events
from transforms.match.transactions import match_transactions
from transforms.totals.service_totals import both_sides, by_night, explained, tie_service

ZONES = {"-99": ZoneInfo("America/Los_Angeles")}
UTC = {"-99": ZoneInfo("UTC")}
OURS = [
    {"points": 100}, {"points": 7, "action": "Redeemed"}, {"points": 50, "state": "refused"},
    {"points": 9, "client_id": "late", "settled_at": TOLERANCES.now}, {"points": 4, "action_at": at(3)},
]  # fmt: skip
THEIRS = [
    {"points": 100}, {"points": 100}, {"points": 7, "action": "Redeemed"}, {"points": 6, "action_at": at(3)},
    {"points": 3, "action": "Returned"}, {"points": 1, "client_id": "other"},
]  # fmt: skip


def service_tie(ours: pd.DataFrame, theirs: pd.DataFrame, found: pd.DataFrame) -> dict[str, Any]:
    return next(row for row in ties(ours, theirs, found) if row["name"] == "Net points at the service")


def ties(ours: pd.DataFrame, theirs: pd.DataFrame, found: pd.DataFrame) -> list[dict[str, Any]]:
    return tie_service(both_sides(ours, theirs, ZONES), explained(found, ZONES))


def test_both_sides_adds_what_was_earned_and_takes_the_rest_away() -> None:
    counted = both_sides(events(*OURS), entries(*THEIRS), ZONES).groupby("client_id").sum(numeric_only=True)
    assert counted["ledger_points"].to_dict() == {"000123": 100 - 7 + 4, "late": 9, "other": 0}
    assert counted["service_points"].to_dict() == {"000123": 200 - 7 + 6 - 3, "late": 0, "other": 1}
    assert (counted["ledger_events"].sum(), counted["service_events"].sum()) == (4, 6)


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


def test_tie_service_names_the_clients_and_nights_whose_differences_cancel_out() -> None:
    ours, theirs = events({"client_id": "a"}), entries({"client_id": "b"})
    found = match_transactions(ours, theirs, TOLERANCES)
    assert [(row["name"], row["difference"]) for row in ties(ours, theirs, found.assign(outcome="matched"))] == [
        ("Events at the service", 0),
        ("Events of client a, site -99", 1),
        ("Events of client b, site -99", -1),
        ("Net points at the service", 0),
        ("Net points of client a, site -99", 10),
        ("Net points of client b, site -99", -10),
    ]


def test_tie_service_of_nothing_has_no_equation() -> None:
    ours, theirs = events(), entries()
    assert ties(ours, theirs, match_transactions(ours, theirs, TOLERANCES)) == []


def test_by_night_takes_the_nights_of_the_site_and_moves_a_slip_from_one_to_the_other() -> None:
    ours, theirs = events({"action_at": at(20)}), entries({"action_at": at(3, day=2)})
    found = match_transactions(ours, theirs, TOLERANCES)
    lines = by_night(both_sides(ours, theirs, UTC), explained(found, UTC)).to_dict("records")
    assert [(row["night"], row["ledger_points"], row["breaks_points"], row["service_points"]) for row in lines] == [
        ("2026-09-01", 10, -10, 0), ("2026-09-02", 0, 10, 10),
    ]  # fmt: skip
    at_home = by_night(both_sides(ours, theirs, ZONES), explained(found, ZONES))
    assert at_home["night"].tolist() == ["2026-09-01"]


def test_by_night_shows_the_night_that_fails() -> None:
    ours, theirs = events({"action_at": at(3, day=2)}), entries({"action_at": at(3, day=3)})
    lost = match_transactions(ours, theirs, TOLERANCES)[:0]
    lines = by_night(both_sides(ours, theirs, UTC), explained(lost, UTC))
    assert lines["difference_events"].tolist() == [1, -1]
    assert [row["name"] for row in tie_service(both_sides(ours, theirs, UTC), explained(lost, UTC))][2:4] == [
        "Events of night 2026-09-03, site -99", "Net points at the service",
    ]  # fmt: skip
