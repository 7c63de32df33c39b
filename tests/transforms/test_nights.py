from datetime import UTC, datetime, timedelta

import pytest

from transforms.nights import DueTime, Night, NightState, find_due_nights, state_of_night

THREE = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def night(started_at: datetime, *, ended: bool = True, failed: bool = False, seen_at: datetime | None = None) -> Night:
    finished_at = started_at + MINUTE if ended or failed else None
    summary = {"ties_out": True} if ended and not failed else None
    return Night("nightly-1", started_at, finished_at, seen_at or started_at, "why" if failed else None, summary)


def due(*times: datetime, early: timedelta = timedelta(0)) -> list[DueTime]:
    return [DueTime(at, at + DAY, early) for at in times]


@pytest.mark.parametrize(
    ("one", "state"),
    [
        pytest.param(night(THREE), NightState.ENDED, id="ended"),
        pytest.param(night(THREE, failed=True), NightState.COULD_NOT_START, id="could-not-start"),
        pytest.param(night(THREE, ended=False, seen_at=THREE + 58 * MINUTE), NightState.RUNNING, id="seen-of-late"),
        pytest.param(night(THREE, ended=False, seen_at=THREE + 50 * MINUTE), NightState.DIED, id="silent"),
    ],
)
def test_state_of_night(one: Night, state: NightState) -> None:
    assert state_of_night(one, THREE + HOUR) is state


@pytest.mark.parametrize(
    ("nights", "missed"),
    [
        pytest.param([], [THREE - DAY, THREE], id="none-ran"),
        pytest.param([night(THREE)], [], id="the-last-stands-for-those-before"),
        pytest.param([night(THREE - DAY)], [THREE], id="the-last-is-missing"),
        pytest.param([night(THREE + HOUR)], [], id="made-up-for"),
        pytest.param([night(THREE - MINUTE)], [THREE], id="by-hand-before-it-was-due"),
        pytest.param([night(THREE - 2 * MINUTE / 60)], [], id="clocks-two-seconds-apart"),
        pytest.param([night(THREE, failed=True), night(THREE - DAY)], [THREE], id="could-not-start"),
        pytest.param([night(THREE, ended=False), night(THREE - DAY)], [THREE], id="died"),
        pytest.param([night(THREE, ended=False, seen_at=THREE + 2 * HOUR)], [], id="at-work"),
    ],
)
def test_find_due_nights_tells_what_did_not_run(nights: list[Night], missed: list[datetime]) -> None:
    found = find_due_nights(due(THREE - DAY, THREE), nights, THREE + 2 * HOUR, HOUR)
    assert (list(found.missed), found.late) == (missed, None)


def test_find_due_nights_calls_a_night_late_before_it_is_missed() -> None:
    found = find_due_nights(due(THREE), [], THREE + 20 * MINUTE, HOUR)
    assert (found.missed, found.late) == ((), THREE)


def test_find_due_nights_waits_at_most_half_of_the_way_to_the_next_one() -> None:
    every_minute = [DueTime(THREE, THREE + MINUTE)]
    found = find_due_nights(every_minute, [], THREE + timedelta(seconds=31), HOUR)
    assert (found.missed, found.late) == ((THREE,), None)


def test_find_due_nights_takes_the_hour_before_where_the_due_one_does_not_exist() -> None:
    an_hour_before = [night(THREE - HOUR)]
    assert find_due_nights(due(THREE, early=HOUR), an_hour_before, THREE + 3 * HOUR, HOUR).missed == ()


def test_find_due_nights_knows_nothing_of_what_is_still_to_come() -> None:
    found = find_due_nights(due(THREE + DAY), [], THREE, HOUR)
    assert (found.missed, found.late) == ((), None)
