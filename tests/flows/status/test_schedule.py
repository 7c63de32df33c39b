import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.runtime.errors import SettingsError, WrongUsage
from flows.settings.of_nights import ScheduleSettings
from flows.settings.of_services import MindbodySettings, SiteSettings
from flows.settings.sections import Settings
from flows.status.schedule import Schedule, schedule_of_settings, schedule_to_serve

# isort: split
from prefect.server.schemas.schedules import CronSchedule

# The nights around both clock changes of 2026, by the zone's own days.
CHANGES = {
    "America/Los_Angeles": ("2026-03-08", "2026-11-01"),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
}
NIGHTS = [
    pytest.param(cron, zone, day, id=f"{cron[:4].strip()}-{zone}-{day}")
    for zone, days in CHANGES.items()
    for day in days
    for cron in ("0 1 * * *", "30 1 * * *", "0 2 * * *", "30 2 * * *", "0 3 * * *")
]


def site(site_id: str, timezone: str) -> SiteSettings:
    return SiteSettings(site_id=site_id, timezone=timezone, username="u", password="p")


def days_around(zone: str, day: str) -> tuple[datetime, datetime]:
    middle = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    return (middle - timedelta(days=1)).astimezone(UTC), (middle + timedelta(days=2)).astimezone(UTC)


@pytest.mark.parametrize(("cron", "zone", "day"), NIGHTS)
def test_a_schedule_is_met_once_a_night_where_clocks_change(cron: str, zone: str, day: str) -> None:
    after, until = days_around(zone, day)
    due = Schedule(cron, zone).due_between(after, until)
    days = [time.at.astimezone(ZoneInfo(zone)).date() for time in due]
    assert [str(found) for found in days] == [str(days[0] + timedelta(days=number)) for number in range(3)]


@pytest.mark.parametrize(("cron", "zone", "day"), NIGHTS)
def test_what_prefect_starts_in_such_a_night_stands_for_what_is_due(cron: str, zone: str, day: str) -> None:
    after, until = days_around(zone, day)
    started = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(n=10, start=after, end=until))
    due = Schedule(cron, zone).due_between(after, until)
    assert len(started) == len(due) == 3
    starts = [start.astimezone(UTC) for start in started]
    assert all(time.at - time.early <= start < time.next_at for start, time in zip(starts, due, strict=True))


def test_due_between_excludes_its_start_and_includes_its_end() -> None:
    three = datetime(2026, 11, 20, 3, tzinfo=UTC)
    due = Schedule("0 3 * * *", "UTC").due_between(three, three + timedelta(days=1))
    assert [time.at for time in due] == [three + timedelta(days=1)]


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("at three", "UTC"), ("0 3 * * *", "Mars/Olympus"), ("0 0 31 2 *", "UTC"), ("", "UTC"), ("0 0 3 * * *", "UTC")],
)
def test_what_is_no_schedule_is_refused(cron: str, zone: str) -> None:
    with pytest.raises(SettingsError, match="is no schedule"):
        Schedule(cron, zone)


@pytest.mark.parametrize(
    ("sites", "zone"),
    [
        pytest.param((site("1", "Europe/Berlin"), site("2", "Europe/Berlin")), "Europe/Berlin", id="shared"),
        pytest.param((site("1", "Europe/Berlin"), site("2", "UTC")), "UTC", id="several"),
        pytest.param((), "UTC", id="none"),
    ],
)
def test_a_schedule_without_a_zone_takes_the_one_that_the_sites_share(
    sites: tuple[SiteSettings, ...], zone: str
) -> None:
    settings = Settings(mindbody=MindbodySettings(sites=sites), schedule=ScheduleSettings(cron="0 3 * * *"))
    assert schedule_of_settings(settings) == Schedule("0 3 * * *", zone)


def test_schedule_to_serve_is_three_in_the_night_where_nobody_says_otherwise() -> None:
    assert schedule_to_serve(Settings(), None, None) == Schedule("0 3 * * *", "UTC")


def test_schedule_to_serve_refuses_options_that_contradict_the_settings() -> None:
    planned = Settings(schedule=ScheduleSettings(cron="0 3 * * *"))
    with pytest.raises(WrongUsage, match="take one of them out"):
        schedule_to_serve(planned, "0 4 * * *", None)
