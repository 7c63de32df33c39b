"""Which clients to read back, and which days of each; a call is metered, so no more than is needed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flows.ledger.connection import Ledger
from flows.settings.sections import Settings
from sql.breaks import open_breaks
from sql.queries import reading


@dataclass(frozen=True)
class Window:
    """A client and the days of its site, both included, that are read back."""

    site_id: str
    client_id: str
    since: date
    until: date
    zone: ZoneInfo

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment and the one after the last, in UTC."""
        start = datetime.combine(self.since, time(), self.zone)
        end = datetime.combine(self.until + timedelta(days=1), time(), self.zone)
        return start.astimezone(UTC), end.astimezone(UTC)

    def holds(self, moment: datetime) -> bool:
        """Return whether the moment is on one of the days."""
        since_at, until_at = self.bounds
        return since_at <= moment < until_at


def windows_of_run(settings: Settings, ledger: Ledger, run_id: str) -> list[Window]:
    """Return the clients to read, each with the days of its own events.

    Those that the run touched, those with an open break, and those with posted events that nothing has compared yet.
    """
    with ledger.begin() as connection:
        touched = [
            *connection.execute(reading("clients_of_run"), {"run_id": run_id}),
            *connection.execute(reading("clients_not_compared")),
        ]
        broken = [row for row in open_breaks(connection) if row.client_id and row.action_at]
    spans: dict[tuple[str, str], list[datetime]] = {}
    for row in touched:
        spans.setdefault((row.site_id, row.client_id), []).extend([_utc(row.first_at), _utc(row.last_at)])
    for row in broken:
        spans.setdefault((row.site_id, row.client_id), []).append(row.action_at)
    windows = []
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    for (site_id, client_id), times in sorted(spans.items()):
        zone = zones.get(site_id)
        if zone is None:  # a site that was taken out of the settings cannot be asked any more
            continue
        first, last = (moment.astimezone(zone).date() for moment in (min(times), max(times)))
        windows.append(Window(site_id, client_id, first, last, zone))
    return windows


def windows_of_period(settings: Settings, ledger: Ledger, since: date, until: date) -> list[Window]:
    """Return every client with events in the period or an open break, with the period's days."""
    margin = timedelta(days=1)  # sites lie up to a day from UTC, so the ledger is asked for a little more
    period = {
        "since_at": datetime.combine(since, time(), UTC) - margin,
        "until_at": datetime.combine(until, time(), UTC) + 2 * margin,
    }
    with ledger.begin() as connection:
        clients = connection.execute(reading("clients_of_period"), period).all()
        broken = [row for row in open_breaks(connection) if row.client_id]
    keys = {(row.site_id, row.client_id) for row in (*clients, *broken)}
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    return [Window(site, client, since, until, zones[site]) for site, client in sorted(keys) if site in zones]


def _utc(value: datetime | str) -> datetime:
    """Return an aware time; aggregates lose their column's type on SQLite."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
