"""What a person keeps of sites that left the settings: said each night, in trouble with nobody, and taken up again."""

from sqlalchemy import Connection

from flows.ledger.run import Run
from sql.kept_sites import KeptSite, kept_sites, take_up_site
from sql.read_back import unread_of_site


def look_for_kept_sites(run: Run, connection: Connection) -> None:
    """Let the work of sites that are back go on, and note what is kept of the others.

    This goes before anything asks what there is to do, and before the run takes over what earlier ones left.
    """
    configured = set(run.settings.mindbody.site_ids)
    for kept in kept_sites(connection):
        if kept.site_id in configured:
            take_up_site(connection, kept.site_id)
            if kept.events_count:
                run.notes.append(f"Site {kept.site_id} is back in the settings: {_what(kept)}, kept until now, go on.")
            continue
        said = f"as {kept.by} said on {kept.at:%Y-%m-%d}: {kept.reason}"
        if kept.events_count:
            run.notes.append(f"Site {kept.site_id} is not in the settings: {_what(kept)} wait until it is back, {said}")
        unread_count = len(unread_of_site(connection, kept.site_id))
        if unread_count:
            run.notes.append(
                f"Site {kept.site_id} is not in the settings: {unread_count:,} events that were posted there are not "
                f"compared with what it shows, {said}"
            )


def _what(kept: KeptSite) -> str:
    return f"{kept.events_count:,} of its events ({kept.points:,} points)"
