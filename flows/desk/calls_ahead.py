"""Where the calls of a day do not reach for a sheet, and what becomes of the rest: told before it is posted."""

import math

from flows.desk.looking import Looked
from flows.desk.visit import Desk
from flows.runtime.clock import utc_now
from sql.budget import calls_made
from transforms.vocabulary import Kind, Target


def calls_short(desk: Desk, looked: Looked) -> str:
    """Say for how much of a sheet today's calls reach, "" where they do for all of it."""
    events = looked.plan.totals.events
    wanted = events.get(Kind.EARNED, 0) + events.get(Kind.REDEEMED, 0)
    a_day = desk.settings.mindbody.calls_per_day
    today = utc_now().date()
    with desk.ledger.read() as connection:
        made = calls_made(connection, Target.MINDBODY, today)
    left = max(0, a_day - made)
    if wanted <= left:
        return ""
    # Nights have calls of their own to read by, so it takes them at least as long.
    days = math.ceil((wanted - left) / a_day)
    later = "the next day" if days == 1 else f"the next {days:,} days or more"
    reach = f"Mindbody takes {a_day:,} calls a day from here, and of today's {_left(left)}"
    return f"{reach}: the rest is posted over {later}."


def _left(calls_left: int) -> str:
    if not calls_left:
        return "none is left"
    return "1 is left" if calls_left == 1 else f"{calls_left:,} are left"
