"""Which days of clients are read back, by the clock of their site."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from flows.settings.sections import Settings
from sql.breaks import open_breaks
from sql.read_back import ClientSpan, clients_of_period
from transforms.match.reconciled import Client
from transforms.settle.windows import Window

Moments = dict[Client, list[datetime]]


def moments_of(spans: Iterable[ClientSpan]) -> Moments:
    """Return by client the first and last times of what is to be looked at."""
    moments: Moments = {}
    for span in spans:
        moments.setdefault((span.site_id, span.client_id), []).extend([span.first_at, span.last_at])
    return moments


def windows_of(settings: Settings, moments: Moments) -> list[Window]:
    """Return each client with the days of its site from its first time to its last, in their order."""
    zones = _zones(settings)
    windows = []
    for (site_id, client_id), times in moments.items():
        zone = zones.get(site_id)
        # A site that was taken out of the settings cannot be asked any more.
        if zone is None:
            continue
        first = min(times).astimezone(zone).date()
        last = max(times).astimezone(zone).date()
        windows.append(Window(site_id, client_id, first, last, zone))
    return windows


def clients_to_compare(connection: Connection, since: date, until: date) -> list[Client]:
    """Return every client with events in the period or an open break, in their order."""
    margin = timedelta(days=1)  # sites lie up to a day from UTC, so the ledger is asked for a little more
    since_at = datetime.combine(since, time(), UTC) - margin
    until_at = datetime.combine(until, time(), UTC) + 2 * margin
    clients = {(span.site_id, span.client_id) for span in clients_of_period(connection, since_at, until_at)}
    # A break of somebody without events in the period is looked at too: it may be gone by now.
    clients |= {(row.site_id, row.client_id) for row in open_breaks(connection) if row.client_id}
    return sorted(clients)


def windows_of_period(settings: Settings, clients: Iterable[Client], since: date, until: date) -> list[Window]:
    """Return the period's days of each client whose site is in the settings."""
    zones = _zones(settings)
    return [
        Window(site_id, client_id, since, until, zones[site_id]) for site_id, client_id in clients if site_id in zones
    ]


def _zones(settings: Settings) -> Mapping[str, ZoneInfo]:
    return {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
