"""The clocks by which pages tell moments: a studio's own, and one for what belongs to no single studio.

That one is the clock of all studios, or of the first where they differ: in UTC, which reports tell it in then, nobody
in a studio reads it. Pages name its place beside the times.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

from flows.desk.visit import Desk
from flows.review.clocks import Clock, Clocks, clocks_of


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
