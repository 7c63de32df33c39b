"""Say how many nights the calls of a day are enough for, when they are spent and events are left."""

import math

from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from sql.budget import calls_made, left_to_post
from transforms.vocabulary import Target


def tell_nights(run: Run) -> str | None:
    """Return how many more nights what is left for Mindbody needs; None where today's calls are not spent.

    Expected are one call an event, one read of each of its clients when it is told, and one token a site and night;
    what is in doubt, and clients with more than 200 transactions, take some more.
    """
    calls_per_day = run.settings.mindbody.calls_per_day
    with run.ledger.begin() as connection:
        if calls_made(connection, Target.MINDBODY, utc_now().date()) < calls_per_day - run.calls_kept:
            return None
        left = left_to_post(connection, Target.MINDBODY)
    if not left.events:
        return None
    calls = left.events + left.clients
    kept = f", but for {run.calls_kept} that are kept for reading back" if run.calls_kept else ""
    spent = f"The {calls_per_day} calls of today for Mindbody are spent{kept}"
    events = "1 event is left" if left.events == 1 else f"{left.events} events are left"
    what = f"{events}, about {calls} calls with the reads"
    per_night = calls_per_day - left.sites
    if per_night < 1:
        return f"{spent}, and they are too few for any: {what}. Raise mindbody.calls_per_day."
    nights = math.ceil(calls / per_night)
    return f"{spent}: {what}, so {nights} more {'night' if nights == 1 else 'nights'}."
