from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.sheets.times import Clock, DateOrder, has_time_of_day, parse_dates, parse_times

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")


def parse_one(text: str, order: DateOrder | None = None, zone: ZoneInfo | None = None) -> str | None:
    at, *_ = parse_times(pd.Series([text], dtype="str"), Clock(zone or UTC, order), NOW)
    return None if pd.isna(at[0]) else at[0].isoformat()


@pytest.mark.parametrize(
    ("text", "order", "read"),
    [
        pytest.param("24/4/2023 8:38:19 pm", DateOrder.DAY_FIRST, "2023-04-24T20:38:19+00:00"),
        pytest.param("4/24/2023 8:38 AM", DateOrder.MONTH_FIRST, "2023-04-24T08:38:00+00:00"),
        pytest.param("3/4/2023", DateOrder.DAY_FIRST, "2023-04-03T00:00:00+00:00"),
        pytest.param("3/4/2023", DateOrder.MONTH_FIRST, "2023-03-04T00:00:00+00:00"),
        pytest.param("3.4.2023 20:15", DateOrder.DAY_FIRST, "2023-04-03T20:15:00+00:00"),
        pytest.param("3/4/2023 12:00 am", DateOrder.DAY_FIRST, "2023-04-03T00:00:00+00:00", id="midnight"),
        pytest.param("3/4/2023 12:00 pm", DateOrder.DAY_FIRST, "2023-04-03T12:00:00+00:00", id="noon"),
        pytest.param("3/4/2023", None, None, id="nobody says which comes first"),
        pytest.param("24/4/2023", DateOrder.MONTH_FIRST, None, id="never the other way round"),
        pytest.param("3/4/2023 13:00 pm", DateOrder.DAY_FIRST, None),
        pytest.param("3/4/23", DateOrder.DAY_FIRST, None, id="which century"),
        pytest.param("2023-04-24T20:38:19Z", DateOrder.DAY_FIRST, "2023-04-24T20:38:19+00:00", id="ISO always"),
    ],
)
def test_parse_times_reads_the_order_of_the_layout(text: str, order: DateOrder | None, read: str | None) -> None:
    assert parse_one(text, order) == read


@pytest.mark.parametrize("text", ["2024", "20241108", "2024-13-01", "10:26", "2024-11-08Z", "now"])
def test_parse_times_refuses_what_is_no_full_date(text: str) -> None:
    assert parse_one(text) is None


CLOCKS = {"min_value": datetime(1901, 1, 1), "max_value": datetime(2029, 1, 1)}  # noqa: DTZ001 - Hypothesis asks so


@given(st.datetimes(**CLOCKS, timezones=st.just(UTC)))
def test_parse_times_reads_back_what_was_written(at: datetime) -> None:
    whole = at.replace(microsecond=0).isoformat()
    assert parse_one(at.isoformat()) == parse_one(at.isoformat(sep=" "), zone=ZONE) == whole


@given(st.lists(st.sampled_from(["2024-11-03 01:30", "2024-03-10 02:30", "2024-05-05", "x", None]), max_size=8))
def test_parse_times_gives_every_cell_a_time_or_a_code(texts: list[str | None]) -> None:
    column = pd.Series(texts, dtype="str")
    at, problem, _ = parse_times(column, Clock(ZONE), NOW)
    assert (column.notna() == (at.notna() ^ problem.notna())).all()


def test_parse_dates_keeps_the_place_of_every_cell() -> None:
    dates = parse_dates(pd.Series(["2024-11-08", None, "x", "2024-11-08"], dtype="str", index=[4, 3, 2, 9]))
    assert dates.index.tolist() == [4, 3, 2, 9]
    assert dates.notna().tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        pytest.param("2024-11-08T23:30:00-05:00", None, "2024-11-08", id="the next day in UTC"),
        pytest.param("2024-11-08T00:30:00+02:00", None, "2024-11-08", id="the day before in UTC"),
        pytest.param("2024-11-08T10:26:33.2282749Z", None, "2024-11-08", id="as the document writes it"),
        pytest.param("2024-11-08 23:59", None, "2024-11-08", id="no offset"),
        pytest.param("8/11/2024 11:30 pm", DateOrder.DAY_FIRST, "2024-11-08", id="the layout's order"),
        pytest.param("2024-03-10T02:30:00", None, "2024-03-10", id="an hour that some zone never has"),
        pytest.param("2024-11-08T25:00:00Z", None, None, id="no such hour"),
        pytest.param("2024-11-08T10:00:00+99:00", None, None, id="no such offset"),
        pytest.param("2024-02-30", None, None, id="no such day"),
        pytest.param("8/11/2024", None, None, id="nobody says which comes first"),
    ],
)
def test_parse_dates_gives_the_day_that_the_cell_shows(text: str, order: DateOrder | None, day: str | None) -> None:
    (found,) = parse_dates(pd.Series([text], dtype="str"), Clock(date_order=order))
    assert (None if pd.isna(found) else found) == day


@pytest.mark.parametrize(
    ("text", "says_more"),
    [
        ("2024-11-08", False),
        ("2024-11-08T00:00:00Z", False),
        ("2024-11-08 00:00:00.000", False),
        ("8/11/2024", False),
        (None, False),
        ("2024-11-08T00:00:00-05:00", True),
        ("2024-11-08T10:26:33Z", True),
        ("8/11/2024 11:30 pm", True),
    ],
)
def test_has_time_of_day_tells_what_is_not_sent(text: str | None, says_more: bool) -> None:
    (found,) = has_time_of_day(pd.Series([text], dtype="str"))
    assert found == says_more
