"""What a site has that was not sent, and how a person drops all of it: for a site that has left, say."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from sql.approvals import drop_events
from sql.event_decisions import Said, lock_events, record_decision
from sql.queries import query
from transforms.destinations import in_a_sentence
from transforms.vocabulary import EventVerb


@dataclass(frozen=True)
class SiteWork:
    """The events of a site that are held or ready, their points, and how many others may have been sent."""

    event_ids: tuple[str, ...]
    points: int
    in_flight_count: int


def site_work(connection: Connection, site_id: str) -> SiteWork:
    """Return what the site has that was not sent, "" is Referral Rock; nothing where the ledger has no such site."""
    rows = connection.execute(query("unsent_of_site"), {"site_id": site_id}).all()
    in_flight_count = connection.execute(query("in_flight_of_site"), {"site_id": site_id}).scalar_one()
    return SiteWork(
        event_ids=tuple(row.event_id for row in rows),
        points=sum(row.points for row in rows),
        in_flight_count=int(in_flight_count),
    )


def drop_site(connection: Connection, site_id: str, event_ids: Sequence[str], said: Said) -> int:
    """Discard these events of the site in one decision; return how many that are. The caller holds the turn."""
    decided = lock_events(connection, event_ids)
    record_decision(connection, EventVerb.DISCARD, said, about=in_a_sentence(site_id), decided=decided)
    return drop_events(connection, event_ids, said)
