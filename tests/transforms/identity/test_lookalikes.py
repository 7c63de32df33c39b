"""A corrected row is found beside the row that it corrects, and honest files are left in peace."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from transforms.identity.aligned_rows import Pair
from transforms.identity.changed_rows import sheet_row
from transforms.identity.lookalikes import Comparison, Lookalike, compare_files

START = datetime(2026, 9, 1, 15, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """A row of a sheet."""

    client: str
    points: int = 10
    at: datetime | None = START
    action: str = "Earned"
    source: str | None = "Sale"
    source_id: int | None = None
    reward_id: str | None = None
    amount: str | None = None
    ordinal: int = 0
    site_id: str = "-99"
    payout_id: str = "p"
    eligibility_on: None = None
    description: None = None

    @property
    def lane(self) -> str:
        return self.reward_id or self.client

    @property
    def action_at(self) -> datetime:
        return self.at or START

    @property
    def is_dated(self) -> bool:
        return self.at is not None


def day_of(_site_id: str, at: datetime) -> date:
    return at.date()


def compare(earlier: Sequence[Line], now: Sequence[Line]) -> Comparison:
    """Compare two sheets as the ledger hands them over: equal rows are known by their content and number."""
    before, after = _numbered(earlier), _numbered(now)
    pairs = [Pair(before[key].ordinal, row.ordinal, row.at) for key, row in after.items() if key in before]
    missing = [sheet_row(row, day_of) for key, row in before.items() if key not in after]
    new = [sheet_row(row, day_of) for key, row in after.items() if key not in before]
    return compare_files(pairs, missing, new)


def _numbered(sheet: Sequence[Line]) -> dict[tuple[Line, int], Line]:
    found: dict[tuple[Line, int], Line] = {}
    for place, line in enumerate(sheet):
        number = 0
        while (line, number) in found:
            number += 1
        found[line, number] = replace(line, ordinal=place)
    return found


def sheet(count: int = 10) -> list[Line]:
    return [Line(f"c{number}", 10 + number, START + timedelta(hours=5 * number)) for number in range(count)]


def held(comparison: Comparison) -> dict[int, int]:
    return {found.now: found.earlier for found in comparison.lookalikes}


CHANGES = {
    "client": {"client": "c99"},
    "points": {"points": 999},
    "action": {"action": "Redeemed", "source": None},
    "time": {"at": START + timedelta(hours=21)},
    "wrong year": {"at": START - timedelta(days=364)},
    "source": {"source": "Referral"},
    "source id": {"source_id": 7},
    "all": {"client": "c98", "points": 1, "action": "Redeemed", "source": None, "at": START + timedelta(hours=1)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("place", [0, 4, 8])
def test_compare_files_finds_a_corrected_row_whatever_was_changed(change: dict[str, object], place: int) -> None:
    before = sheet()
    after = [*before]
    after[place] = replace(before[place], **change)  # type: ignore[arg-type]
    assert held(compare(before, after)) == {place: place}
    assert compare(before, after).vanished == ()


@pytest.mark.parametrize("name", ["points", "client", "action", "source id", "wrong year"])
def test_compare_files_finds_a_corrected_last_row_beside_rows_that_came_after(name: str) -> None:
    before = sheet()
    last = replace(before[-1], **CHANGES[name])  # type: ignore[arg-type]
    later = [Line(f"d{number}", 10, START + timedelta(days=5, hours=number)) for number in range(4)]
    assert held(compare(before, [*before[:-1], last, *later])) == {9: 9}


def test_compare_files_finds_two_corrections_side_by_side() -> None:
    before = sheet()
    after = [*before[:4], replace(before[4], points=1), replace(before[5], client="x"), *before[6:]]
    assert held(compare(before, after)) == {4: 4, 5: 5}


def test_compare_files_finds_a_correction_beside_a_row_that_was_put_in() -> None:
    before = sheet()
    put_in = Line("x", 3, START + timedelta(hours=21))
    assert held(compare(before, [*before[:4], put_in, replace(before[4], points=1), *before[5:]])) == {5: 4}


def test_compare_files_finds_a_correction_below_a_deleted_first_row() -> None:
    before = sheet()
    found = compare(before, [*before[1:4], replace(before[4], points=1), *before[5:]])
    assert held(found) == {3: 4}
    assert found.vanished == ()  # the sheet begins later now


def test_compare_files_finds_a_correction_in_a_sheet_that_was_sorted_anew() -> None:
    before = sheet(40)
    after = [*before]
    after[7] = replace(before[7], points=1)
    Random(1).shuffle(after)  # noqa: S311
    assert list(held(compare(before, after)).values()) == [7]


def test_compare_files_finds_a_corrected_time_where_the_sheet_is_sorted_by_it() -> None:
    before = sheet()
    moved = replace(before[1], at=before[1].action_at + timedelta(hours=4, minutes=30))
    other_day = replace(before[8], at=before[8].action_at - timedelta(days=365))
    after = sorted([*before[:1], moved, *before[2:8], other_day, before[9]], key=lambda line: line.action_at)
    assert sorted(held(compare(before, after)).values()) == [1, 8]


@pytest.mark.parametrize("count", [3, 4])
def test_compare_files_finds_a_correction_in_a_sheet_of_a_few_rows(count: int) -> None:
    before = sheet(count)
    assert held(compare(before, [replace(before[0], points=99), *before[1:]])) == {0: 0}


def test_compare_files_finds_a_column_that_is_filled_anew() -> None:
    before = sheet()
    after = [replace(line, source_id=number + 1) for number, line in enumerate(before)]
    later = [Line("d", 10, START + timedelta(days=9), source_id=77)]
    assert held(compare(before, [*after, *later])) == {place: place for place in range(10)}
    assert held(compare([*after, *later], before)) == {place: place for place in range(10)}


def test_compare_files_finds_times_that_are_read_anew() -> None:
    before = [replace(line, at=None) for line in sheet()]
    assert held(compare(before, sheet())) == {place: place for place in range(10)}


def test_compare_files_finds_a_column_that_was_corrected_in_every_row() -> None:
    before = sheet()
    after = [replace(line, points=line.points * 2 + 1) for line in before]
    assert held(compare(before, after)) == {place: place for place in range(10)}


def test_compare_files_leaves_updates_of_one_reward_to_supersede() -> None:
    before = [Line("", 1, None, reward_id=f"r{number}", amount="5") for number in range(6)]
    after = [*before[:2], replace(before[2], amount="7"), replace(before[3], reward_id="other"), *before[4:]]
    assert held(compare(before, after)) == {3: 3}


def test_compare_files_tells_what_vanished_where_both_could_have_it() -> None:
    before = sheet()
    found = compare(before, [*before[2:4], *before[5:], *([Line("n", 10, START + timedelta(days=9))] * 4)])
    assert found == Comparison(is_of_series=True, vanished=(4,))


@pytest.mark.parametrize("change", [{"points": 3}, {"at": START + timedelta(days=3)}], ids=["points", "time"])
def test_compare_files_leaves_files_alone_that_have_little_in_common(change: dict[str, object]) -> None:
    before = sheet()
    after = [replace(line, client=f"x{line.client}", **change) for line in before[:6]]  # type: ignore[arg-type]
    assert compare(before, [*after, *before[6:]]).lookalikes == ()


def visits(locations: int, days: range, *, of_client: bool = False) -> list[Line]:
    """Regulars who come every day at the same hour, by location, or by client, and then by time."""
    found = [
        Line(f"c{location}.{client}", 10, START + timedelta(days=day, hours=client), source="Class Booking")
        for location in range(locations)
        for day in days
        for client in range(3)
    ]
    return sorted(found, key=lambda line: (line.client, line.action_at)) if of_client else found


@pytest.mark.parametrize("of_client", [False, True])
@pytest.mark.parametrize("cancelled", [None, 0, 5, 20, 21, 41, 62])
def test_compare_files_holds_nothing_of_a_window_that_moves(*, of_client: bool, cancelled: int | None) -> None:
    before = visits(3, range(7), of_client=of_client)
    gone = [] if cancelled is None else [before[cancelled]]
    after = [line for line in visits(3, range(1, 8), of_client=of_client) if line not in gone]
    found = compare(before, after)
    assert found.is_of_series
    assert found.lookalikes == ()


@law(200)
@given(st.sets(st.integers(0, 29), max_size=3), st.sets(st.integers(0, 29), max_size=5))
def test_compare_files_holds_nothing_where_rows_only_go_or_only_come(gone: set[int], come: set[int]) -> None:
    whole = sheet(30)
    less = [line for place, line in enumerate(whole) if place not in gone]
    assert compare(whole, less).lookalikes == ()
    more: list[Line] = []
    for place, line in enumerate(whole):
        more += [line] if place not in come else [replace(line, client=f"n{place}"), line]
    assert compare(whole, more).lookalikes == ()


@law(200)
@given(st.data())
def test_compare_files_holds_each_row_that_was_changed_and_no_other(data: st.DataObject) -> None:
    before = sheet(data.draw(st.integers(8, 40)))
    places = data.draw(st.sets(st.integers(0, len(before) - 2), min_size=1, max_size=max(1, len(before) // 8)))
    after = [*before]
    for place in places:
        change = data.draw(st.sampled_from(sorted(CHANGES)))
        after[place] = replace(before[place], client=f"{before[place].client}'")
        after[place] = replace(after[place], **CHANGES[change])  # type: ignore[arg-type]
        after[place] = replace(after[place], points=after[place].points + place)
    assert held(compare(before, after)) == {place: place for place in places}


@law(200)
@given(st.lists(st.sampled_from("abcdef"), max_size=25), st.lists(st.sampled_from("abcdef"), max_size=25))
def test_compare_files_gives_every_row_one_place(first: list[str], second: list[str]) -> None:
    before = [Line(client, 10, START + timedelta(hours=ord(client))) for client in first]
    after = [Line(client, 11, START + timedelta(hours=ord(client))) for client in second]
    found = compare(before, after)
    assert len({one.now for one in found.lookalikes}) == len(found.lookalikes)
    assert not {one.earlier for one in found.lookalikes} & set(found.vanished)


def test_lookalike_names_places_of_both_files() -> None:
    before = sheet()
    after = [
        before[0],
        Line("new", 1, START + timedelta(hours=1)),
        *before[1:5],
        replace(before[5], points=1),
        *before[6:],
    ]
    assert compare(before, after).lookalikes == (Lookalike(now=6, earlier=5),)


def test_compare_files_finds_a_booking_of_another_client_in_a_sheet_sorted_by_client() -> None:
    before = [replace(line, source_id=place + 1) for place, line in enumerate(sheet())]
    after = [*before[:3], *before[4:], replace(before[3], client="z")]
    assert held(compare(before, after)) == {9: 3}


def test_compare_files_finds_a_corrected_first_row_of_a_sheet_that_has_grown() -> None:
    before = sheet()
    first = replace(before[0], client="x", at=START + timedelta(hours=9))
    later = [Line(f"d{number}", 10, START + timedelta(days=5, hours=number)) for number in range(8)]
    assert held(compare(before, [first, *before[1:], *later])) == {0: 0}


def test_compare_files_takes_two_sheets_with_one_row_in_common_for_two_sheets() -> None:
    before = sheet(2)
    assert compare(before, [before[0], replace(before[1], points=99)]) == Comparison()


@law(200)
@given(st.integers(0, 8), st.integers(-10, 60), st.integers(2, 12), st.integers(3, 60))
def test_compare_files_finds_a_row_that_is_all_other_in_a_sheet_that_has_grown(
    place: int, hours: int, more: int, pause: int
) -> None:
    before = sheet()
    other = replace(before[place], client="x", points=1, at=START + timedelta(hours=hours, minutes=7))
    later = [Line(f"d{number}", 10, START + timedelta(days=pause, hours=number)) for number in range(more)]
    # A time after all of the earlier file is that of a row that was put in between, as far as anybody can tell.
    wanted = {} if hours >= 45 else {place: place}
    assert held(compare(before, [*before[:place], other, *before[place + 1 :], *later])) == wanted


def test_compare_files_holds_nothing_of_an_export_that_goes_back_further() -> None:
    before = visits(2, range(4, 9), of_client=True)
    gone = before[7]
    after = [line for line in visits(2, range(9), of_client=True) if line != gone]
    found = compare(before, after)
    assert found.is_of_series
    assert found.lookalikes == ()
