"""Read the times of a site as they were read until now, where nobody says what they are any more, or ever did.

The ledger knows what they were read as; the workspace keeps it beside people's answers, so that `tieout check`, which
knows no ledger, reads a sheet as the night does.
"""

from collections.abc import Iterable

from flows.ledger.connection import Ledger
from flows.settings.answers import changed_answers
from flows.settings.sections import Settings
from flows.settings.site_times import AS_BEFORE, site_clocks_of
from sql.site_times import site_times_in_force
from transforms.sheets.clocks import SaidBy, SiteClock
from transforms.sheets.questions import TIMES
from transforms.sheets.unzoned import Unzoned
from transforms.vocabulary import Times


def keep_as_before(settings: Settings, ledger: Ledger) -> None:
    """Keep what the ledger knows of the sites' times, where neither the settings nor a person says it."""
    with ledger.begin() as connection:
        known = site_times_in_force(connection)
    as_before = {}
    for site_id, clock in sorted(site_clocks_of(settings).items()):
        # What was read one way must not be read another way by an update of the program: the same row would be an hour
        # or a day off, another event, and paid again.
        if site_id in known and _is_unsaid(clock, known[site_id]):
            as_before[site_id] = {TIMES: known[site_id].value, "because": AS_BEFORE}
    if as_before:
        with changed_answers(settings) as answers:
            answers.sites.update(as_before)


def _is_unsaid(clock: SiteClock, known: Times) -> bool:
    """Return whether nobody says how the site's times are read, or only an earlier night that was of another mind."""
    return clock.times is None or (clock.is_as_before and clock.times is not known)


def read_as(unzoned: Iterable[Unzoned]) -> list[tuple[str, Times]]:
    """Return the sites that say how times are read, and what; a layout's word holds for its own sheets alone."""
    of_sites = (SaidBy.SITE, SaidBy.AS_BEFORE)
    said_by_sites = [times for times in unzoned if times.said.said_by in of_sites]
    return [(times.site_id, times.said.times) for times in said_by_sites]
