"""Sites that left the settings and whose unsent work a person keeps: nothing asks for it before they are back.

Referral Rock has no sites: as a whole it is the site "" here, as its events have it.

What is in doubt goes on asking: it may have been sent, and a person can rule on it without the site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from sql.event_decisions import Said, lock_events, record_decision
from sql.queries import query, rows_query
from sql.sums import summed
from transforms.destinations import in_a_sentence
from transforms.vocabulary import EventVerb


@dataclass(frozen=True)
class KeptSite:
    """One site whose work is kept, and by whose word; "" is Referral Rock."""

    site_id: str
    by: str
    at: datetime
    reason: str
    events_count: int
    points: int


def keep_site(connection: Connection, site_id: str, event_ids: Sequence[str], said: Said) -> None:
    """Keep these events, and what else of the site is not sent, until it is back; the caller holds the turn."""
    decided = lock_events(connection, event_ids)
    decision_id = record_decision(connection, EventVerb.KEEP, said, about=in_a_sentence(site_id), decided=decided)
    connection.execute(query("keep_site"), {"site_id": site_id, "decision_id": decision_id})


def kept_sites(connection: Connection) -> list[KeptSite]:
    """Return the sites whose work is kept."""
    return [
        KeptSite(
            site_id=row["site_id"],
            by=row["actor"],
            at=row["at"],
            reason=row["reason"],
            events_count=int(row["events_count"]),
            points=summed(row),
        )
        for row in connection.execute(rows_query("kept_sites")).mappings()
    ]


def take_up_site(connection: Connection, site_id: str) -> None:
    """Let the work of a site that is back go on."""
    connection.execute(query("take_up_site"), {"site_id": site_id})
