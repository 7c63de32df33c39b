"""What is unusual of a file, and when one was expected: by what came before alone."""

from datetime import UTC, datetime, timedelta

import pytest

from transforms.arrivals.series import series_of
from transforms.arrivals.unusual import is_missed, unusual_size

NOW = datetime(2026, 11, 26, 3, 0, 10, tzinfo=UTC)
USUAL = [100, 110, 120, 105, 100]


def nights(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in days]


@pytest.mark.parametrize(
    ("rows_read", "before", "is_unusual"),
    [
        pytest.param(50, USUAL, False, id="half of the least"),
        pytest.param(49, USUAL, True, id="less"),
        pytest.param(240, USUAL, False, id="twice the most"),
        pytest.param(241, USUAL, True, id="more"),
        pytest.param(0, USUAL, True, id="none at all"),
        pytest.param(1, USUAL[:4], False, id="too little came before"),
        pytest.param(1, [8] * 9, False, id="of a few rows"),
        pytest.param(30, [10, *USUAL], False, id="one as small came before"),
    ],
)
def test_unusual_size(rows_read: int, before: list[int], is_unusual: bool) -> None:
    assert (unusual_size(rows_read, before) is not None) is is_unusual


@pytest.mark.parametrize(
    ("came_at", "is_missing"),
    [
        pytest.param(nights(1, 2, 3, 4, 5), True, id="every night until now"),
        pytest.param(nights(0, 1, 2, 3, 4, 5), False, id="tonight too"),
        pytest.param(nights(0.8, 1, 2, 3, 4, 5), False, id="by an extra run in the day before"),
        pytest.param(nights(1, 2, 3, 4), False, id="four nights are no habit"),
        pytest.param(nights(1, 2, 3, 5, 6), False, id="not every night"),
        pytest.param(nights(7, 14, 21), True, id="every week"),
        pytest.param(nights(7, 14), False, id="two weeks are no habit"),
        pytest.param(nights(6, 13, 20), False, id="on another day"),
        pytest.param(nights(1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 18, 19, 20, 21), True, id="on working days"),
        pytest.param([at + timedelta(hours=1, minutes=7) for at in nights(1, 2, 3, 4, 5)], True, id="nights drift"),
        pytest.param([], False, id="never"),
    ],
)
def test_is_missed(came_at: list[datetime], is_missing: bool) -> None:
    assert (is_missed(came_at, NOW) is not None) is is_missing


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("visits_2026-11-25.csv", "Visits_2026-11-26.CSV", True),
        ("march.xlsx", "April.xlsx", True),
        ("marchmont.csv", "aprilmont.csv", False),
        ("visits 1.csv", "sales 1.csv", False),
    ],
)
def test_series_of(one: str, other: str, is_same: bool) -> None:
    assert (series_of(one) == series_of(other)) is is_same
