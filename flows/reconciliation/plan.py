"""Whom a run reads back, and in which order: a call is metered, so nobody whom the balance proves, but by turn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import Connection

from flows.ledger.run import Run
from flows.reconciliation.out_of_settings import clients_out_of_settings, rewards_out_of_settings
from flows.reconciliation.proofs import Judged, judge
from flows.reconciliation.windows import Moments, moments_of, windows_of
from flows.runtime.clock import utc_now
from sql.breaks import open_breaks
from sql.budget import calls_made
from sql.read_back import ClientSpan, clients_not_compared, clients_of_run
from sql.watch import posted_since, watched_clients
from transforms.destinations import NotRead
from transforms.match.reconciled import Client
from transforms.reconcile.proof import Proofs, Why, turns
from transforms.settle.windows import Window
from transforms.vocabulary import RunKind, Target

_MADE_UP_FOR = timedelta(days=7)
_RANKS = {why: rank for rank, why in enumerate(Why)}


@dataclass(frozen=True)
class Plan:
    """Whom a run reads, in this order, and what proves the others."""

    windows: Sequence[Window]
    proofs: Proofs  # of the run's own clients
    not_read: Sequence[NotRead] = ()  # places that would have to be asked, and that the settings do not name


@dataclass(frozen=True)
class _Known:
    """What the ledger says before anybody is read."""

    own: frozenset[Client]  # whom the run has touched
    not_compared: frozenset[Client]  # those with posted events that nothing has compared yet
    posted: Moments  # of those, and of all with posted events that nothing has compared yet
    watched: Moments  # events under watch
    judged: Judged  # of those with posted events, and those with an open break
    calls_left: int  # of the day's


def plan_of_run(run: Run) -> Plan:
    """Return the clients to read, each with the days of its own events.

    Those that the run touched, those with an open break, those with posted events that nothing has compared yet, and
    then those with events under watch, as far as the day's calls reach. Whom the balance proves is not read, but by
    turn, as far as the calls reach after all others.
    """
    with run.ledger.begin() as connection:
        known = _ask(connection, run)
        needed = _needed(known)
        # An open break stands in a list of its own, whether its site can be asked or not.
        not_read = clients_out_of_settings(connection, run.settings, known.not_compared & needed.keys())
        not_read += rewards_out_of_settings(connection, run.settings)
    # What is only watched comes later: where the calls of the day are short, the others are read.
    also_watched = _within_budget(known, len(needed))
    by_turn = _by_turn(run, known, needed.keys() | also_watched.keys())
    whys = dict.fromkeys(also_watched, Why.WATCHED)
    whys |= known.judged.whys
    whys |= dict.fromkeys(by_turn, Why.TURN)
    windows = [
        *windows_of(run.settings, _up_to_now(run, needed, whys)),
        *windows_of(run.settings, also_watched),
        *windows_of(run.settings, _up_to_now(run, by_turn, whys)),
    ]
    own_proofs = {client: proof for client, proof in known.judged.proved.items() if client in known.own}
    return Plan(windows, Proofs(whys, own_proofs), not_read)


def _ask(connection: Connection, run: Run) -> _Known:
    own = clients_of_run(connection, run.run_id)
    not_compared = clients_not_compared(connection)
    posted = moments_of([*own, *not_compared])
    watched = watched_clients(connection)
    if run.settings.reconcile.watch == "posted":
        watched += _posted_of_late(connection, run)
    of_watched = moments_of(watched)
    judged = _judge(connection, run, posted)
    for row in open_breaks(connection):
        # One about a balance alone has no time: nothing that is read later takes it back.
        if row.client_id and row.action_at:
            client = (row.site_id, row.client_id)
            posted.setdefault(client, []).append(row.action_at)
            judged.take_back(client, Why.OPEN_BREAK)
    for client in of_watched.keys() & posted.keys():
        judged.take_back(client, Why.WATCHED)
    calls = calls_made(connection, Target.MINDBODY, utc_now().date())
    return _Known(
        own=frozenset((span.site_id, span.client_id) for span in own),
        not_compared=frozenset((span.site_id, span.client_id) for span in not_compared),
        posted=posted,
        watched=of_watched,
        judged=judged,
        calls_left=run.settings.mindbody.calls_per_day - calls,
    )


def _judge(connection: Connection, run: Run, clients: Collection[Client]) -> Judged:
    if run.settings.reconcile.proof == "balance":
        return judge(connection, clients)
    return Judged(whys=dict.fromkeys(clients, Why.SETTING))


def _posted_of_late(connection: Connection, run: Run) -> list[ClientSpan]:
    """Return whose events were posted so lately that no reading has compared them after the grace time yet."""
    grace = run.settings.grace_of(Target.MINDBODY)
    # A night may be made up for days later: what it finds due then is older than the grace time alone.
    since_at = run.ledger.now() - grace - _MADE_UP_FOR
    spans: list[ClientSpan] = []
    for row in posted_since(connection, since_at):
        # A reading within the grace time may have come before the entry did.
        was_compared_late = row.compared_at is not None and row.compared_at >= row.state_at + grace
        if not was_compared_late:
            spans.append(ClientSpan(row.site_id, row.client_id, row.action_at, row.action_at))
    return spans


def _needed(known: _Known) -> Moments:
    """Return whom nothing proves, what is doubtful first."""
    judged = known.judged
    unproved = [client for client in known.posted if client not in judged.proved]
    # Where the day's calls end before all are read, those are left for whom the least depends on it.
    unproved.sort(key=lambda client: (_RANKS[judged.whys[client]], client))
    needed: Moments = {}
    for client in unproved:
        needed[client] = known.posted[client] + known.watched.get(client, [])
    return needed


def _within_budget(known: _Known, needed_count: int) -> Moments:
    """Return the watched clients that nothing else is known of, as many as there are calls for after those needed."""
    watched_alone = {client: times for client, times in known.watched.items() if client not in known.posted}
    # Where nobody else was asked for anything today, each site costs a call more, for its token.
    sites = {site_id for site_id, _ in watched_alone}
    calls_left = known.calls_left - needed_count - len(sites)
    return dict(islice(watched_alone.items(), max(0, calls_left)))


def _by_turn(run: Run, known: _Known, read: Collection[Client]) -> Moments:
    """Return whose turn it is, of those whom the balance proves, as far as there are calls after those needed."""
    waits_since = known.judged.waits_since
    sites_read = {site_id for site_id, _ in read}
    # A site that is not read for anything else may cost a call more, for its token.
    tokens = len({site_id for site_id, _ in waits_since} - sites_read)
    most = max(0, known.calls_left - len(read) - tokens)
    # A person who uploads a file waits for no more than what is due.
    is_night = run.kind is RunKind.NIGHTLY
    in_turn = turns(waits_since, run.ledger.now(), run.settings.full_read_period, most, with_share=is_night)
    return {client: known.posted[client] for client in in_turn}


def _up_to_now(run: Run, moments: Moments, whys: dict[Client, Why]) -> Moments:
    """Let the days of whom the balance proved so far reach up to now: what moved it may be of any day since."""
    now = run.ledger.now()
    reaching: Moments = {}
    for client, times in moments.items():
        was_proved = whys[client] in (Why.BROKEN, Why.TURN)
        reaching[client] = [*times, now] if was_proved else times
    return reaching
