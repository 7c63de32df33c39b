"""Two clocks that differ: nothing is refused for good because of it, and people are told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from flows.runtime.clock import clock_set_to, steady_seconds, utc_now
from flows.sandbox import start_sandbox
from flows.services.clocks import NOTABLE_SECONDS, ClockReading, read_clock
from flows.services.http import Exchange, Reach
from tests.flows.workplace import Workplace, earned, open_workplace

Place = Callable[..., Workplace]
CLIENT, OTHER = "200000005", "200000006"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A workplace whose services have a clock of their own, told in seconds ahead of this machine's."""
    with ExitStack() as stack:

        def make(ahead: float, date_ahead: float = 0, **choices: object) -> Workplace:
            options = ("--extra-clients", "9", "--clock-ahead", str(ahead), "--date-ahead", str(date_ahead))
            return open_workplace(tmp_path, stack.enter_context(start_sandbox(options=options)), **choices)

        yield make


def undated(client_id: str, points: int = 10) -> str:
    return f"{client_id},{points},Earned,Sale,,"


def seconds_ago(seconds: float) -> str:
    return (utc_now() - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.first_case
@pytest.mark.parametrize("behind", [0.4, 3, 180])
def test_an_undated_row_is_posted_though_this_machine_is_ahead_of_the_service(place: Place, behind: float) -> None:
    workplace = place(-behind)
    workplace.put("a.csv", undated(CLIENT))
    night = workplace.run()
    assert (night.totals["posted"], night.exit_code) == (1, 0)
    is_said = any("ahead of Mindbody's" in line for line in night.lines)
    assert is_said is (behind > NOTABLE_SECONDS)


def test_a_dated_row_between_the_two_clocks_waits_for_the_service(place: Place) -> None:
    workplace = place(-4, max_tries=5)
    workplace.put("a.csv", earned(CLIENT, time=seconds_ago(1)), earned(OTHER))
    night = workplace.run()
    assert (night.totals["posted"], night.totals["refused"], night.failures) == (2, 0, ())
    assert len(workplace.rows("SELECT * FROM attempts")) == 2


@pytest.mark.long
def test_a_dated_row_far_ahead_of_the_service_is_left_to_the_next_night(place: Place) -> None:
    workplace = place(-600)
    workplace.put("a.csv", earned(CLIENT, time=seconds_ago(5)), earned(OTHER))
    night = workplace.run()
    assert (night.totals["posted"], night.totals["pending"], night.failures) == (1, 1, ())
    workplace.talk.post_json("/sandbox/desk/clock", {"now": utc_now().isoformat()})
    assert workplace.run().totals["posted"] == 1


@pytest.mark.long
def test_a_refusal_of_a_time_near_now_is_tried_again(place: Place) -> None:
    # The header comes from something before the service, whose clock is ahead: only the refusal itself tells.
    workplace = place(-3, date_ahead=3, max_tries=6)
    workplace.put("a.csv", undated(CLIENT))
    night = workplace.run()
    assert (night.totals["posted"], night.totals["refused"], night.failures) == (1, 0, ())
    answers = workplace.rows("SELECT verdict, code FROM answers ORDER BY attempt_id")
    assert (answers[0], answers[-1]["verdict"]) == ({"verdict": "retry", "code": "not_yet"}, "posted")
    assert len(workplace.commits(CLIENT)) == 1


@pytest.mark.long
def test_a_refusal_of_a_time_near_now_stays_pending_where_it_goes_on(place: Place) -> None:
    workplace = place(-300, date_ahead=300, max_tries=2)
    workplace.put("a.csv", undated(CLIENT))
    night = workplace.run()
    assert (night.totals["pending"], night.totals["refused"], night.failures) == (1, 0, ())


def test_a_machine_that_is_behind_is_told(place: Place) -> None:
    workplace = place(120)
    workplace.put("a.csv", undated(CLIENT), earned(OTHER, time=seconds_ago(-60)))
    night = workplace.run()
    assert (night.totals["posted"], night.totals["rejected"]) == (1, 1)
    assert any("120 s behind Mindbody's: rows of this last while are rejected" in line for line in night.lines)


@pytest.mark.long
def test_clocks_that_agree_are_not_spoken_of(place: Place) -> None:
    workplace = place(0)
    workplace.put("a.csv", undated(CLIENT))
    assert not any("This machine's clock" in line for line in workplace.run().lines)


def test_the_service_tells_its_own_time(place: Place) -> None:
    workplace = place(-3600)
    workplace.talk.post_json("/sandbox/desk/clock", {"now": "2031-05-06T07:08:09+00:00"})
    assert workplace.talk.send("GET", "/")[1]["Date"].startswith("Tue, 06 May 2031 07:08:")


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reading(ahead: float, took: float = 0.1) -> ClockReading:
    """Ask at NOW a service that this machine is so far ahead of, and whose answer took so long."""
    shown_at = (NOW + timedelta(seconds=took / 2 - ahead)).replace(microsecond=0)
    return ClockReading(shown_at, NOW, NOW + timedelta(seconds=took), steady_seconds())


@pytest.mark.parametrize("took", [0.01, 0.9, 4])
@pytest.mark.parametrize("ahead", [-90, -4, -0.5, 0, 0.5, 4, 90])
def test_a_reading_is_never_surer_than_it_can_be(ahead: float, took: float) -> None:
    surely = reading(ahead, took).surely_ahead_seconds
    assert surely * ahead >= 0
    assert abs(surely) <= abs(ahead)
    # What is sent with the earliest time that the service's clock can show is no future there.
    assert reading(ahead, took).earliest_now() <= NOW + timedelta(seconds=took - ahead + 0.01)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Mar 2026 12:00:00 GMT"])
def test_an_answer_without_a_date_tells_no_clock(date: str) -> None:
    assert read_clock(Exchange(Reach.ANSWERED, 1.0, status=200, headers={"Date": date})) is None


def test_read_clock_takes_the_middle_of_the_answer() -> None:
    with clock_set_to(NOW):
        told = {"Date": format_datetime(NOW - timedelta(seconds=30))}
        found = read_clock(Exchange(Reach.ANSWERED, 2000.0, status=200, headers=told))
    assert found is not None
    assert abs(found.ahead_seconds - 28.5) < 0.5
