"""Periods, and what has changed of one since it was signed."""

import json
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from transforms.totals.period import parse_period
from transforms.totals.signed import changes, signed_content, signed_through

WALK = pd.DataFrame(
    [("posted", "-99", "earned", "", 2, 30, None), ("posted", "", "reward_update", "USD", 1, None, Decimal("12.50"))],
    columns=["line", "site_id", "kind", "currency", "events", "points", "amount"],
    dtype="object",
)
DIFFERENCE = {
    "break_id": "b", "class": "missing_remote", "site_id": "-99", "client_id": "1", "reward_id": None, "points": 5,
    "amount": None, "state": "open", "reason": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "before"),
    [("2026-03", "2026-02"), ("2026", "2025"), ("2026-01-11..2026-01-20", "2026-01-01..2026-01-10")],
)
def test_the_period_before_is_of_the_same_kind(name: str, before: str) -> None:
    period = parse_period(name)
    assert period is not None
    assert period.before.name == before


def test_a_month_begins_and_ends_by_the_clock_of_its_site() -> None:
    period = parse_period("2026-11")
    assert period is not None
    since_at, until_at = period.bounds(ZoneInfo("America/Los_Angeles"))
    # The clock goes back on the first.
    assert (since_at, until_at) == (
        datetime.fromisoformat("2026-11-01T07:00Z"),
        datetime.fromisoformat("2026-12-01T08:00Z"),
    )


def test_the_same_figures_are_the_same_whatever_their_order_and_zeros() -> None:
    again = WALK[::-1].assign(amount=[Decimal("12.5"), None])
    nothing = pd.DataFrame(columns=list(DIFFERENCE))
    assert signed_content(WALK, nothing) == signed_content(again, nothing)


def test_what_changed_is_told_with_what_it_was() -> None:
    before = json.loads(signed_content(WALK, pd.DataFrame([DIFFERENCE], dtype="object")))
    walked = WALK.assign(events=[3, 1], points=[38, None])
    found = pd.DataFrame([DIFFERENCE | {"state": "resolved"}, DIFFERENCE | {"break_id": "c"}], dtype="object")
    told = [change.told for change in changes(before, json.loads(signed_content(walked, found)))]
    assert told == [
        "posted, earned, site -99: 3 of 38 points, 2 of 30 points when it was signed",
        "difference c (missing_remote of 5 points 1) was found since",
        "difference b was open, and is resolved",
    ]


def test_what_is_signed_ends_at_the_first_day_that_is_not() -> None:
    january = (date(2026, 1, 1), date(2026, 1, 31))
    march = (date(2026, 3, 1), date(2026, 3, 31))
    assert signed_through([march, january], date(2026, 1, 9)) == date(2026, 1, 31)
    assert signed_through([march], date(2026, 1, 9)) is None


def test_differences_are_signed_in_the_order_of_their_json_and_nulls_as_such() -> None:
    ids = ["b10", "b1", "ü2", "b2"]
    nulls = [None, float("nan"), pd.NA, pd.NaT]
    rows = [DIFFERENCE | {"break_id": id_, "reason": null} for id_, null in zip(ids, nulls, strict=True)]
    found = json.loads(signed_content(WALK, pd.DataFrame(rows, dtype="object")))["differences"]
    assert found == sorted(found, key=lambda one: json.dumps({"break_id": one["break_id"]} | one))
    assert [one["break_id"] for one in found] == ["ü2", "b1", "b10", "b2"]
    assert {one["reason"] for one in found} == {None}
