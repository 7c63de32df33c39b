"""What belongs to no single studio is told by a clock that people read, and that has a name."""

from dataclasses import replace

from flows.desk.house_clock import clock_at, house_clock
from flows.desk.visit import Desk
from flows.settings.sections import Settings
from tests.flows.desk.conftest import AtDesk
from transforms.vocabulary import Role


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
