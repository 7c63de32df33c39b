"""What belongs to no single studio is told by a clock that people read, and that has a name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from flows.desk.app import make_app
from flows.desk.house_clock import clock_at, house_clock
from flows.desk.visit import Desk
from flows.ledger.connection import open_ledger
from flows.review.breaks import give_break
from flows.runtime.clock import clock_set_to
from flows.settings.sections import Settings
from sql.breaks import update_breaks
from sql.runs import start_run
from tests.flows.desk.conftest import AtDesk, Browser, Client, let_in
from tests.flows.workplace import Workplace
from transforms.vocabulary import Outcome, Role, RunKind

# By UTC it is December for as long as this evening lasts, and November for as long as that morning does.
EVENING_IN_LOS_ANGELES = datetime(2026, 12, 1, 2, tzinfo=UTC)
MORNING_IN_AUCKLAND = datetime(2026, 11, 30, 20, tzinfo=UTC)


def of_two_zones(settings: Settings) -> Settings:
    first, second = settings.mindbody.sites
    sites = [first, second.model_copy(update={"timezone": "Europe/Berlin"})]
    return settings.model_copy(update={"mindbody": settings.mindbody.model_copy(update={"sites": sites})})


def test_studios_in_several_zones_are_told_by_their_own_clocks_and_never_in_utc(desk: Desk, at_desk: AtDesk) -> None:
    both = replace(desk, settings=of_two_zones(desk.settings))
    assert both.settings.shared_timezone == "UTC"
    assert (house_clock(both).place, clock_at(both, "7").place) == ("Los Angeles", "Berlin")
    page = at_desk("Ana", ("7", Role.REVIEWER)).get("/nights")
    assert "By the clock of" in page
    assert "UTC" not in page


@contextmanager
def at_desk_of(workplace: Workplace, zone: str, now: datetime) -> Iterator[tuple[Desk, Browser]]:
    """Let Ana sit at the desk of studios that are all in this zone, at this moment."""
    place = workplace.configure(workplace.config.read_text("utf-8").replace("America/Los_Angeles", zone))
    with clock_set_to(now), open_ledger(place.settings) as ledger:
        desk = Desk(place.settings, ledger, 8300)
        client = Client(make_app(desk))
        session = let_in(desk.settings, ledger, "Ana", ("", Role.ADMINISTRATOR))
        client.http.cookies.set("tieout", session.token)
        yield desk, Browser(client, session)


@pytest.mark.parametrize(
    ("zone", "now", "has_begun"),
    [
        pytest.param("America/Los_Angeles", EVENING_IN_LOS_ANGELES, False, id="evening of the last day"),
        pytest.param("Pacific/Auckland", MORNING_IN_AUCKLAND, True, id="morning of the first day"),
    ],
)
def test_a_month_begins_by_the_clock_of_the_house(
    workplace: Workplace, zone: str, now: datetime, has_begun: bool
) -> None:
    with at_desk_of(workplace, zone, now) as (_desk, ana):
        for page in ("/months/2026-11", "/nights?month=2026-11"):
            assert ("December 2026" in ana.get(page)) is has_begun, page
        assert f"Nights of {'December' if has_begun else 'November'} 2026" in ana.get("/nights")


def find_a_difference(desk: Desk, found_at: datetime, due_on: date) -> None:
    row = {"break_id": "b1", "class": Outcome.MISSING_REMOTE, "target": "mindbody", "site_id": "7"}
    with desk.ledger.begin() as connection:
        start_run(connection, "night-1", RunKind.NIGHTLY, found_at)
        update_breaks(connection, [{**row, "client_id": "1", "points": 5}], [], run_id="night-1", now=found_at)
    give_break(desk.ledger, "b1", actor="Ana", to="Bo", due_on=due_on)


@pytest.mark.parametrize(
    ("zone", "now", "due_on", "is_overdue"),
    [
        pytest.param("America/Los_Angeles", EVENING_IN_LOS_ANGELES, date(2026, 11, 30), False, id="its last evening"),
        pytest.param("Pacific/Auckland", MORNING_IN_AUCKLAND, date(2026, 11, 30), True, id="the morning after"),
    ],
)
def test_whoever_has_until_a_day_has_until_its_end_in_the_studio(
    workplace: Workplace, zone: str, now: datetime, due_on: date, is_overdue: bool
) -> None:
    with at_desk_of(workplace, zone, now) as (desk, ana):
        find_a_difference(desk, now, due_on)
        assert ("overdue since" in ana.get("/differences")) is is_overdue
        assert ("Nothing differs here" not in ana.get("/differences?overdue=1")) is is_overdue


def test_what_is_overdue_goes_by_each_studios_own_day(workplace: Workplace) -> None:
    text = workplace.config.read_text("utf-8")
    first, _, others = text.partition('site_id = "7"')
    workplace.configure(f'{first}site_id = "7"{others.replace("America/Los_Angeles", "Pacific/Auckland", 1)}')
    with at_desk_of(workplace, "America/Los_Angeles", MORNING_IN_AUCKLAND) as (desk, ana):
        find_a_difference(desk, MORNING_IN_AUCKLAND, date(2026, 11, 30))
        assert {site.timezone for site in desk.settings.mindbody.sites} == {"America/Los_Angeles", "Pacific/Auckland"}
        assert "overdue since" in ana.get("/differences")
        assert "Nothing differs here" not in ana.get("/differences?overdue=1")


def test_what_waits_since_an_evening_waits_since_the_studios_own_day(workplace: Workplace) -> None:
    with at_desk_of(workplace, "America/Los_Angeles", EVENING_IN_LOS_ANGELES) as (desk, ana):
        find_a_difference(desk, EVENING_IN_LOS_ANGELES, date(2026, 12, 24))
        assert "the oldest since 30 Nov 2026</span>" in ana.get("/nights")
