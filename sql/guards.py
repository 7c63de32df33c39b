"""Hold what is over a limit, as a file is registered: here alone, so that no door passes a guard by.

What is known or wrong is no new event, and counts against no limit; so this comes after everything else that decides
about rows. The rules themselves (`transforms.guards`) are handed in.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from sql.queries import query
from sql.sums import summed, told
from transforms.vocabulary import Guard, HeldFor

_REWARDS = ""  # where a site stands for events of clients
# The prefilter of sums adds up floating point numbers: it has to let a little less through than the limit.
_ABOUT = 1 - 1e-9


class Limits(Protocol):
    """How much is let through without a person."""

    def limit(self, guard: Guard, site_id: str) -> float | None:
        """Return how much of the site is let through; None where there is no limit."""

    def is_set(self, guard: Guard) -> bool:
        """Return whether any site has this limit."""

    def counted_with(self, guard: Guard, site_id: str) -> str:
        """Return what the points of a site are counted with."""

    def is_passed(self, guard: Guard, site_id: str, measured: float) -> bool:
        """Return whether something is over the limit."""

    def why(self, guard: Guard, site_id: str, measured: float | None = None) -> str:
        """Say which limit is passed, and by how much."""

    def own_limits(self, guard: Guard) -> Mapping[str, float]:
        """Return the limits of the sites that have one of their own."""


@dataclass(frozen=True)
class WholeHold:
    """Why every new event of a file waits; with ``held_for`` it goes with all of its plan, else each by itself."""

    reason: str
    held_for: HeldFor | None = None


@dataclass(frozen=True)
class Guards:
    """What holds new events for a person."""

    limits: Limits
    whole: WholeHold | None = None  # hold every new event


@dataclass(frozen=True)
class Stop:
    """What one guard has to say of what a file would send to one site; rewards stand below the site ''."""

    guard: Guard
    site_id: str
    events_count: int
    points: int
    why: str


def hold_guarded(connection: Connection, guards: Guards, run_id: str, *, rejected: int, rows_read: int) -> list[Stop]:
    """Hold staged events that are over a limit and return what stopped them.

    An event that is too large waits by itself, a client who gets too much with all that the file brings of it, and else
    all that the file would send to the site. Where everything is held anyway, as of a plan, what is over a limit is
    told as well: it is a person who lets it go, and has to know.
    """
    limits = guards.limits
    stops = [*_hold_events(connection, limits), *_hold_clients(connection, limits, run_id)]
    if any(limits.is_set(guard) for guard in _OF_SITES):
        sites = _Sites(connection, limits, run_id, rejected / max(1, rows_read))
        of_sites = list(sites.stops())
        if guards.whole is None:
            _hold_sites(connection, of_sites)
        stops += of_sites
    if guards.whole is not None:
        connection.execute(query("hold_file"), {"reason": guards.whole.reason, "held_for": guards.whole.held_for})
    return stops


def _hold_events(connection: Connection, limits: Limits) -> Iterator[Stop]:
    """Hold what has too many points by itself: a slip of the keyboard."""
    guard = Guard.POINTS_PER_EVENT
    of_sites: dict[str, dict[str, float | str]] = {}
    for site_id, most in limits.own_limits(guard).items():
        of_sites[site_id] = {"most": most, "reason": limits.why(guard, site_id)}
    # Sites with a limit of their own are left out of the general one: a studio with large packages would have all of
    # them held.
    given = json.dumps(of_sites)
    held_count = 0
    general = limits.limit(guard, _REWARDS)
    if general is not None:
        values = {"most": general, "reason": limits.why(guard, _REWARDS), "given": given}
        held_count += connection.execute(query("mark_guarded_points"), values).rowcount
    if of_sites:
        held_count += connection.execute(query("mark_guarded_points_of_sites"), {"given": given}).rowcount
    if not held_count:
        return
    for row in connection.execute(query("guarded_points")).mappings():
        why = limits.why(guard, row["site_id"], row["most_points"])
        yield Stop(guard, row["site_id"], row["events_count"], summed(row), why)


def _hold_clients(connection: Connection, limits: Limits, run_id: str) -> Iterator[Stop]:
    """Hold what the file brings of clients who would get too many points in this run."""
    guard = Guard.POINTS_PER_CLIENT
    if not limits.is_set(guard):
        return
    over = _clients_over(connection, limits, run_id)
    if not over:
        return
    # All of a client's events wait, and not only those past the limit: which of them is the wrong one nobody can say.
    reasons = {one.lane: {"reason": limits.why(guard, one.site_id, one.points)} for one in over}
    connection.execute(query("mark_guarded_clients"), {"given": json.dumps(reasons)})
    for site_id in sorted({one.site_id for one in over}):
        of_site = [one for one in over if one.site_id == site_id]
        points = [one.points for one in of_site]
        events_count = sum(one.events_count for one in of_site)
        yield Stop(guard, site_id, events_count, sum(points), limits.why(guard, site_id, max(points)))


class _OfClient(NamedTuple):
    """What a client would get in the run, and how much of it this file brings."""

    lane: str
    site_id: str
    events_count: int
    points: int


def _clients_over(connection: Connection, limits: Limits, run_id: str) -> list[_OfClient]:
    guard = Guard.POINTS_PER_CLIENT
    of_all = [*limits.own_limits(guard).values()]
    general = limits.limit(guard, _REWARDS)
    if general is not None:
        of_all.append(general)
    # The database leaves out all who are far below the least of the limits; the exact sum decides about the others.
    values = {"run_id": run_id, "about": min(of_all) * _ABOUT}
    over: list[_OfClient] = []
    for row in connection.execute(query("points_of_clients"), values).mappings():
        points = summed(row)
        if limits.is_passed(guard, row["site_id"], points):
            over.append(_OfClient(row["lane"], row["site_id"], int(row["events_count"]), points))
    return over


class _Sites:
    """What the file would send, site by site, and what is measured of it."""

    def __init__(self, connection: Connection, limits: Limits, run_id: str, rejected_share: float) -> None:
        self._connection = connection
        self._limits = limits
        self._run_id = run_id
        self._rejected_share = rejected_share
        found = connection.execute(query("staged_of_sites")).mappings().all()
        self._events = {row["site_id"]: int(row["events_count"]) for row in found}
        self._points = {row["site_id"]: summed(row) for row in found}

    def stops(self) -> Iterator[Stop]:
        """Give what is over a limit."""
        for guard, measure in _OF_SITES.items():
            # Without a limit nothing has to be counted.
            if not self._limits.is_set(guard):
                continue
            for site_id, found in measure(self).items():
                is_sent_something = site_id in self._events
                if is_sent_something and self._limits.is_passed(guard, site_id, found):
                    why = self._limits.why(guard, site_id, found)
                    yield Stop(guard, site_id, self._events[site_id], self._points[site_id], why)

    def rejected_share(self) -> Mapping[str, float]:
        """Return which part of the file's rows was rejected, for each site alike."""
        return dict.fromkeys(self._events, self._rejected_share)

    def points_of_run(self) -> Mapping[str, float]:
        """Return the points that the run would post, by each site with what it is counted with."""

        def counted_with(site_id: str) -> str:
            return self._limits.counted_with(Guard.POINTS_PER_RUN, site_id)

        sums: defaultdict[str, int] = defaultdict(int)
        for site_id, points in self._points.items():
            sums[counted_with(site_id)] += points
        # Of the run, and not of the file: a night of ten files, each just below the limit, would pass it ten times.
        for batch in self._connection.execute(query("batch_points_of_run"), {"run_id": self._run_id}).mappings():
            sums[counted_with(batch["site_id"])] += told(batch)
        # Rewards have no points, and are none of this guard's.
        sites = [site_id for site_id in self._points if site_id]
        return {site_id: sums[counted_with(site_id)] for site_id in sites}

    def new_clients(self) -> Mapping[str, float]:
        """Return how many clients of each site no other run has anything of."""
        found = self._connection.execute(query("new_clients"), {"run_id": self._run_id})
        return {row.site_id: int(row.clients_count) for row in found}

    def payout_changes(self) -> Mapping[str, float]:
        """Return how many rewards would be paid otherwise than before."""
        if _REWARDS not in self._events:
            return {}
        found = self._connection.execute(query("payout_changes"), {"run_id": self._run_id})
        return {_REWARDS: int(found.scalar_one())}


# Guards that are measured site by site; those of one event and of one client hold by themselves.
_OF_SITES: Mapping[Guard, Callable[[_Sites], Mapping[str, float]]] = {
    Guard.REJECTED_SHARE: _Sites.rejected_share,
    Guard.POINTS_PER_RUN: _Sites.points_of_run,
    Guard.NEW_CLIENTS: _Sites.new_clients,
    Guard.PAYOUT_CHANGES: _Sites.payout_changes,
}


def _hold_sites(connection: Connection, stops: list[Stop]) -> None:
    """Hold all that the file would send to these sites; one that several guards stop says all of it."""
    whys: defaultdict[str, list[str]] = defaultdict(list)
    for stop in stops:
        whys[stop.site_id].append(stop.why)
    if not whys:
        return
    reasons = {site_id: {"reason": "; ".join(of_site)} for site_id, of_site in whys.items()}
    connection.execute(query("mark_guarded_sites"), {"given": json.dumps(reasons)})
