"""What a row's fingerprint covers, and what changes nothing of it."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, check_rows
from transforms.check.parameters import Rules
from transforms.identity.raw_rows import row_rule
from transforms.sheets.layout import Layout
from transforms.sheets.times import DateOrder

ROW = ["000123", "10", "Earned", "Sale", "9001", "2025-02-03 17:00:00"]
UPDATE = ["r-1", "p-1", "25.50", "2025-07-01", "Thanks"]


def fingerprint(row: Sequence[str], headings: Sequence[str] = CLIENT, rules: Rules = RULES) -> int:
    (found,) = check_rows(list(row), headings=list(headings), rules=rules).events["fingerprint"]
    return int(found)


@pytest.mark.parametrize(
    ("row", "headings"),
    [
        pytest.param([*ROW[:5], "2025-02-03T17:00:00"], CLIENT, id="T-before-the-clock"),
        pytest.param([*ROW[:5], "2025-02-03 17:00"], CLIENT, id="no-seconds"),
        pytest.param([*ROW[:5], "2025-02-03T17:00:00.123"], CLIENT, id="fraction"),
        pytest.param(["000123", "10.0", "EARNED", "sale", "09001.0", ROW[5]], CLIENT, id="other-spelling"),
        pytest.param(ROW, ["client id", "POINTS", "Action", "Source", "Source_Id", "ActionDateTime"], id="headings"),
        pytest.param(["7", *ROW], ["No.", *CLIENT], id="running-number"),
        pytest.param([*ROW, "sent", ""], [*CLIENT, "Status", "Receipt"], id="marked-copy"),
        pytest.param(["12.50", *ROW], ["Amount", *CLIENT], id="column-of-the-other-service"),
        pytest.param(ROW[::-1], CLIENT[::-1], id="order-of-columns"),
        pytest.param([*ROW, "-99"], [*CLIENT, "SiteId"], id="site-in-a-column"),
    ],
)
def test_fingerprint_is_the_same(row: list[str], headings: list[str]) -> None:
    assert fingerprint(row, headings) == fingerprint(ROW)


def test_fingerprint_is_the_same_without_an_empty_column() -> None:
    row = [*ROW[:4], "", ROW[5]]
    assert fingerprint(row) == fingerprint([*row[:4], row[5]], [*CLIENT[:4], CLIENT[5]])


def test_fingerprint_does_not_hang_on_the_other_rows() -> None:
    without_id = [*ROW[:4], "", ROW[5]]
    both = check_rows(without_id, ROW).events["fingerprint"]
    assert both.tolist() == [fingerprint(without_id), fingerprint(ROW)]


@pytest.mark.parametrize("place", range(len(ROW)), ids=CLIENT)
def test_fingerprint_is_another_where_a_cell_is_read_and_differs(place: int) -> None:
    other = ["000124", "11", "Redeemed", "Referral", "9002", "2025-02-03 17:00:01"][place]
    row = [*ROW[:place], other, *ROW[place + 1 :]]
    row = [*row[:3], "", *row[4:]] if other == "Redeemed" else row
    assert fingerprint(row) != fingerprint(ROW)


def test_fingerprint_minds_leading_zeros_and_the_case_of_a_client() -> None:
    assert len({fingerprint([client, *ROW[1:]]) for client in ("000123", "123", "ab1", "AB1")}) == 4


def test_fingerprint_is_another_for_another_site() -> None:
    assert fingerprint(ROW, rules=replace(RULES, default_site_id="-98")) != fingerprint(ROW)


def test_fingerprint_does_not_hang_on_the_zone_or_the_order_of_dates() -> None:
    row = ["000123", "10", "Earned", "Sale", "9001", "03/02/2025 5:00 pm"]
    found = set()
    for zone in ("UTC", "America/New_York"):
        for order in DateOrder:
            layout = Layout("desk", {"When": "action_date_time"}, order, ZoneInfo(zone))
            found.add(fingerprint(row, [*CLIENT[:5], "When"], replace(RULES, layouts=(layout,))))
    assert len(found) == 1


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(["R-1", "P-1", *UPDATE[2:]], id="case-of-ids"),
        pytest.param([*UPDATE[:2], "25.5", *UPDATE[3:]], id="zeros"),
        pytest.param([*UPDATE[:3], "2025-07-01T00:00:00", UPDATE[4]], id="a-date-cell"),
    ],
)
def test_fingerprint_of_an_update_is_the_same(row: list[str]) -> None:
    assert fingerprint(row, REWARD) == fingerprint(UPDATE, REWARD)


def test_row_rule_changes_with_the_headings_of_layouts_alone() -> None:
    assert row_rule([]) != row_rule([{"When": "action_date_time"}])
    assert row_rule([{"a": "points"}, {"b": "points"}]) == row_rule([{"b": "points"}, {"a": "points"}])
