"""Keep the work of a site that left the settings until it is back: a decision, after which no night asks for it."""

from dataclasses import dataclass

from flows.ledger.connection import Ledger
from flows.review.deciding import deciding
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql.event_decisions import NobodySaidIt, say
from sql.kept_sites import keep_site as keep
from sql.read_back import unread_of_site
from sql.sites import site_work
from transforms.destinations import in_a_sentence, place_of


@dataclass(frozen=True)
class Kept:
    """What is kept of a site until it is back."""

    site_id: str
    events_count: int
    points: int
    in_flight_count: int  # may have been sent: a person rules on these
    unread_count: int  # posted, and not compared with what the service shows


def keep_site(settings: Settings, ledger: Ledger, site_id: str, by: str, reason: str) -> Kept:
    """Decide that what was not sent of the site, or not read back, waits until it is back; "" is Referral Rock.

    `WrongUsage` where the site is in the settings, or has nothing of the kind, or nobody says why.
    """
    if site_id in settings.site_ids:
        raise WrongUsage(f"{place_of(site_id)} is in the settings: its events go on by themselves.")
    try:
        said = say(by, mask(reason), utc_now(), needs_reason=True)
    except NobodySaidIt as error:
        raise WrongUsage(str(error)) from None
    with deciding(settings, ledger) as connection:
        work = site_work(connection, site_id)
        # What was posted there and not compared would keep every night from agreeing, for as long as the site is away.
        unread = unread_of_site(connection, site_id)
        if not work.event_ids and not unread:
            raise WrongUsage(
                f"The ledger has nothing of {in_a_sentence(site_id)} that is to be sent or read back: nothing is to be "
                "kept."
            )
        keep(connection, site_id, [*work.event_ids, *unread], said)
    return Kept(site_id, len(work.event_ids), work.points, work.in_flight_count, len(unread))
