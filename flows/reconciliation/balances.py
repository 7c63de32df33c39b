"""What the ledger expects of each client's balance, and the balance that later readings start from.

Points are whole and signed where they are a change. Nothing is concluded about a client of whom something is in doubt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from sql.balances import balance_known, breaks_of_clients, first_balances, is_moving, keep_balances
from transforms.match.balances import balances_by_client
from transforms.match.reconciled import Client
from transforms.settle.history import History
from transforms.totals.service_totals import points_more
from transforms.vocabulary import Action, Outcome

# With any other outcome the balance may or may not count an entry, so nothing later starts from it.
_SETTLED = {
    Outcome.MATCHED,
    Outcome.REFUSED,
    Outcome.UNEXPECTED_REMOTE,
    Outcome.DUPLICATE_REMOTE,
    Outcome.REVERSED_REMOTE,
}


@dataclass(frozen=True)
class _Before:
    """What was known of a balance before this reading, and what of ours has moved it since."""

    balance: int | None
    earned: int
    redeemed: int
    known_at: datetime | None  # None: never read, only told by an answer


def expect_balances(
    connection: Connection, histories: Mapping[Client, History], transactions: pd.DataFrame, read_at: datetime
) -> pd.DataFrame:
    """Return `balances_by_client` of every client whose balance was read, and ``is_settled``.

    ``transactions`` have break_id; ``read_at`` is when reading began. Where something is in doubt or was posted
    meanwhile there is no difference, and no start for later.
    """
    readings: list[dict[str, Any]] = []
    known_at: dict[Client, datetime | None] = {}
    for client, history in sorted(histories.items()):
        site_id, client_id = client
        # What was posted while the balance was read may be in it or not: a difference would accuse nobody.
        if history.balance is None or is_moving(connection, site_id, client_id, read_at):
            continue
        before = _before(connection, site_id, client_id)
        known_at[client] = before.known_at
        readings.append(
            {
                "site_id": site_id,
                "client_id": client_id,
                "balance_before": before.balance,
                "earned": before.earned,
                "redeemed": before.redeemed,
                "balance_reported": history.balance,
            }
        )
    breaks = {row.break_id: row for row in breaks_of_clients(connection, histories)}
    balances = balances_by_client(readings, _parts(breaks, transactions, known_at))
    is_settled = _is_settled(balances, _doubtful_clients(breaks, transactions))
    # A balance that comes out right is right, whatever is in doubt; one that does not proves nothing then.
    is_zero = balances["difference"].eq(0).fillna(False)
    difference = balances["difference"].where(is_settled | is_zero)
    return balances.assign(difference=difference, is_settled=is_settled)


def _is_settled(balances: pd.DataFrame, doubtful: set[Client]) -> pd.Series:
    clients = zip(balances["site_id"], balances["client_id"], strict=True)
    return pd.Series([client not in doubtful for client in clients], index=balances.index, dtype="bool")


def _before(connection: Connection, site_id: str, client_id: str) -> _Before:
    known = balance_known(connection, site_id, client_id)
    if known is not None:
        return _Before(
            balance=known.balance,
            earned=known.earned,
            redeemed=known.redeemed,
            known_at=known.read_at,
        )
    # Never read before: the first answer that told a balance, less what it answered.
    posted = first_balances(connection, site_id, client_id)
    telling = [number for number, row in enumerate(posted) if row.balance is not None]
    since = posted[telling[0] :] if telling else posted
    earned = sum(row.points for row in since if row.action == Action.EARNED)
    redeemed = sum(row.points for row in since if row.action == Action.REDEEMED)
    if not telling:
        return _Before(balance=None, earned=earned, redeemed=redeemed, known_at=None)
    first_told = since[0]
    change = first_told.points if first_told.action == Action.EARNED else -first_told.points
    return _Before(balance=first_told.balance - change, earned=earned, redeemed=redeemed, known_at=None)


def _parts(
    breaks: Mapping[str, Row[Any]], transactions: pd.DataFrame, known_at: Mapping[Client, datetime | None]
) -> dict[Client, list[int]]:
    """Return by client the points that each break accounts for.

    A break that was there when the balance before was read is counted in it. What was not looked at this time is taken
    from the ledger, which does not know which way somebody else's entry went: so both ways.
    """
    parts: dict[Client, list[int]] = {}
    for row in points_more(transactions).to_dict("records"):
        client = (row["site_id"], row["client_id"])
        if not _is_counted_before(breaks.get(row["break_id"]), known_at.get(client)):
            parts.setdefault(client, []).append(int(row["more"]))
    for broken in _not_looked_at(breaks, transactions):
        client = (broken.site_id, broken.client_id)
        if _is_counted_before(broken, known_at.get(client)):
            continue
        either_way = parts.setdefault(client, [])
        if Outcome(broken._mapping["class"]) is not Outcome.REFUSED:
            points = broken.points or 0
            either_way += [-points, points]
    return parts


def _is_counted_before(broken: Row[Any] | None, known_at: datetime | None) -> bool:
    """Return whether the balance that was known holds the break's points already."""
    return broken is not None and known_at is not None and broken.started_at < known_at


def _not_looked_at(breaks: Mapping[str, Row[Any]], transactions: pd.DataFrame) -> list[Row[Any]]:
    seen = set(transactions["break_id"])
    return [broken for break_id, broken in breaks.items() if break_id not in seen]


def _doubtful_clients(breaks: Mapping[str, Row[Any]], transactions: pd.DataFrame) -> set[Client]:
    """Return the clients of whom something may or may not be counted in the balance."""
    in_doubt = transactions[~transactions["outcome"].isin(_SETTLED)]
    doubtful = set(zip(in_doubt["site_id"], in_doubt["client_id"], strict=True))
    for broken in _not_looked_at(breaks, transactions):
        is_settled = Outcome(broken._mapping["class"]) in _SETTLED or broken.state == "resolved"
        if not is_settled:
            doubtful.add((broken.site_id, broken.client_id))
    return doubtful


def keep_settled_balances(connection: Connection, balances: pd.DataFrame, *, run_id: str, read_at: datetime) -> None:
    """Let later readings start from the balances of which nothing was in doubt."""
    settled = balances[balances["is_settled"]]
    rows = [
        {
            "site_id": row["site_id"],
            "client_id": row["client_id"],
            "balance": int(row["balance_reported"]),
            "read_at": read_at,
            "run_id": run_id,
        }
        for row in settled.to_dict("records")
    ]
    keep_balances(connection, rows)
