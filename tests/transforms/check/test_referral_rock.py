from decimal import Decimal

import pytest

from tests.transforms.sheet_makers import REWARD, check_rows, codes

GOOD = ["r1", "p1", "12.50", "2024-11-08", "Thanks"]


def test_check_keeps_a_good_update() -> None:
    event = check_rows(GOOD, headings=REWARD).events.iloc[0]
    assert (event["kind"], event["target"], event["reward_id"]) == ("reward_update", "referral_rock", "r1")
    assert (event["payout_id"], event["eligibility_on"], event["description"]) == ("p1", "2024-11-08", "Thanks")
    assert event["amount"] == Decimal("12.5")


@pytest.mark.parametrize("amount", ["0.1", "12345678901234567890.123456789", "-3", ".5"])
def test_check_keeps_amounts_exactly(amount: str) -> None:
    assert check_rows(["r", "p", amount], headings=REWARD).events["amount"].tolist() == [Decimal(amount)]


def test_check_leaves_out_optional_cells() -> None:
    event = check_rows(["r", "p"], headings=REWARD).events.iloc[0]
    assert event["amount"] is None
    assert event[["eligibility_on", "description", "site_id"]].isna().all()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        pytest.param(0, "", "reward_id_missing"),
        pytest.param(1, "", "payout_id_missing"),
        *(
            pytest.param(2, bad, "amount_unreadable")
            for bad in ("$5", "1,200.00", "12,50", "(5)", "1e3", "NaN", "-", "5%")
        ),
        *(pytest.param(3, bad, "eligibility_date_unreadable") for bad in ("8.11.2024", "2024-02-30", "soon", "45604")),
        pytest.param(4, "#VALUE!", "cell_error"),
    ],
)
def test_check_tells_a_bad_cell_once_with_its_code(column: int, value: str, code: str) -> None:
    row = [*GOOD[:column], value, *GOOD[column + 1 :]]
    assert codes(check_rows(row, headings=REWARD)) == [(f"{'ABCDE'[column]}2", code)]


@pytest.mark.parametrize(
    ("written", "date"),
    [
        pytest.param("2024-11-08T10:26:33.2282749Z", "2024-11-08", id="as the service documents it"),
        pytest.param("2024-11-08T23:30:00-05:00", "2024-11-08", id="the day that the sheet shows"),
        pytest.param("2024-11-08 23:30", "2024-11-08", id="without an offset as written"),
    ],
)
def test_check_reads_the_date_of_a_time(written: str, date: str) -> None:
    checked = check_rows(["r", "p", "", written], headings=REWARD)
    assert checked.events["eligibility_on"].tolist() == [date]


def test_check_refuses_all_rows_of_a_reward_with_two_values() -> None:
    checked = check_rows(["r", "p", "5"], ["s", "p", "5"], ["r", "p", "6"], headings=REWARD)
    assert codes(checked) == [("A2", "reward_id_conflict"), ("A4", "reward_id_conflict")]
    assert checked.events["reward_id"].tolist() == ["s"]


def test_check_compares_the_values_of_a_reward_as_read() -> None:
    checked = check_rows(["r", "p", "5", "2024-11-08"], ["r", "p", "5.00", "2024-11-08T01:00:00Z"], headings=REWARD)
    assert codes(checked) == []
    assert checked.events["amount"].map(str).tolist() == ["5", "5"]


def test_check_refuses_the_good_twin_of_a_bad_row() -> None:
    checked = check_rows(["r", "p", "5"], ["r", "p", "x"], headings=REWARD)
    assert codes(checked) == [("A2", "reward_id_conflict"), ("A3", "reward_id_conflict"), ("C3", "amount_unreadable")]
