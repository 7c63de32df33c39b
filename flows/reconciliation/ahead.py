"""Say what the next nights have to do at Mindbody, and how many nights the calls of a day are enough for."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from flows.ledger.run import Run
from flows.reconciliation.proofs import judge
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.breaks import open_breaks
from sql.budget import calls_made, left_to_post
from sql.proof import clients_to_post
from sql.read_back import clients_not_compared
from sql.watch import watched_clients
from transforms.match.reconciled import Client
from transforms.reconcile.nights import Ahead, calls_kept, nights_needed
from transforms.reconcile.proof import Why, turns
from transforms.vocabulary import Target


def calls_to_keep(run: Run) -> int:
    """Return how many calls this run keeps back before it posts: as many as it will read, a tenth of the day's at most.

    Where every client is read after each post, nothing is kept back: what is not read waits for the next night.
    """
    settings = run.settings
    if settings.reconcile.proof == "read":
        return 0
    with run.ledger.begin() as connection:
        reads = _reads(connection, settings, _clients_ahead(connection), run.ledger.now())
    return calls_kept(reads.once + reads.each_night, reads.by_turn, settings.mindbody.calls_per_day)


def tell_nights(run: Run) -> str | None:
    """Return how many more nights what is left for Mindbody needs; None where today's calls are not spent."""
    calls_per_day = run.settings.mindbody.calls_per_day
    with run.ledger.begin() as connection:
        made = calls_made(connection, Target.MINDBODY, utc_now().date())
        if made < calls_per_day - run.calls_kept:
            return None
        ahead = work_ahead(connection, run.settings, run.ledger.now())
    if not ahead.events:
        return None
    kept = f", but for {run.calls_kept} that are kept for reading back" if run.calls_kept else ""
    spent = f"The {calls_per_day} calls of today for Mindbody are spent{kept}"
    events = "1 event is left" if ahead.events == 1 else f"{ahead.events} events are left"
    what = f"{events}, about {ahead.calls} calls with the reads"
    nights = nights_needed(ahead, calls_per_day)
    if nights is None:
        return f"{spent}, and they are too few for any: {what}. Raise mindbody.calls_per_day."
    word = "night" if nights == 1 else "nights"
    return f"{spent}: {what}, so {nights} more {word}."


def work_ahead(connection: Connection, settings: Settings, now: datetime) -> Ahead:
    """Return what is left for Mindbody of the sites that the settings name, as the next nights will do it."""
    sites = set(settings.mindbody.site_ids)
    events: Counter[str] = Counter()
    for row in left_to_post(connection, Target.MINDBODY):
        if row.site_id in sites:
            events[row.site_id] += row.events
    clients = {(site_id, client_id) for site_id, client_id in _clients_ahead(connection) if site_id in sites}
    reads = _reads(connection, settings, clients, now)
    # Each of these costs a call more, for its token.
    sites_at_work = events.keys() | {site_id for site_id, _ in clients}
    return Ahead(
        events=events.total(),
        reads=reads.once,
        reads_a_night=reads.each_night,
        turns_a_night=reads.by_turn,
        tokens=len(sites_at_work),
        keeps_for_reading=settings.reconcile.proof == "balance",
    )


def _clients_ahead(connection: Connection) -> set[Client]:
    """Return whom the next night posts to, and whom it may have to read for what was before."""
    spans = [*clients_to_post(connection), *clients_not_compared(connection), *watched_clients(connection)]
    clients = {(span.site_id, span.client_id) for span in spans}
    for broken in open_breaks(connection):
        # One about a balance alone has no time: nothing that is read later takes it back.
        if broken.client_id and broken.action_at:
            clients.add((broken.site_id, broken.client_id))
    return clients


@dataclass(frozen=True)
class _Reads:
    """How many clients are read: each once, each in every night, and how many of the others by turn in a night."""

    once: int
    each_night: int
    by_turn: int


_EACH_NIGHT = {Why.OPEN_BREAK, Why.WATCHED}


def _reads(connection: Connection, settings: Settings, clients: Collection[Client], now: datetime) -> _Reads:
    judged = judge(connection, clients)
    whys = Counter(judged.whys.values())
    each_night = sum(whys[why] for why in _EACH_NIGHT)
    if settings.reconcile.proof == "read":
        return _Reads(once=len(clients) - each_night, each_night=each_night, by_turn=0)
    # Whom the balance has proved so far it will most likely prove again.
    unproved_count = sum(whys.values()) - whys[Why.NOTHING_NEW]
    by_turn = turns(judged.waits_since, now, settings.full_read_period, len(clients))
    return _Reads(once=unproved_count - each_night, each_night=each_night, by_turn=len(by_turn))
