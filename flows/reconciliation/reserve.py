"""How many of the day's calls posting leaves to reading back: what is doubtful must not wait for want of a call."""

from flows.ledger.run import Run
from flows.reconciliation.proofs import judge
from sql.breaks import open_breaks
from sql.proof import clients_to_post
from sql.read_back import clients_not_compared
from sql.watch import watched_clients
from transforms.reconcile.proof import Why, turns

_PART = 10  # one call in so many of the day's, at most


def calls_to_keep(run: Run) -> int:
    """Return how many calls this run keeps back before it posts: as many as it will read, a tenth of the day's at most.

    Where every client is read after each post, nothing is kept back: what is not read waits for the next night.
    """
    settings = run.settings
    if settings.reconcile.proof == "read":
        return 0
    with run.ledger.begin() as connection:
        spans = [*clients_to_post(connection), *clients_not_compared(connection), *watched_clients(connection)]
        clients = {(span.site_id, span.client_id) for span in spans}
        clients |= {(row.site_id, row.client_id) for row in open_breaks(connection) if row.client_id and row.action_at}
        judged = judge(connection, clients)
    # Whom the balance has proved so far it will most likely prove again.
    read = sum(1 for why in judged.whys.values() if why is not Why.NOTHING_NEW)
    by_turn = turns(judged.waits_since, run.ledger.now(), settings.full_read_period, len(clients))
    return min(read + len(by_turn), settings.mindbody.calls_per_day // _PART)
