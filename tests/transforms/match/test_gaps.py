from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.match.gaps import Gap, Part, explain

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def on(day: int) -> datetime:
    return NOON + timedelta(days=day - 10)


def gap(more: int, gap_id: str | None = "g", **values: Any) -> Gap:
    """Between the readings of the 10th and the 12th, the first of which knew events of ours up to the 9th."""
    plain: dict[str, Any] = {"since_at": on(10), "until_at": on(12), "known_from_at": on(9), "is_read": False}
    return Gap(gap_id, more, **plain | values)


def part(name: str, more: int, day: int | None = 11, found: int | None = None) -> Part:
    return Part(name, more, None if day is None else on(day), None if found is None else on(found))


def told(*gaps: Gap, parts: list[Part], others: tuple[int, ...] = ()) -> set[tuple[str | None, str]]:
    return {(one.gap_id, one.part.break_id) for one in explain(gaps, parts, others)}


@pytest.mark.parametrize(
    ("more", "parts", "explained"),
    [
        pytest.param(7, [part("a", 7)], "a", id="the entry"),
        pytest.param(12, [part("a", 5), part("b", 7)], "ab", id="two of them"),
        pytest.param(7, [part("a", 7), part("b", 20, day=13)], "a", id="not one of later"),
        pytest.param(7, [part("a", 7, found=9)], "", id="not one that was known before"),
        pytest.param(12, [part("a", 5)], "a", id="a part of it"),
        pytest.param(15, [part("a", 20)], "a", id="more than it, where its time is between the readings"),
        pytest.param(15, [part("a", 20, day=None)], "", id="not one without an entry, unless all is read"),
    ],
)
def test_explain_takes_entries_of_the_time_between(more: int, parts: list[Part], explained: str) -> None:
    assert told(gap(more), parts=parts) == {("g", name) for name in explained}


DATED_BACK = NOON - timedelta(hours=6)  # after all that was known, before the reading


def test_explain_takes_an_entry_that_was_dated_back_only_as_far_as_points_are_lacking() -> None:
    back = [Part(name, more, DATED_BACK, None) for name, more in (("a", 5), ("b", 20), ("c", -3))]
    assert told(gap(7), parts=back) == {("g", "a")}
    assert told(gap(25), parts=back) == {("g", "a"), ("g", "b")}


def test_explain_believes_an_old_entry_only_where_the_days_between_are_read() -> None:
    old = [part("a", 7, day=1)]
    assert told(gap(7), parts=old) == set()
    assert told(gap(7, is_read=True), parts=old) == {("g", "a")}
    assert told(gap(9, is_read=True), parts=old) == set()


def test_explain_uses_an_entry_once() -> None:
    gaps = [gap(7, None, since_at=on(12), until_at=on(14)), gap(7)]
    assert told(*gaps, parts=[part("a", 7)]) == {("g", "a")}
    assert told(*gaps, parts=[part("a", 7), part("b", 7, day=13)]) == {("g", "a"), (None, "b")}


def test_explain_keeps_what_the_balance_of_the_reading_does_not_need() -> None:
    gaps = [gap(0, None, since_at=on(12), until_at=on(14)), gap(7)]
    assert told(*gaps, parts=[part("a", 7)]) == {("g", "a")}
    assert told(gap(-7, None), gap(7), parts=[part("a", 7)], others=(-7,)) == {("g", "a")}


_PARTS = st.lists(st.tuples(st.integers(-9, 9).filter(bool), st.integers(1, 14)), max_size=6)


@given(st.integers(-20, 20), _PARTS, st.booleans())
def test_explain_never_takes_a_part_twice_nor_one_that_was_known(more: int, told_parts: Any, is_read: bool) -> None:
    parts = [Part(str(n), points, on(day), None if n % 2 else on(day)) for n, (points, day) in enumerate(told_parts)]
    gaps = [gap(more, None), gap(-more, "g", since_at=on(5), until_at=on(8), known_from_at=on(4), is_read=is_read)]
    found = explain(gaps, parts)
    ids = [one.part.break_id for one in found]
    assert len(ids) == len(set(ids))
    since = {one.gap_id: one.since_at for one in gaps}
    assert all(one.part.found_at is None or one.part.found_at > since[one.gap_id] for one in found)
