"""What explains a balance that was off: the entries of this reading, for its own balances and those of nights before.

One difference is told once: the break about a balance ends as the entries that moved it are read, or keeps the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from sql.break_decisions import carry_decision
from sql.gaps import gaps_of_clients, keep_gaps, keep_parts, latest_known, parts_of_gap
from transforms.match.balances import balance_breaks, lacking_of, left_of_balance_break
from transforms.match.gaps import Explained, Gap, Part, explain, is_new_since
from transforms.match.reconciled import Client
from transforms.reconcile.clients import client_of
from transforms.settle.windows import Window


@dataclass(frozen=True)
class Basis:
    """What was known of a client when the balance was read, or told, that a reading starts from."""

    since_at: datetime | None  # when reading began; None: never read, only told by an answer
    told_at: datetime | None  # when it was told, by a reading or the first answer; None: never
    known_from_at: datetime | None  # of the event whose answer told it; None: it was read


@dataclass(frozen=True)
class Looked:
    """What a reading looked at, and what was known before."""

    read_at: datetime
    windows: Sequence[Window]
    bases: Mapping[Client, Basis]
    doubtful: Collection[Client]


@dataclass(frozen=True)
class FoundGaps:
    """What explains the balances of a reading, and those of before."""

    looked: Looked
    before: Mapping[str, Row[Any]]  # breaks about balances of before, by id
    beside: Mapping[Client, Sequence[int]]  # points that may have moved this balance too, and are no entries
    readings: list[Mapping[str, Any]] = field(default_factory=list)  # as `balances_by_client` takes them
    parts: dict[Client, list[int]] = field(default_factory=dict)  # as it takes them
    explained: list[tuple[Client, Explained]] = field(default_factory=list)
    new: dict[Client, list[Part]] = field(default_factory=dict)  # entries that no balance before counts

    def take(self, reading: Mapping[str, Any], gaps: Sequence[Gap], shown: Sequence[Part]) -> None:
        """Say which of the entries that a client shows explain its gaps, and which are new to its balance."""
        client = client_of(reading)
        beside = self.beside.get(client, ())
        found = explain(gaps, shown, beside)
        self.explained.extend((client, one) for one in found)
        of_now = [one.part for one in found if one.gap_id is None]
        of_before = [one.part for one in found if one.gap_id is not None]
        new = self._new_since(client, shown, of_before)
        self.new[client] = new
        self.parts[client] = [*(part.more for part in new), *beside]
        self.readings.append({**reading, "partly": sum(part.more for part in of_now)})

    def _new_since(self, client: Client, shown: Sequence[Part], of_before: Sequence[Part]) -> list[Part]:
        """Return the entries that no balance before counts.

        What explains a balance of before was counted in that one, so it moves the one of today no more. Counted again,
        it would explain points that somebody else took away, and nobody would look for them.
        """
        counted = {part.break_id for part in of_before}
        since_at = self.looked.bases[client].since_at
        return [part for part in shown if part.break_id not in counted and is_new_since(since_at, part)]


def explain_gaps(
    connection: Connection,
    looked: Looked,
    readings: Sequence[Mapping[str, Any]],
    entries: Mapping[Client, Sequence[Part]],
    others: Mapping[Client, Sequence[int]],
) -> FoundGaps:
    """Say which entries explain which balances; ``others`` are points that may have moved this one too."""
    clients = [client_of(reading) for reading in readings]
    gaps_before = gaps_of_clients(connection, clients)
    window_of = {window.client: window for window in looked.windows}
    gaps_of: dict[Client, list[Gap]] = {}
    for row in gaps_before:
        client = (row.site_id, row.client_id)
        gap = _gap_before(row, window_of.get(client))
        gaps_of.setdefault(client, []).append(gap)
    found = FoundGaps(looked, before={row.break_id: row for row in gaps_before}, beside=others)
    for client, reading in zip(clients, readings, strict=True):
        gaps = gaps_of.get(client, [])
        # Of a client in doubt nothing is said about the balance of today; what moved it before stays what it was.
        if client not in looked.doubtful:
            gaps = [_gap_now(connection, reading, looked), *gaps]
        found.take(reading, gaps, entries.get(client, ()))
    return found


def _gap_now(connection: Connection, reading: Mapping[str, Any], looked: Looked) -> Gap:
    client = client_of(reading)
    basis = looked.bases[client]
    lacking = lacking_of(reading) or 0
    return Gap(
        gap_id=None,
        more=lacking,
        since_at=basis.since_at,
        until_at=looked.read_at,
        # Asked of the few whose balance is off: it takes as long as the client has events.
        known_from_at=_known_from(connection, client, basis) if lacking else None,
    )


def _known_from(connection: Connection, client: Client, basis: Basis) -> datetime | None:
    """Return the latest time of an event of ours that the balance before counts."""
    if basis.since_at is None:
        return basis.known_from_at
    return latest_known(connection, *client, basis.since_at)


def _gap_before(row: Row[Any], window: Window | None) -> Gap:
    return Gap(
        gap_id=row.break_id,
        more=row.more,
        since_at=row.since_at,
        until_at=row.until_at,
        known_from_at=row.known_from_at,
        is_read=window is not None and _holds_all_between(window, row),
    )


def _holds_all_between(window: Window, gap: Row[Any]) -> bool:
    """Return whether all days are read on which the unknown entry would be expected."""
    # People date an entry back, but hardly before the last class that was known then.
    from_at = gap.known_from_at or gap.since_at
    to_at = gap.known_to_at or gap.until_at
    earlier, later = sorted((from_at, to_at))
    return window.holds(earlier) and window.holds(later)


def gap_records(connection: Connection, found: FoundGaps) -> list[dict[str, Any]]:
    """Return the breaks about balances of before of which entries of this reading explain something, as records."""
    records = []
    for gap_id, row in found.before.items():
        entries = [one.part for _, one in found.explained if one.gap_id == gap_id]
        if not entries:
            continue
        left = row.more - sum(part.more for part in entries)
        explained_by = [*parts_of_gap(connection, gap_id), *(part.break_id for part in entries)]
        records.append(left_of_balance_break(dict(row._mapping), left, explained_by))
    return records


def keep_explained(
    connection: Connection, found: FoundGaps, balances: pd.DataFrame, *, run_id: str, now: datetime
) -> None:
    """Keep what moved balances and what explains it; once the breaks themselves are kept.

    What a person said of a balance that was off holds for the entry that it was: nobody is asked about one difference
    twice.
    """
    new = balance_breaks(balances)
    keep_gaps(connection, [_kept(connection, found.looked, record, now) for record in new])
    new_gap_of = {client_of(record): record["break_id"] for record in new}
    parts = []
    for client, one in found.explained:
        gap_id = one.gap_id or new_gap_of.get(client)
        parts.append({"break_id": one.part.break_id, "gap_id": gap_id, "more": one.part.more})
    keep_parts(connection, parts, run_id=run_id, now=now)
    for _, one in found.explained:
        if one.gap_id is not None and found.before[one.gap_id].owner:
            carry_decision(connection, one.gap_id, one.part.break_id, now=now)


def _kept(connection: Connection, looked: Looked, record: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    client = client_of(record)
    basis = looked.bases[client]
    return {
        "break_id": record["break_id"],
        "more": record["more"],
        "since_at": basis.told_at or looked.read_at,
        "until_at": looked.read_at,
        "known_from_at": _known_from(connection, client, basis),
        "known_to_at": latest_known(connection, *client, now),
    }
