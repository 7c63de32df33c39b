from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.match.balances import adds_up, balance_breaks, balances_by_client


def balance(parts: list[int], **values: Any) -> dict[str, Any]:
    read = {"site_id": "-99", "client_id": "1", "balance_before": 100, "earned": 20, "redeemed": 5} | values
    (row,) = balances_by_client([read], {("-99", "1"): parts}).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("reported", "parts", "others", "difference"),
    [
        pytest.param(115, [], 0, 0, id="nobody else"),
        pytest.param(122, [7], 7, 0, id="a hand entry"),
        pytest.param(115, [7], 0, 0, id="a hand entry of before"),
        pytest.param(120, [7, -2, 40], 5, 0, id="some of several"),
        pytest.param(121, [7], 0, 6, id="unexplained"),
        pytest.param(110, [], 0, -5, id="less than expected"),
    ],
)
def test_balances_by_client_takes_what_breaks_explain(
    reported: int, parts: list[int], others: int, difference: int
) -> None:
    row = balance(parts, balance_reported=reported)
    assert (row["others"], row["balance_expected"], row["difference"]) == (others, 115 + others, difference)


def test_balances_by_client_concludes_nothing_where_no_balance_was_told_before() -> None:
    row = balance([], balance_before=None, balance_reported=9)
    assert [row[key] for key in ("others", "balance_expected", "difference")] == [None] * 3


def test_balance_breaks_names_the_client_whose_balance_moved_without_a_reason() -> None:
    read = {"site_id": "-99", "balance_before": 1000, "earned": 0, "redeemed": 0}
    readings = [read | {"client_id": name, "balance_reported": 1000 - lost} for name, lost in (("a", 0), ("b", 30))]
    (broken,) = balance_breaks(balances_by_client(readings, {}))
    assert (broken["client_id"], broken["class"], broken["points"]) == ("b", "unexpected_remote", 30)
    assert broken["detail"].startswith("The balance is 970, and 1,000 would follow from what is known: -30 points")


def test_adds_up_of_very_many_parts_tries_all_of_them_together() -> None:
    parts = [3**number for number in range(40)]
    assert (adds_up(parts, sum(parts)), adds_up(parts, 2)) == (True, False)


@given(st.lists(st.integers(-40, 40), max_size=9), st.integers(-200, 200))
def test_adds_up_finds_what_some_of_the_parts_come_to(parts: list[int], wanted: int) -> None:
    sums = {sum(chosen) for count in range(len(parts) + 1) for chosen in combinations(parts, count)}
    assert adds_up(parts, wanted) is (wanted in sums)


def test_adds_up_does_not_give_up_on_a_client_of_many_breaks() -> None:
    parts = [3**power for power in range(14)]  # more than ten thousand sums, each of them another
    assert adds_up(parts, sum(parts[::2]))
    assert not adds_up(parts, 2)


def test_adds_up_takes_no_time_for_breaks_of_any_size() -> None:
    parts = [10**9 + number for number in range(60)]
    assert adds_up(parts, sum(parts))
    assert not adds_up(parts, 5)
