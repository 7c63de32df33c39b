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
    clients = {lane: one.client for lane, one in own.items()}
    readings = _readings(connection, clients)
    # What was posted counts from the reading on that opens the period.
    after = {lane: opening_attempt(readings[lane], one.first_attempt_id) for lane, one in own.items()}
    ours = _posted(connection, after)
    moved = _moved(connection, clients)
    return [
        ClientFacts(
            site_id=one.site_id,
            client_id=one.client_id,
            earned=one.earned,
            redeemed=one.redeemed,
            first_attempt_id=one.first_attempt_id,
            last_attempt_id=one.last_attempt_id,
            is_proved=one.client in proved,
            is_unread=one.client in unread,
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

    @property
    def client(self) -> Client:
        return self.site_id, self.client_id

    def add(self, kind: str, points: int, attempt_id: int) -> None:
        self.first_attempt_id = min(self.first_attempt_id, attempt_id)
        self.last_attempt_id = max(self.last_attempt_id, attempt_id)
        if kind == Kind.EARNED:
            self.earned += points
        else:
            self.redeemed += points


def _own_points(posted: pd.DataFrame) -> dict[str, _Own]:
    """Return what was posted by lane, in order of site and client; row by row, since a month has many small clients."""
    of_clients = posted[posted["kind"].ne(Kind.REWARD_UPDATE)]
    columns = ("lane", "site_id", "client_id", "kind", "points", "attempt_id")
    rows = zip(*(of_clients[name].astype("object") for name in columns), strict=True)
    own: dict[str, _Own] = {}
    for lane, site_id, client_id, kind, points, attempt_id in rows:
        one = own.setdefault(lane, _Own(site_id, client_id, attempt_id, attempt_id))
        one.add(kind, int(points), attempt_id)
    in_order = sorted(own.items(), key=lambda item: item[1].client)
    return dict(in_order)


def _readings(connection: Connection, clients: Mapping[str, Client]) -> Mapping[str, list[Reading]]:
    found: defaultdict[str, list[Reading]] = defaultdict(list)
    for row in base_readings(connection, clients):
        reading = Reading(row.read_at, row.balance, row.last_attempt_id)
        found[row.lane].append(reading)
    return found


def _posted(connection: Connection, after: Mapping[str, int]) -> Mapping[str, list[Posted]]:
    found: defaultdict[str, list[Posted]] = defaultdict(list)
    for row in posted_after(connection, after):
        points = signed(row.action, row.points)
        found[row.lane].append(Posted(row.attempt_id, points, row.balance))
    return found


def _moved(connection: Connection, clients: Mapping[str, Client]) -> Mapping[str, list[Moved]]:
    rows = gaps_and_parts(connection, clients)
    found_at = {row.break_id: row.found_at for row in rows if row.is_gap}
    offset = offset_breaks(connection, [row.break_id for row in rows])
    found: defaultdict[str, list[Moved]] = defaultdict(list)
    for row in rows:
        moved = _moved_by(row, found_at, is_offset=row.break_id in offset)
        found[row.lane].append(moved)
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
