"""What a person keeps of sites that left the settings: said each night, in trouble with nobody, and taken up again."""

from sqlalchemy import Connection

from flows.ledger.run import Run
from sql.kept_sites import KeptSite, kept_sites, take_up_site
from sql.read_back import unread_of_site
from transforms.destinations import place_of


def look_for_kept_sites(run: Run, connection: Connection) -> None:
    """Let the work of sites that are back go on, and note what is kept of the others.

    This goes before anything asks what there is to do, and before the run takes over what earlier ones left.
    """
    for kept in kept_sites(connection):
        place = place_of(kept.site_id)
        if kept.site_id in run.settings.site_ids:
            take_up_site(connection, kept.site_id)
            if kept.events_count:
                run.notes.append(f"{place} is back in the settings: {_what(kept)}, kept until now, go on.")
            continue
        said = f"as {kept.by} said on {kept.at:%Y-%m-%d}: {kept.reason}"
        if kept.events_count:
            run.notes.append(f"{place} is not in the settings: {_what(kept)} wait until it is back, {said}")
        unread_count = len(unread_of_site(connection, kept.site_id))
        if unread_count:
            run.notes.append(
                f"{place} is not in the settings: {unread_count:,} events that were posted there are not "
                f"compared with what it shows, {said}"
            )


def _what(kept: KeptSite) -> str:
    # Updates of rewards have no points.
    points = f" ({kept.points:,} points)" if kept.site_id else ""
    return f"{kept.events_count:,} of its events{points}"
