"""Read the times of a site as they were read until now, where nobody says what they are any more, or ever did.

The ledger knows what they were read as; the workspace keeps it beside people's answers, so that `tieout check`, which
knows no ledger, reads a sheet as the night does.
"""

from collections.abc import Iterable

from flows.ledger.connection import Ledger
from flows.settings.answers import read_answers, write_answers
from flows.settings.sections import Settings
from flows.settings.site_times import AS_BEFORE, site_clocks_of
from sql.site_times import site_times_in_force
from transforms.sheets.clocks import SaidBy
from transforms.sheets.questions import TIMES
from transforms.sheets.unzoned import Unzoned
from transforms.vocabulary import Times


def keep_as_before(settings: Settings, ledger: Ledger) -> None:
    """Keep what the ledger knows of the sites' times, where neither the settings nor a person says it."""
    with ledger.begin() as connection:
        known = site_times_in_force(connection)
    unsaid = {
        site_id
        for site_id, clock in site_clocks_of(settings).items()
        if site_id in known and (clock.times is None or (clock.is_as_before and clock.times is not known[site_id]))
    }
    if unsaid:
        as_before = {site_id: {TIMES: known[site_id].value, "because": AS_BEFORE} for site_id in sorted(unsaid)}
        write_answers(settings, read_answers(settings), {**read_answers(settings, "sites"), **as_before})


def read_as(unzoned: Iterable[Unzoned]) -> list[tuple[str, Times]]:
    """Return the sites that say how times are read, and what; a layout's word holds for its own sheets alone."""
    of_sites = (SaidBy.SITE, SaidBy.AS_BEFORE)
    said_by_sites = [times for times in unzoned if times.said.said_by in of_sites]
    return [(times.site_id, times.said.times) for times in said_by_sites]
