"""Moments as a studio reads them: by its own clock, and in UTC beside it where that is what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from flows.settings.sections import Settings
from transforms.spoken_times import retold, spoken


@dataclass(frozen=True)
class Clocks:
    """The zone of each site, and the one for what belongs to no site: that of all sites where they share one."""

    of_sites: Mapping[str, ZoneInfo] = field(default_factory=dict)
    shared: tzinfo = UTC

    def of(self, site_id: str | None) -> "Clock":
        """Return the clock of a site; the shared one for a reward, or a site that has left the settings."""
        return Clock(self.of_sites.get(site_id or "", self.shared))


@dataclass(frozen=True)
class Clock:
    """One zone's clock."""

    zone: tzinfo

    @property
    def name(self) -> str:
        """The zone as a person reads it."""
        return str(self.zone)

    def tell(self, moment: datetime) -> str:
        """Write a moment: Sun 20 Sep 2026, 10:00:05 am PDT."""
        local = moment.astimezone(self.zone)
        return f"{spoken(local, is_to_the_second=True)} {local.tzname()}"

    @property
    def place(self) -> str:
        """The zone as a studio calls it: Los Angeles for America/Los_Angeles."""
        return place_of_zone(self.name)

    def tell_minute(self, moment: datetime) -> str:
        """Write a moment as people say it, seconds where there are any: Mon 26 Oct 2026, 6:30 pm."""
        return spoken(moment.astimezone(self.zone))

    def retell(self, text: str) -> str:
        """Tell the moments of a text, as what is known of a difference is kept, by this clock."""
        return retold(text, self.zone)

    def tell_with_utc(self, moment: datetime, fraction: str | None = None) -> str:
        """Write a moment with the time in UTC that a service was sent for it, to the digits that the row shows."""
        second = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        sent = f"{second}.{fraction}Z" if fraction else f"{second}Z"
        return f"{self.tell(moment)} ({sent})"


def place_of_zone(name: str) -> str:
    """Return a zone as a studio calls it.

    >>> place_of_zone("America/Los_Angeles")
    'Los Angeles'
    """
    return name.rpartition("/")[2].replace("_", " ")


def clocks_of(settings: Settings) -> Clocks:
    """Return the clocks of the sites in the settings."""
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    return Clocks(zones, ZoneInfo(settings.shared_timezone))


IN_UTC = Clocks()
