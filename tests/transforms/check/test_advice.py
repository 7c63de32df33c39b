"""What a person is told about times, days and amounts: in the studio's own time, and never a bare Z."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, check_rows
from transforms.check.parameters import Rules
from transforms.sheets.clocks import SiteClock
from transforms.vocabulary import Times

STUDIO = ZoneInfo("America/Los_Angeles")


def rules_of(times: Times | None) -> Rules:
    return replace(RULES, site_clocks={"-99": SiteClock(STUDIO, times)})


def advice(*texts: str, times: Times | None = Times.SITE) -> list[str]:
    rows = [["1", str(number), "Earned", "", "", text] for number, text in enumerate(texts, 1)]
    told: list[str] = check_rows(*rows, headings=CLIENT, rules=rules_of(times)).errors["suggestion"].tolist()
    return told


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        (Times.SITE, "write it like 2026-10-25 17:00, in the studio's time"),
        (Times.UTC, "write it like 2026-10-26 00:00, in UTC, for 5:00 pm in the studio"),
        (None, "write it like 2026-10-25T17:00-07:00 for 5:00 pm in the studio"),
    ],
)
def test_the_example_is_by_the_clock_that_holds(times: Times | None, shown: str) -> None:
    (told,) = advice("next week", times=times)
    assert told == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0001-01-01T00:00:00Z", "Mindbody writes a date that was never set"),
        ("1900-01-00", "an empty cell"),
        ("12:52", "the day is missing"),
        ("25/10/24", "two digits"),
        ("13-Mar-24", "press Ctrl+1"),
        ("2024-02-30", "no such day"),
        ("2024-03-13T23:59:60Z", "seconds 0 to 59"),
        ("2024-03-13T12:52:32 EST", "several zones are called EST"),
        ("2024-03-13T12:52:32+25:00", "no offset has 24 hours"),
        ("1731061593", "Fri 8 Nov 2024, 10:26:33 am in UTC"),
        ("45604.435", "press Ctrl+1"),
        ("1850-01-01", "before 1900"),
        ("44632.5", "began on a Mac"),
        ("2024-05-25T17:00:00 America/Los_Angeles", "write it like"),
    ],
)
def test_the_true_reason_is_told(text: str, words: str) -> None:
    (told,) = advice(text, "2024-05-25")
    assert words in told
    assert not re.search(r"[0-9]Z", told)


def test_a_day_that_can_be_two_is_told_with_both() -> None:
    told = advice("05/10/2024", "25/10/2024", "10/25/2024")
    assert len(told) == 1
    assert "it can be 5 October 2024 or 10 May 2024" in told[0]


def test_an_hour_without_am_or_pm_beside_others_is_told() -> None:
    (told,) = advice("25/10/2024 6:30", "24/10/2024 6:30 pm", "23/10/2024 18:30")
    assert "add it" in told


def test_a_clock_of_12_hours_is_no_night_in_a_studio_and_may_be_one_in_utc() -> None:
    (told,) = advice("25/10/2024 1:30", "24/10/2024")
    assert "may be one of 12 hours" in told
    assert advice("25/10/2024 1:30", times=Times.UTC) == []
    assert advice("25/10/2024 1:30", "24/10/2024 18:30") == []


def test_dates_that_were_exchanged_are_told_with_both_readings() -> None:
    (told,) = advice("25/10/2024", "2024-05-10T00:00:00")
    assert "it shows 10 May 2024, and may mean 5 October 2024" in told


def test_the_hour_that_comes_twice_is_told_with_both_offsets_and_the_one_that_never_comes_with_the_next() -> None:
    twice, never = advice("2024-11-03 01:30", "2024-03-10 02:30")
    assert twice == "write 2024-11-03T01:30:00-07:00 for the first of the two, 2024-11-03T01:30:00-08:00 for the second"
    assert never.startswith("write 2024-03-10 03:30 if the clock had not been put forward yet")


def test_a_day_is_shown_as_one() -> None:
    told = check_rows(["r", "p", "", "soon"], headings=REWARD).errors["suggestion"].tolist()
    assert told == ["write it like 2026-10-25"]


def test_an_amount_with_a_dot_beside_commas_gets_no_value() -> None:
    rows = [["r1", "p", "1.250"], ["r2", "p", "12,50"]]
    first, second = check_rows(*rows, headings=REWARD).errors["suggestion"].tolist()
    assert "12,50 in row 3" in first
    assert not re.search(r"1250|1\.25\b", first)
    assert second == "12.50"


def test_a_number_past_the_bounds_gets_the_bound_and_not_itself() -> None:
    row = ["1", "9223372036854775808", "Earned", "Sale", "9223372036854775808", ""]
    told = check_rows(row).errors["suggestion"].tolist()
    assert told == ["the largest number that Mindbody takes here is 9,223,372,036,854,775,807"] * 2
    (told_of_amount,) = check_rows(["r", "p", "9" * 29], headings=REWARD).errors["suggestion"].tolist()
    assert "28 digits" in told_of_amount


def test_a_sign_of_another_currency_than_that_of_rewards_is_not_taken_away() -> None:
    row = ["r", "p", "€12", ""]
    (plain,) = check_rows(row, headings=REWARD).errors["suggestion"].tolist()
    (told,) = check_rows(row, headings=REWARD, rules=replace(RULES, currency="USD")).errors["suggestion"].tolist()
    (same,) = check_rows(row, headings=REWARD, rules=replace(RULES, currency="EUR")).errors["suggestion"].tolist()
    assert (plain, same) == ("12", "12")
    assert "paid in USD" in told
