from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.reports import values
from flows.reports.values import Show
from flows.reports.workbook.ink import fits
from flows.runtime.visible import visible


@given(st.text(st.characters(codec=None)))
def test_visible_leaves_nothing_that_cannot_be_seen_or_stored(text: str) -> None:
    shown = visible(text)
    assert all(sign == " " or sign.isprintable() or ord(sign) > 0xA0 for sign in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@pytest.mark.parametrize("text", ["Zoë", "000123", "日本", "👩‍🏫", "a\\nb", "=1+1"])
def test_visible_leaves_text_alone(text: str) -> None:
    assert visible(text) == text


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_fits_promises_that_a_spreadsheet_keeps_every_digit(number: Decimal) -> None:
    assert not fits(number) or Decimal(repr(float(number))) == number


@pytest.mark.parametrize(
    ("given_values", "show", "expected"),
    [
        pytest.param([238.0, None], Show.ID, ["238", None], id="id-that-came-as-float"),
        pytest.param(["000123", ""], Show.ID, ["000123", None], id="leading-zeros"),
        pytest.param([12.0, float("nan")], Show.COUNT, [12, None], id="count-with-a-gap"),
        pytest.param([Decimal("1.10"), "2.50"], Show.AMOUNT, [Decimal("1.10"), Decimal("2.50")], id="amounts"),
        pytest.param([5, Decimal("2.00")], Show.QUANTITY, [5, Decimal("2.00")], id="quantities"),
        pytest.param([True, pd.NA], Show.FLAG, [True, None], id="flag"),
    ],
)
def test_values_are_what_the_column_means(given_values: list[object], show: Show, expected: list[object]) -> None:
    assert values.values(pd.Series(given_values, dtype="object"), show, ZoneInfo("UTC")) == expected


def test_values_show_the_second_one_o_clock_of_a_clock_change() -> None:
    moments = pd.Series(pd.to_datetime(["2024-11-03T08:30:00Z", "2024-11-03T09:30:00Z"], utc=True))
    shown = values.values(moments, Show.LOCAL, ZoneInfo("America/Los_Angeles"))
    assert [str(moment) for moment in shown] == ["2024-11-03 01:30:00-07:00", "2024-11-03 01:30:00-08:00"]
