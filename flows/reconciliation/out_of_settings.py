"""What was posted at a place that the settings do not name any more, and that nothing has compared since.

Such a place cannot be asked. Passed over in silence its events would stand in no list, and the report would say that
the services agree with everything.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection

from flows.settings.sections import Settings
from sql.kept_sites import kept_sites
from sql.read_back import unread_of_site
from transforms.destinations import Destination, NotRead, destination_not_read
from transforms.match.reconciled import Client
from transforms.vocabulary import Target


def clients_out_of_settings(connection: Connection, settings: Settings, clients: Iterable[Client]) -> list[NotRead]:
    """Return the sites of these clients that cannot be asked; what a person keeps of a site, no night asks for."""
    configured = set(settings.mindbody.site_ids)
    kept = {site.site_id for site in kept_sites(connection)}
    clients_by_site = Counter(site_id for site_id, _ in clients)
    return [
        _site_left(site_id, count)
        for site_id, count in sorted(clients_by_site.items())
        if site_id not in configured and site_id not in kept
    ]


def rewards_out_of_settings(connection: Connection, settings: Settings) -> list[NotRead]:
    """Return Referral Rock, where its keys are gone and updates that it confirmed were not compared before.

    What a person keeps of it, no night asks for.
    """
    rewards = Destination(Target.REFERRAL_ROCK, "")
    is_kept = any(site.site_id == rewards.site_id for site in kept_sites(connection))
    if is_kept or rewards.site_id in settings.site_ids:
        return []
    count = len(unread_of_site(connection, rewards.site_id))
    if not count:
        return []
    updates = "1 update that was posted there was" if count == 1 else f"{count:,} updates that were posted there were"
    why = (
        f"it is not in the settings, and {updates} not compared with what it shows: put its keys back, or say by "
        "`tieout keep --referral-rock --reason TEXT` that no night is to ask for it"
    )
    return [destination_not_read(rewards, why)]


def _site_left(site_id: str, clients_count: int) -> NotRead:
    clients = "1 client has" if clients_count == 1 else f"{clients_count:,} clients have"
    why = (
        f"it is not in the settings, and {clients} events there to compare with what it shows: put it back, or say by "
        f"`tieout keep --site {site_id} --reason TEXT` that no night is to ask for it"
    )
    return destination_not_read(Destination(Target.MINDBODY, site_id), why)
