"""What the ledger knows of each client of a period: readings, what was posted between them, what moved the balance."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from sql.month import base_readings, gaps_and_parts, posted_after
from sql.reversals import offset_breaks
from transforms.reconcile.proof import Client
from transforms.totals.period_balances import ClientFacts, Moved, Posted, Reading, opening_attempt, signed
from transforms.vocabulary import Kind


def clients_of(
    connection: Connection, posted: pd.DataFrame, proved: Collection[Client], *, unread: Collection[Client]
) -> list[ClientFacts]:
    """Return one per client that something of the period was posted to, in order; ``posted`` as the walk has it."""
    own = _own_points(posted)
    whose = {lane: (one.site_id, one.client_id) for lane, one in own.items()}
    readings = _readings(connection, whose)
    after = {lane: opening_attempt(readings[lane], one.first_attempt_id) for lane, one in own.items()}
    ours = _posted(connection, after)
    moved = _moved(connection, whose)
    return [
        ClientFacts(
            site_id=one.site_id,
            client_id=one.client_id,
            earned=one.earned,
            redeemed=one.redeemed,
            first_attempt_id=one.first_attempt_id,
            last_attempt_id=one.last_attempt_id,
            is_proved=whose[lane] in proved,
            is_unread=whose[lane] in unread,
            readings=readings[lane],
            posted=ours[lane],
            moved=moved[lane],
        )
        for lane, one in own.items()
    ]


@dataclass
class _Own:
    """What of the period was posted to a client."""

    site_id: str
    client_id: str
    first_attempt_id: int
    last_attempt_id: int
    earned: int = 0
    redeemed: int = 0


def _own_points(posted: pd.DataFrame) -> dict[str, _Own]:
    """Return what was posted by lane, in order of site and client; row by row, since a month has many small clients."""
    points = posted[posted["kind"].ne(Kind.REWARD_UPDATE)]
    columns = ("lane", "site_id", "client_id", "kind", "points", "attempt_id")
    rows = zip(*(points[name].astype("object") for name in columns), strict=True)
    own: dict[str, _Own] = {}
    for lane, site_id, client_id, kind, number, attempt_id in rows:
        one = own.setdefault(lane, _Own(site_id, client_id, attempt_id, attempt_id))
        one.first_attempt_id = min(one.first_attempt_id, attempt_id)
        one.last_attempt_id = max(one.last_attempt_id, attempt_id)
        if kind == Kind.EARNED:
            one.earned += int(number)
        else:
            one.redeemed += int(number)
    return dict(sorted(own.items(), key=lambda item: (item[1].site_id, item[1].client_id)))


def _readings(connection: Connection, whose: Mapping[str, Client]) -> Mapping[str, list[Reading]]:
    found: defaultdict[str, list[Reading]] = defaultdict(list)
    for row in base_readings(connection, whose):
        found[row.lane].append(Reading(row.read_at, row.balance, row.last_attempt_id))
    return found


def _posted(connection: Connection, after: Mapping[str, int]) -> Mapping[str, list[Posted]]:
    found: defaultdict[str, list[Posted]] = defaultdict(list)
    for row in posted_after(connection, after):
        found[row.lane].append(Posted(row.attempt_id, signed(row.action, row.points), row.balance))
    return found


def _moved(connection: Connection, whose: Mapping[str, Client]) -> Mapping[str, list[Moved]]:
    rows = gaps_and_parts(connection, whose)
    found_at = {row.break_id: row.found_at for row in rows if row.is_gap}
    offset = offset_breaks(connection, [row.break_id for row in rows])
    found: defaultdict[str, list[Moved]] = defaultdict(list)
    for row in rows:
        found[row.lane].append(_moved_by(row, found_at, is_offset=row.break_id in offset))
    return found


def _moved_by(row: Row[Any], found_at: Mapping[str, Any], *, is_offset: bool) -> Moved:
    return Moved(
        break_class=row._mapping["class"],
        more=row.more,
        found_at=found_at.get(row.gap_id, row.found_at),
        # What one of ours took back is still there, and so is ours.
        closed_at=None if is_offset else row.closed_at,
        is_gap=bool(row.is_gap),
        explains_gap=row.gap_id is not None,
    )
