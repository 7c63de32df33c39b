"""Which clients to read back, and which days of each; a call is metered, so no more than is needed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.breaks import open_breaks
from sql.budget import calls_made
from sql.read_back import ClientSpan, clients_not_compared, clients_of_period, clients_of_run
from sql.watch import posted_since, watched_clients
from transforms.match.reconciled import Client
from transforms.settle.windows import Window
from transforms.vocabulary import Target

_MADE_UP_FOR = timedelta(days=7)
_Moments = dict[Client, list[datetime]]


def windows_of_run(run: Run) -> list[Window]:
    """Return the clients to read, each with the days of its own events.

    Those that the run touched, those with an open break, those with posted events that nothing has compared yet, and
    then those with events under watch, as far as the day's calls reach.
    """
    with run.ledger.begin() as connection:
        touched = [*clients_of_run(connection, run.run_id), *clients_not_compared(connection)]
        broken = [row for row in open_breaks(connection) if row.client_id and row.action_at]
        watched = watched_clients(connection)
        if run.settings.reconcile.watch == "posted":
            watched += _posted_of_late(connection, run)
        calls = calls_made(connection, Target.MINDBODY, utc_now().date())
    moments = _moments(touched)
    for row in broken:
        moments.setdefault((row.site_id, row.client_id), []).append(row.action_at)
    # What is only watched comes last: where the calls of the day are short, the others are read.
    calls_left = run.settings.mindbody.calls_per_day - calls
    of_watched = _moments(watched)
    read_anyway = {client: times + of_watched.get(client, []) for client, times in sorted(moments.items())}
    also_watched = _within_budget(of_watched, moments, calls_left)
    return _windows(run.settings, read_anyway) + _windows(run.settings, also_watched)


def _posted_of_late(connection: Connection, run: Run) -> list[ClientSpan]:
    """Return whose events were posted so lately that no reading has compared them after the grace time yet."""
    hours, _ = run.settings.grace_hours
    grace = timedelta(hours=hours)
    # A night may be made up for days later: what it finds due then is older than the grace time alone.
    since_at = run.ledger.now() - grace - _MADE_UP_FOR
    return [
        ClientSpan(row.site_id, row.client_id, row.action_at, row.action_at)
        for row in posted_since(connection, since_at)
        if row.compared_at is None or row.compared_at < row.state_at + grace
    ]


def _moments(spans: Iterable[ClientSpan]) -> _Moments:
    """Return by client the first and last times of what is to be looked at."""
    moments: _Moments = {}
    for span in spans:
        moments.setdefault((span.site_id, span.client_id), []).extend([span.first_at, span.last_at])
    return moments


def _within_budget(watched: _Moments, read_anyway: _Moments, calls_left: int) -> _Moments:
    """Return the watched clients that nothing else is read of, as many as there are calls for after the others."""
    alone = {client: times for client, times in watched.items() if client not in read_anyway}
    # Where nobody else was asked for anything today, each site costs a call more, for its token.
    tokens = len({site_id for site_id, _ in alone})
    most = max(0, calls_left - len(read_anyway) - tokens)
    return dict(islice(alone.items(), most))


def _windows(settings: Settings, moments: _Moments) -> list[Window]:
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


def windows_of_period(run: Run, since: date, until: date) -> list[Window]:
    """Return every client with events in the period or an open break, with the period's days."""
    margin = timedelta(days=1)  # sites lie up to a day from UTC, so the ledger is asked for a little more
    since_at = datetime.combine(since, time(), UTC) - margin
    until_at = datetime.combine(until, time(), UTC) + 2 * margin
    with run.ledger.begin() as connection:
        clients = {(span.site_id, span.client_id) for span in clients_of_period(connection, since_at, until_at)}
        # A break of somebody without events in the period is looked at too: it may be gone by now.
        clients |= {(row.site_id, row.client_id) for row in open_breaks(connection) if row.client_id}
    zones = _zones(run.settings)
    return [
        Window(site_id, client_id, since, until, zones[site_id])
        for site_id, client_id in sorted(clients)
        if site_id in zones
    ]


def _zones(settings: Settings) -> Mapping[str, ZoneInfo]:
    return {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
