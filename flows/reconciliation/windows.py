"""Which clients to read back, and which days of each; a call is metered, so no more than is needed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from flows.ledger.run import Run
from flows.reconciliation.proofs import Judged, judge
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.breaks import open_breaks
from sql.budget import calls_made
from sql.read_back import ClientSpan, clients_not_compared, clients_of_period, clients_of_run
from sql.watch import posted_since, watched_clients
from transforms.match.reconciled import Client
from transforms.reconcile.proof import Proofs, Why, turns
from transforms.settle.windows import Window
from transforms.vocabulary import Target

_MADE_UP_FOR = timedelta(days=7)
_Moments = dict[Client, list[datetime]]


@dataclass(frozen=True)
class Plan:
    """Whom a run reads, in this order, and what proves the others."""

    windows: list[Window]
    proofs: Proofs  # of the run's own clients


def plan_of_run(run: Run) -> Plan:
    """Return the clients to read, each with the days of its own events.

    Those that the run touched, those with an open break, those with posted events that nothing has compared yet, and
    then those with events under watch, as far as the day's calls reach. Whom the balance proves is not read, but by
    turn, as far as the calls reach after all others.
    """
    with run.ledger.begin() as connection:
        own = clients_of_run(connection, run.run_id)
        touched = [*own, *clients_not_compared(connection)]
        broken = [row for row in open_breaks(connection) if row.client_id and row.action_at]
        watched = watched_clients(connection)
        if run.settings.reconcile.watch == "posted":
            watched += _posted_of_late(connection, run)
        calls = calls_made(connection, Target.MINDBODY, utc_now().date())
        moments = _moments(touched)
        judged = _judge(connection, run.settings, moments)
    calls_left = run.settings.mindbody.calls_per_day - calls
    of_watched = _moments(watched)
    for row in broken:
        moments.setdefault((row.site_id, row.client_id), []).append(row.action_at)
        judged.take_back((row.site_id, row.client_id), Why.OPEN_BREAK)
    for client in of_watched.keys() & moments.keys():
        judged.take_back(client, Why.WATCHED)

    unproved = {client: times for client, times in moments.items() if client not in judged.proved}
    in_order = sorted(unproved, key=lambda client: (_rank(judged.whys.get(client)), client))
    read_anyway = {client: moments[client] + of_watched.get(client, []) for client in in_order}
    # What is only watched comes later: where the calls of the day are short, the others are read.
    also_watched = _within_budget(of_watched, moments, calls_left, len(read_anyway))
    most_by_turn = _calls_after(calls_left, read_anyway.keys() | also_watched.keys(), judged.proved)
    by_turn = _whose_turn(run, judged, most_by_turn)
    whys = {**dict.fromkeys(also_watched, Why.WATCHED), **judged.whys, **dict.fromkeys(by_turn, Why.TURN)}
    windows = [
        *_windows(run.settings, _up_to_now(run, read_anyway, judged)),
        *_windows(run.settings, also_watched),
        *_windows(run.settings, {client: [*moments[client], run.ledger.now()] for client in by_turn}),
    ]
    own_clients = {(span.site_id, span.client_id) for span in own}
    own_proofs = {client: proof for client, proof in judged.proved.items() if client in own_clients}
    return Plan(windows, Proofs(whys, own_proofs))


def _judge(connection: Connection, settings: Settings, clients: Collection[Client]) -> Judged:
    if settings.reconcile.proof == "balance":
        return judge(connection, clients)
    return Judged(whys=dict.fromkeys(clients, Why.SETTING))


_RANKS = {why: rank for rank, why in enumerate(Why)}


def _rank(why: Why | None) -> int:
    """Return where a reason stands: what is doubtful is read first."""
    return _RANKS[why or Why.SETTING]


def _up_to_now(run: Run, moments: _Moments, judged: Judged) -> _Moments:
    """Let the days of a client whose balance did not follow reach up to now: what moved it may be of any day since."""
    now = run.ledger.now()
    return {
        client: [*times, now] if judged.whys.get(client) is Why.BROKEN else times for client, times in moments.items()
    }


def _whose_turn(run: Run, judged: Judged, most: int) -> list[Client]:
    return turns(judged.waits_since, run.ledger.now(), run.settings.full_read_period, most)


def _calls_after(calls_left: int, read: Collection[Client], proved: Collection[Client]) -> int:
    """Return how many calls there are for readings by turn, after those that are needed."""
    sites_read = {site_id for site_id, _ in read}
    # A site that is not read for anything else may cost a call more, for its token.
    tokens = len({site_id for site_id, _ in proved} - sites_read)
    return max(0, calls_left - len(read) - tokens)


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


def _within_budget(watched: _Moments, others: _Moments, calls_left: int, needed: int) -> _Moments:
    """Return the watched clients that are none of the others, as many as there are calls for after those needed."""
    alone = {client: times for client, times in watched.items() if client not in others}
    # Where nobody else was asked for anything today, each site costs a call more, for its token.
    tokens = len({site_id for site_id, _ in alone})
    most = max(0, calls_left - needed - tokens)
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
