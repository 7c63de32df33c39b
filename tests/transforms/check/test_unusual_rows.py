"""Rows that may be a slip are told, whichever parts a file is read in."""

from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.rows import Row, earned, frame_of, update
from transforms.check.unusual_rows import SeenRows, see_below, see_rows, tell_unusual
from transforms.sheets.notes import Note


def notes(rows: Sequence[Row], *cuts: int) -> list[Note]:
    frame = frame_of(rows)
    seen: list[SeenRows] = []
    for start, end in zip([0, *cuts], [*cuts, len(frame)], strict=True):
        here = see_rows(frame.iloc[start:end])
        seen.append(see_below(seen[-1], here) if seen else here)
    return list(tell_unusual(seen))


def at_hours(count: int, **values: object) -> list[Row]:
    return [earned(at=f"2026-02-01T{hour:02}:00:00Z", **values) for hour in range(count)]


def test_equal_rows_side_by_side_are_told_once() -> None:
    rows = at_hours(6)
    (note,) = notes([*rows[:3], rows[2], rows[2], *rows[3:]])
    assert note.row == 5
    assert note.message == (
        "row 5 equals the row above it: each counts as an event of its own, so delete one where it is not (2 such rows "
        "in all)."
    )


@pytest.mark.parametrize("change", [{"points": 11}, {"at": None}, {"source": None}, {"sheet": "B"}, {"receipt": "e1"}])
def test_rows_that_differ_in_anything_are_not_equal(change: dict[str, object]) -> None:
    rows = at_hours(3)
    assert notes([*rows, earned(**{"at": "2026-02-01T02:00:00Z", **change})]) == []  # type: ignore[arg-type]


def test_equal_rows_apart_from_each_other_are_left_alone() -> None:
    rows = at_hours(4)
    assert notes([*rows, rows[0]]) == []
    assert notes([update(), update()]) == []


def test_points_far_above_the_others_are_told() -> None:
    rows = [*at_hours(6), earned(points=1000)]
    (note,) = notes(rows)
    assert note.row == 8
    assert "row 8: 1,000 points Earned is far above all other rows of the sheet, which have at most 10." in note.message


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([10, 1000], id="too few rows"),
        pytest.param([5, 10, 20, 40, 80, 160, 320, 640], id="no gap"),
        pytest.param([10, 10, 10, 10, 500, 600, 700], id="too many"),
        pytest.param([10, 12, 15, 40], id="not far"),
    ],
)
def test_points_of_a_sheet_that_varies_are_not_told(points: list[int]) -> None:
    assert notes([{**row, "points": number} for row, number in zip(at_hours(9), points, strict=False)]) == []


def test_a_time_long_before_all_others_is_told_whichever_parts_the_file_is_read_in() -> None:
    rows = [*at_hours(3), earned(at="1926-02-01T03:00:00Z"), *at_hours(9)[4:], earned(at=None)]
    (note,) = notes(rows)
    assert note.row == 5
    assert "row 5: Feb 1926 is long before all other rows of the sheet, the earliest of which is of Feb 2026." in (
        note.message
    )
    assert notes(rows, 2, 7) == [note]


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(["2025-02-01T00:00:00Z"], id="too few rows"),
        pytest.param(["2025-02-01T00:00:00Z", "2025-02-03T00:00:00Z", "2025-03-01T00:00:00Z"] * 2, id="too many"),
        pytest.param([f"2025-{month:02}-01T00:00:00Z" for month in range(1, 13)], id="no gap"),
        pytest.param([None, None, None, None], id="no time"),
    ],
)
def test_times_of_a_sheet_that_varies_are_not_told(times: list[str | None]) -> None:
    now = [earned(at=f"2026-01-05T{hour:02}:00:00Z") for hour in range(2 if len(times) == 1 else 6)]
    before = [earned(f"2000000{number:02}", at) for number, at in enumerate(times)]
    assert notes([*before, *now]) == []


def test_earned_and_redeemed_are_judged_apart() -> None:
    redeemed = [
        earned(at=f"2026-02-02T{hour:02}:00:00Z", action="Redeemed", source=None, points=500) for hour in range(4)
    ]
    assert notes([*at_hours(12), *redeemed]) == []


@law(40)
@given(st.lists(st.sampled_from([1, 1, 1, 2, 900]), min_size=1, max_size=12), st.sets(st.integers(1, 11)))
def test_a_file_is_judged_alike_in_parts_of_any_size(points: list[int], cuts: set[int]) -> None:
    rows = [earned(points=number) for number in points]
    assert notes(rows, *sorted(cut for cut in cuts if cut < len(rows))) == notes(rows)


def test_no_rows_are_nothing_to_tell() -> None:
    assert list(tell_unusual([])) == []
    assert list(tell_unusual([see_rows(pd.DataFrame(frame_of([])))])) == []
