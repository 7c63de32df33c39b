"""The limits of the guards: which one holds for a site, what is counted together, and how one that is passed is told.

A site's own limit takes the place of the general one. Points of a run are counted of all sites together, but for those
with a limit of their own. Clients are counted by site anyway, and rejected rows by file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from transforms.vocabulary import Guard

_WHAT: Mapping[Guard, str] = {
    Guard.POINTS_PER_EVENT: "more points",
    Guard.POINTS_PER_CLIENT: "the points of one client: more",
    Guard.POINTS_PER_RUN: "more points",
    Guard.REJECTED_SHARE: "a larger share of rejected rows",
    Guard.NEW_CLIENTS: "more clients new to the site",
    Guard.PAYOUT_CHANGES: "more rewards whose payout changes",
}
TOGETHER = ""  # in a site's place: all sites without a limit of their own


@dataclass(frozen=True)
class Limits:
    """How much is let through; a guard that is in neither mapping lets everything through."""

    general: Mapping[Guard, float] = field(default_factory=dict)
    of_sites: Mapping[str, Mapping[Guard, float]] = field(default_factory=dict)

    def limit(self, guard: Guard, site_id: str) -> float | None:
        """Return how much of the site is let through; None where there is no limit."""
        return self.of_sites.get(site_id, {}).get(guard, self.general.get(guard))

    def is_set(self, guard: Guard) -> bool:
        """Return whether any site has this limit: without one nothing has to be counted."""
        return guard in self.general or any(guard in of_site for of_site in self.of_sites.values())

    def counted_with(self, guard: Guard, site_id: str) -> str:
        """Return what the site's points are counted with: itself, or `TOGETHER`."""
        # A limit for all is meant for the run: sites without one of their own would each come to just below it
        # otherwise.
        return site_id if guard in self.of_sites.get(site_id, {}) else TOGETHER

    def own_limits(self, guard: Guard) -> Mapping[str, float]:
        """Return the limits of the sites that have one of their own."""
        return {site_id: of_site[guard] for site_id, of_site in self.of_sites.items() if guard in of_site}

    def is_passed(self, guard: Guard, site_id: str, measured: float) -> bool:
        """Return whether something is over the limit; what is just as much is not.

        >>> [Limits({Guard.NEW_CLIENTS: 5}).is_passed(Guard.NEW_CLIENTS, "-99", count) for count in (5, 6)]
        [False, True]
        """
        limit = self.limit(guard, site_id)
        # Just as much is let through: who sets a limit of 1,000 points means that 1,000 are fine.
        return limit is not None and measured > limit

    def why(self, guard: Guard, site_id: str, measured: float | None = None) -> str:
        """Say which limit is passed, and by how much where that is not plain from the event itself.

        >>> Limits({Guard.POINTS_PER_RUN: 10_000}).why(Guard.POINTS_PER_RUN, "-99", 12_000)
        'more points than guards.max_points_per_run (10,000): 12,000'
        """
        limit = self.limit(guard, site_id)
        assert limit is not None  # noqa: S101 - only a limit can be passed
        key = self._key(guard, site_id)
        told = f"{_WHAT[guard]} than {key} ({_shown(guard, limit)})"
        if measured is None:
            return told
        return f"{told}: {_shown(guard, measured)}"

    def _key(self, guard: Guard, site_id: str) -> str:
        is_own = guard in self.of_sites.get(site_id, {})
        return f'guards.sites."{site_id}".{guard}' if is_own else f"guards.{guard}"


def _shown(guard: Guard, quantity: float) -> str:
    return f"{quantity * 100:.4g}%" if guard is Guard.REJECTED_SHARE else f"{quantity:,}"
