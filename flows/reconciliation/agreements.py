"""Hold the balances that answers told against what a reading shows, and keep both: so a site earns trust, or loses it.

Every reading of a client is kept: the latest is what the next answers are reckoned from, or says that nothing is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.reconciliation.proofs import Known, is_trusted, known_of
from sql.balances import breaks_of_clients
from sql.proof import Client, agreed_count, keep_readings, last_attempts
from transforms.destinations import lane_of_client
from transforms.reconcile.agreement import Shown, agrees
from transforms.reconcile.chain import Chain
from transforms.reconcile.clients import clients_in
from transforms.reconcile.proof import ENOUGH_AGREED, Why
from transforms.settle.history import History
from transforms.settle.windows import Window
from transforms.totals.service_totals import points_more
from transforms.vocabulary import Outcome


def attempts_before(ledger: Ledger, windows: Sequence[Window]) -> dict[str, int]:
    """Return by lane the last request for each client that is about to be read."""
    with ledger.begin() as connection:
        return last_attempts(connection, [window.client for window in windows])


@dataclass(frozen=True)
class ReadClients:
    """What was read of clients, and what stood in the ledger before."""

    read_at: datetime  # when reading began
    histories: Mapping[Client, History]
    transactions: pd.DataFrame  # outcomes with break_id
    settled: Collection[Client]  # of whom nothing was in doubt, and nothing was posted meanwhile
    attempts_before: Mapping[str, int]  # by lane the last request when reading began
    whys: Mapping[Client, Why]


@dataclass(frozen=True)
class Agreements:
    """What readings came to, by site."""

    lost: Mapping[str, str]  # why its balances prove nothing any more, of sites that were trusted until now
    counts: Mapping[str, int]  # balances that were found right, one after the other, up to those that are enough


def keep_agreements(connection: Connection, run_id: str, read: ReadClients) -> Agreements:
    """Keep each reading, and whether the balance that answers had told agreed with it."""
    sites = sorted({site_id for site_id, _ in read.histories})
    # Asked before this reading is kept: a site loses the trust that it had.
    trusted = {site_id for site_id in sites if is_trusted(connection, site_id)}
    attempts_now = last_attempts(connection, read.histories)
    shown = _shown(connection, read)
    rows = []
    lost: dict[str, str] = {}
    for known in known_of(connection, read.histories):
        row = _row(run_id, read, known, attempts_now, shown.get(known.client, []))
        rows.append(row)
        if row["agrees"] is False and row["site_id"] in trusted:
            lost.setdefault(row["site_id"], _say_lost(row))
    keep_readings(connection, rows)
    agreed = {site_id: agreed_count(connection, site_id, ENOUGH_AGREED) for site_id in sites}
    return Agreements(lost, agreed)


def _row(
    run_id: str, read: ReadClients, known: Known, attempts_now: Mapping[str, int], shown: Sequence["_Line"]
) -> dict[str, Any]:
    client = known.client
    lane = lane_of_client(*client)
    balance = read.histories[client].balance
    # What was claimed while the client was read may be in what was read, or not: the reading is no base, and says
    # nothing of the chain.
    was_posted_to = attempts_now[lane] != read.attempts_before.get(lane, -1)
    is_quiet = not was_posted_to and not known.row.is_doubtful
    row: dict[str, Any] = {
        "site_id": known.row.site_id,
        "client_id": known.row.client_id,
        "run_id": run_id,
        "read_at": read.read_at,
        "why": read.whys.get(client, Why.SETTING),
        "balance": balance,
        "is_base": is_quiet and balance is not None and client in read.settled,
        "last_attempt_id": attempts_now[lane],
        "links_count": 0,
        "chain_balance": None,
        "agrees": None,
    }
    chain = known.chain if is_quiet else None
    # A chain without a link, or one that is broken, claims nothing that a reading could agree with.
    if chain is None or not chain.is_whole or not chain.links_count:
        return row
    row["links_count"] = chain.links_count
    row["chain_balance"] = chain.balance
    row["agrees"] = agrees(chain, balance, _since(chain, shown))
    return row


@dataclass(frozen=True)
class _Line:
    """What the reading shows of one thing that is not as it should be."""

    outcome: Outcome
    more: int
    entered_at: datetime | None
    is_ours: bool
    broken_since: datetime | None  # when the run began that opened its break; None where it is new


def _shown(connection: Connection, read: ReadClients) -> dict[Client, list[_Line]]:
    """Return by client what is not matched: few, in a ledger that is in order."""
    transactions = read.transactions
    is_off = transactions["outcome"].ne(Outcome.MATCHED)
    if not is_off.any():
        return {}
    off = transactions[is_off]
    since = {row.break_id: row.started_at for row in breaks_of_clients(connection, set(clients_in(off)))}
    more = points_more(transactions)["more"]
    found: dict[Client, list[_Line]] = {}
    for index, row in off.iterrows():
        entered_at = row["remote_at"]
        line = _Line(
            outcome=Outcome(row["outcome"]),
            more=int(more.get(index, 0)),
            entered_at=entered_at.to_pydatetime() if pd.notna(entered_at) else None,
            is_ours=bool(pd.notna(row["event_id"])),
            broken_since=since.get(row["break_id"]),
        )
        client = (row["site_id"], row["client_id"])
        found.setdefault(client, []).append(line)
    return found


def _since(chain: Chain, lines: Sequence[_Line]) -> list[Shown]:
    """Return the lines as the chain sees them: what was known before its base is in the base already."""
    return [_as_seen_by(chain, line) for line in lines]


def _as_seen_by(chain: Chain, line: _Line) -> Shown:
    was_known = line.broken_since is not None and line.broken_since < chain.base.read_at
    return Shown(
        outcome=line.outcome,
        more=line.more,
        entered_at=line.entered_at,
        is_ours=line.is_ours,
        was_known=was_known,
    )


def _say_lost(row: Mapping[str, Any]) -> str:
    told, read = f"{row['chain_balance']:,}", f"{row['balance']:,}"
    found = f"its answers came to {told} points, and reading back shows {read}"
    if told == read:
        found = "reading back shows an entry that the balance did not"
    return (
        f"Mindbody site {row['site_id']}: client {row['client_id']} is not as its balance said ({found}). Every client "
        f"of the site is read back again until {ENOUGH_AGREED} balances in a row were right."
    )
