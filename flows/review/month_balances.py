"""What the ledger knows of each client of a period: readings, what was posted between them, what moved the balance."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from sql.month import base_readings, gaps_and_parts, posted_after
from sql.reversals import offset_breaks
from transforms.exact_sums import whole_sum
from transforms.reconcile.proof import Client
from transforms.totals.period_balances import ClientFacts, Moved, Posted, Reading, opening_attempt, signed
from transforms.vocabulary import Kind


def clients_of(
    connection: Connection, posted: pd.DataFrame, proved: Collection[Client], *, unread: Collection[Client]
) -> list[ClientFacts]:
    """Return one per client that something of the period was posted to, in order; ``posted`` as the walk has it."""
    points = posted[posted["kind"].ne(Kind.REWARD_UPDATE)]
    groups = {str(lane): group for lane, group in points.groupby("lane", sort=True)}
    whose = {lane: (group["site_id"].iloc[0], group["client_id"].iloc[0]) for lane, group in groups.items()}
    readings = _readings(connection, whose)
    firsts = {lane: int(group["attempt_id"].min()) for lane, group in groups.items()}
    after = {lane: opening_attempt(readings[lane], first) for lane, first in firsts.items()}
    ours = _posted(connection, after)
    moved = _moved(connection, whose)
    return [
        ClientFacts(
            site_id=whose[lane][0],
            client_id=whose[lane][1],
            earned=whole_sum(group.loc[group["kind"].eq(Kind.EARNED), "points"]),
            redeemed=whole_sum(group.loc[group["kind"].eq(Kind.REDEEMED), "points"]),
            first_attempt_id=firsts[lane],
            last_attempt_id=int(group["attempt_id"].max()),
            is_proved=whose[lane] in proved,
            is_unread=whose[lane] in unread,
            readings=readings[lane],
            posted=ours[lane],
            moved=moved[lane],
        )
        for lane, group in groups.items()
    ]


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
