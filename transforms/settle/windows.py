"""The days of a client that are read back."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

_MARGIN = timedelta(days=1)


def first_moment(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins by the clock of a zone, in UTC.

    >>> first_moment(date(2026, 7, 1), ZoneInfo("America/New_York"))
    datetime.datetime(2026, 7, 1, 4, 0, tzinfo=datetime.timezone.utc)
    """
    midnight = datetime.combine(day, time(), zone)
    return midnight.astimezone(UTC)


@dataclass(frozen=True)
class Window:
    """A client and the days of its site, both included, that are read back."""

    site_id: str
    client_id: str
    since: date
    until: date
    zone: ZoneInfo

    # Asked for every event of the client, and in a night of a million too dear to be reckoned each time.
    @cached_property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment and the one after the last, in UTC."""
        day_after = self.until + timedelta(days=1)
        return first_moment(self.since, self.zone), first_moment(day_after, self.zone)

    @property
    def client(self) -> tuple[str, str]:
        """Site and client id."""
        return self.site_id, self.client_id

    @property
    def widened(self) -> "Window":
        """The window with a day more on each side, which is read besides.

        Whether a service means site-local or UTC days is not documented, and an entry may have slipped past midnight.
        """
        return replace(self, since=self.since - _MARGIN, until=self.until + _MARGIN)

    def holds(self, moment: datetime) -> bool:
        """Return whether the moment is on one of the days."""
        since_at, until_at = self.bounds
        return since_at <= moment < until_at
