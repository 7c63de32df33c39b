"""What people are shown of what a run holds, and whether it is still that when they approve it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.chain import digest
from sql.plans import ClientPoints, client_points
from sql.queries import query, rows_query
from sql.sums import amount_of_all, summed
from sql.tables.decisions import showings
from transforms.vocabulary import HeldFor, Kind, Target


@dataclass(frozen=True)
class Held:
    """What a run holds, as far as an approval is about it."""

    rows_digest: str  # of the events, why each is held, and what stands beside it
    destinations: Sequence[tuple[Target, str]]
    events_count: int


@dataclass(frozen=True)
class Total:
    """What a run holds of one kind for one site; rewards stand below the site ''."""

    kind: Kind
    site_id: str
    events_count: int
    points: int


@dataclass(frozen=True)
class WhyHeld:
    """A reason of what a run holds: in words, what it goes with (None: each by itself), and how many have it."""

    reason: str
    held_for: HeldFor | None
    events_count: int


def plan_of(connection: Connection, held_id: str) -> str | None:
    """Return the run that is named, or that brought the event that is; None where there is neither."""
    found: str | None = connection.execute(query("plan_of"), {"held_id": held_id}).scalar()
    return found


def what_is_held(connection: Connection, plan_id: str) -> Held:
    """Return what the run holds now."""
    events = connection.execute(query("shown_events"), {"plan_id": plan_id}).all()
    beside = connection.execute(query("shown_beside"), {"plan_id": plan_id}).all()
    # Sorted here, since databases sort texts differently.
    rows = sorted([event.event_id, event.state_reason, event.attempt_id] for event in events)
    others = sorted([row.event_id, row.beside_id] for row in beside)
    destinations = {(Target(event.target), event.site_id) for event in events}
    # The reasons are in it, and not only the events: one that waits for another reason than was shown has to be shown
    # again before an OK lets it go.
    return Held(digest([rows, others]), sorted(destinations), len(rows))


def record_showing(
    connection: Connection,
    plan_id: str,
    *,
    to: str,
    now: datetime,
    fingerprint: str,
    settings: Mapping[str, str],
    files: Mapping[str, str],
) -> None:
    """Keep what somebody was shown, "" for whoever reads the run's report."""
    row = {
        "plan_id": plan_id,
        "shown_at": now,
        "shown_to": to,
        "fingerprint": fingerprint,
        "settings": json.dumps(settings),
        "files": json.dumps(files),
    }
    connection.execute(insert(showings).values(**row))


def last_showing(connection: Connection, plan_id: str, by: str) -> Row[tuple[object, ...]] | None:
    """Return what the person saw of the run last, or anybody where they did not; None where nobody did."""
    values = {"plan_id": plan_id, "by": by}
    return connection.execute(rows_query("last_showing"), values).one_or_none()


def held_since(connection: Connection, plan_id: str, shown_at: datetime) -> int:
    """Count what the run holds that it did not hold, or not for this reason, when it was shown."""
    values = {"plan_id": plan_id, "shown_at": shown_at}
    return int(connection.execute(query("held_since"), values).scalar_one())


def accepted_beside_since(connection: Connection, plan_id: str, shown_at: datetime, *, is_plan: bool) -> int:
    """Count what the run holds whose reward got another update, or whose row another equal one, since it was shown."""
    values = {
        "plan_id": plan_id,
        "is_plan": is_plan,
        "shown_at": shown_at,
        "shown_second_at": shown_at.replace(microsecond=0),
    }
    return int(connection.execute(query("accepted_beside_since"), values).scalar_one())


def held_totals(connection: Connection, plan_id: str) -> list[Total]:
    """Add up what the run holds, by kind and site."""
    totals: list[Total] = []
    for row in connection.execute(query("held_totals"), {"plan_id": plan_id}).mappings():
        kind = Kind(row["kind"])
        totals.append(Total(kind, row["site_id"], int(row["events_count"]), summed(row)))
    return totals


def held_amount(connection: Connection, plan_id: str) -> Decimal:
    """Add up the amounts of the updates that the run holds."""
    amounts = connection.execute(query("held_amounts"), {"plan_id": plan_id}).scalars()
    return amount_of_all(amounts)


def held_clients(connection: Connection, plan_id: str, *, most: int) -> list[ClientPoints]:
    """Return the clients with the most points of what the run holds."""
    rows = connection.execute(query("held_clients"), {"plan_id": plan_id, "limit": most}).mappings()
    return [client_points(row) for row in rows]


def why_held(connection: Connection, plan_id: str) -> list[WhyHeld]:
    """Return why the run holds what it holds, the most frequent reason first."""
    rows = connection.execute(query("why_held"), {"plan_id": plan_id})
    return [_why_held(row) for row in rows]


def _why_held(row: Row[Any]) -> WhyHeld:
    held_for = None if row.held_for is None else HeldFor(row.held_for)
    return WhyHeld(row.state_reason or "", held_for, int(row.events_count))


def files_of_held(connection: Connection, plan_id: str) -> list[str]:
    """Return the names of the files of which the run holds something."""
    return [row.name for row in connection.execute(query("files_of_held"), {"plan_id": plan_id})]
