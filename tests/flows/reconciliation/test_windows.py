from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from transforms.settle.windows import Window

WEST = ZoneInfo("America/Los_Angeles")


def window(since: date, until: date) -> Window:
    return Window("-99", "1", since, until, WEST)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 9, 20), 24, id="plain"),
        pytest.param(date(2026, 3, 8), 23, id="clock goes forward"),
        pytest.param(date(2026, 11, 1), 25, id="clock goes back"),
    ],
)
def test_bounds_are_the_site_days_also_where_the_clock_changes(day: date, hours: int) -> None:
    since_at, until_at = window(day, day).bounds
    assert until_at - since_at == timedelta(hours=hours)
    assert since_at.astimezone(WEST).replace(tzinfo=None) == datetime(day.year, day.month, day.day)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("moment", "is_held"),
    [
        ("2026-09-20T06:59:59", False),
        ("2026-09-20T07:00:00", True),
        ("2026-09-21T06:59:59", True),
        ("2026-09-21T07:00:00", False),
    ],
)
def test_holds_takes_the_first_moment_and_not_the_one_after_the_last(moment: str, is_held: bool) -> None:
    day = date(2026, 9, 20)
    assert window(day, day).holds(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_held
