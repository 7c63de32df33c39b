"""The clocks by which pages tell moments: a studio's own, and one for what belongs to no single studio.

That one is the clock of all studios, or of the first where they differ: in UTC, which reports tell it in then, nobody
in a studio reads it. Pages name its place beside the times.
"""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from flows.desk.visit import Desk
from flows.review.clocks import Clock, Clocks, clocks_of
from flows.runtime.clock import utc_now


def house_clocks(desk: Desk) -> Clocks:
    """Return the clocks of the studios, and of the house."""
    clocks, sites = clocks_of(desk.settings), desk.settings.mindbody.sites
    return replace(clocks, shared=ZoneInfo(sites[0].timezone)) if sites else clocks


def clock_at(desk: Desk, site_id: str | None) -> Clock:
    """Return the clock of a studio, or of the house for what is of none."""
    return house_clocks(desk).of(site_id)


def house_clock(desk: Desk) -> Clock:
    """Return the clock of the house."""
    return clock_at(desk, None)


def house_today(desk: Desk) -> date:
    """Return the day that it is now by the clock of the house.

    In the evening of Los Angeles it is tomorrow by UTC, and in the morning of Auckland still yesterday.
    """
    return utc_now().astimezone(house_clock(desk).zone).date()
