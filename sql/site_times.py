"""What times without an offset have been read as in each site's sheets."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, insert

from sql.queries import query
from sql.tables.runs import site_times
from transforms.vocabulary import Times


def site_times_in_force(connection: Connection) -> Mapping[str, Times]:
    """Return what they have been read as, by site; a site of which none was read yet is not in it."""
    return {row.site_id: Times(row.times) for row in connection.execute(query("site_times_in_force"))}


def record_site_times(connection: Connection, read_as: Iterable[tuple[str, Times]], now: datetime) -> None:
    """Keep what the times of sites are read as; nothing happens where that is known."""
    known = site_times_in_force(connection)
    for site_id, times in sorted(set(read_as)):
        if known.get(site_id) is times:
            continue
        row = {"site_id": site_id, "times": times.value, "since_at": now}
        connection.execute(insert(site_times).values(row))
