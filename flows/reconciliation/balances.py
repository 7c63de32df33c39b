"""What the ledger expects of each client's balance, and the balance that later readings start from.

Points are whole and signed where they are a change. Nothing is concluded about a client of whom something is in doubt.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Row

from flows.reconciliation.gaps import Basis, FoundGaps, Looked, explain_gaps
from sql.balances import balance_known, breaks_of_clients, first_balances, is_moving, keep_balances
from transforms.exact_sums import as_whole
from transforms.match.balances import adds_up, balances_by_client
from transforms.match.gaps import Part
from transforms.match.reconciled import Client
from transforms.outcomes import AGREED, BALANCE_KNOWN, TAKEN_BACK, is_among
from transforms.reconcile.clients import client_of, clients_in
from transforms.settle.history import History
from transforms.settle.windows import Window
from transforms.totals.service_totals import points_more
from transforms.vocabulary import Action, Outcome


@dataclass(frozen=True)
class _Before(Basis):
    """What was known of a balance before this reading, and what of ours has moved it since."""

    balance: int | None
    earned: int
    redeemed: int


class Expected(NamedTuple):
    """The balances of a reading, and what explains those that were off."""

    balances: pd.DataFrame
    found: FoundGaps


def expect_balances(
    connection: Connection,
    windows: Sequence[Window],
    histories: Mapping[Client, History],
    transactions: pd.DataFrame,
    read_at: datetime,
    gone: Collection[str],
) -> Expected:
    """Return `balances_by_client` of every client whose balance was read, and ``is_settled``.

    ``transactions`` have break_id; ``read_at`` is when reading began; ``gone`` are the breaks that it does not show any
    more. Where something is in doubt or was posted meanwhile there is no difference, and no start for later.
    """
    balance_of: dict[Client, int] = {}
    for client, history in sorted(histories.items()):
        # What was posted while the balance was read may be in it or not: a difference would accuse nobody.
        if history.balance is not None and not is_moving(connection, *client, read_at):
            balance_of[client] = history.balance
    before_of = {client: _before(connection, *client) for client in balance_of}
    readings = [_reading(client, before_of[client], balance) for client, balance in balance_of.items()]
    breaks = {row.break_id: row for row in breaks_of_clients(connection, histories)}
    doubtful = _doubtful_clients(breaks, transactions)
    found = explain_gaps(
        connection,
        Looked(read_at=read_at, windows=windows, bases=before_of, doubtful=doubtful),
        readings,
        entries=_entries(breaks, transactions),
        others=_others(breaks, transactions, before_of, gone),
    )
    balances = balances_by_client(found.readings, found.parts)
    return Expected(_judged(balances, found, doubtful, transactions), found)


def _reading(client: Client, before: _Before, balance: int) -> dict[str, Any]:
    site_id, client_id = client
    return {
        "site_id": site_id,
        "client_id": client_id,
        "balance_before": before.balance,
        "earned": before.earned,
        "redeemed": before.redeemed,
        "balance_reported": balance,
    }


def _judged(
    balances: pd.DataFrame, found: FoundGaps, doubtful: Collection[Client], transactions: pd.DataFrame
) -> pd.DataFrame:
    """Leave a difference out where it proves nothing, and say what of the rest was taken back at the service."""
    is_settled = _is_settled(balances, doubtful)
    # A balance that comes out right is right, whatever is in doubt; one that does not proves nothing then.
    is_zero = balances["difference"].eq(0).fillna(False)
    return balances.assign(
        difference=balances["difference"].where(is_settled | is_zero),
        is_settled=is_settled,
        taken_back=_taken_back(balances, found, transactions),
    )


def _taken_back(balances: pd.DataFrame, found: FoundGaps, transactions: pd.DataFrame) -> pd.Series:
    """Return the points that were taken back, of those that breaks explain; null where breaks explain none."""
    is_reversed = is_among(transactions["outcome"], TAKEN_BACK)
    reversed_ids = set(transactions.loc[is_reversed, "break_id"])
    clients = clients_in(balances)
    explained = balances["others"].astype("object")
    taken: list[int | None] = []
    for client, points in zip(clients, explained, strict=True):
        if pd.isna(points):
            taken.append(None)
        else:
            taken.append(_taken_back_of(client, int(points), found, reversed_ids))
    return as_whole(pd.Series(taken, index=balances.index, dtype="object"))


def _taken_back_of(client: Client, explained: int, found: FoundGaps, reversed_ids: Collection[str]) -> int:
    """Return the points that were taken back of those that breaks explain; 0 where that does not follow.

    A balance tells no reasons: they count where the rest of what is explained follows from the other breaks.
    """
    reversed_points = 0
    # Those parts that are not taken back, beside what this reading did not look at.
    others = list(found.beside.get(client, ()))
    for part in found.new.get(client, ()):
        if part.break_id in reversed_ids:
            reversed_points += part.more
        else:
            others.append(part.more)
    rest = explained - reversed_points
    return reversed_points if adds_up(others, rest) else 0


def _is_settled(balances: pd.DataFrame, doubtful: Collection[Client]) -> pd.Series:
    clients = clients_in(balances)
    are_settled = [client not in doubtful for client in clients]
    return pd.Series(are_settled, index=balances.index, dtype="bool")


def _before(connection: Connection, site_id: str, client_id: str) -> _Before:
    known = balance_known(connection, site_id, client_id)
    if known is not None:
        return _Before(
            balance=known.balance,
            earned=known.earned,
            redeemed=known.redeemed,
            since_at=known.read_at,
            told_at=known.read_at,
            known_from_at=None,
        )
    # Never read before: the first answer that told a balance, less all that was posted up to it.
    posted = first_balances(connection, site_id, client_id)
    telling = [number for number, row in enumerate(posted) if row.balance is not None]
    earned = sum(row.points for row in posted if row.action == Action.EARNED)
    redeemed = sum(row.points for row in posted if row.action == Action.REDEEMED)
    if not telling:
        return _Before(since_at=None, told_at=None, known_from_at=None, balance=None, earned=earned, redeemed=redeemed)
    # What was posted before it, and whose own answer was lost, is in that balance too: taken off as well, so that what
    # was posted to a client is all of it.
    first_told = posted[telling[0]]
    changes = [row.points if row.action == Action.EARNED else -row.points for row in posted[: telling[0] + 1]]
    return _Before(
        balance=first_told.balance - sum(changes),
        earned=earned,
        redeemed=redeemed,
        since_at=None,
        told_at=first_told.answered_at,
        known_from_at=first_told.action_at,
    )


def _others(
    breaks: Mapping[str, Row[Any]],
    transactions: pd.DataFrame,
    before_of: Mapping[Client, _Before],
    gone: Collection[str],
) -> dict[Client, list[int]]:
    """Return by client the points of breaks that this reading does not show, and that may have moved the balance.

    A break that was there when the balance before was read is counted in it. What was not looked at this time is taken
    from the ledger: both ways where that does not know which way somebody else's entry went.
    """
    others: dict[Client, list[int]] = {}
    for broken in _not_looked_at(breaks, transactions):
        before = before_of.get((broken.site_id, broken.client_id))
        if before is None:
            continue
        points = others.setdefault((broken.site_id, broken.client_id), [])
        if not _has_explained_a_balance(broken) and not _is_counted_before(broken, before.since_at):
            points += _either_way(broken)
        elif broken.break_id in gone and broken.more is not None:
            # Somebody took the entry away again, and with it the points that the balance before counted.
            points.append(-broken.more)
    return others


def _either_way(broken: Row[Any]) -> list[int]:
    """Return the points that the break may have moved a balance by, each by itself."""
    if broken._mapping["class"] in AGREED:
        return []
    # An entry without an event of ours: it is there, and its sign is known.
    if broken.more is not None and broken.event_id is None:
        return [broken.more]
    # About an event of ours nobody knows whether the balance counted it then: it may have come since, or gone.
    points = broken.points or 0
    return [-points, points]


def _has_explained_a_balance(broken: Row[Any] | None) -> bool:
    """Return whether the break has explained a balance already, or is about one itself."""
    return broken is not None and (broken.is_part or broken.is_gap)


def _entries(breaks: Mapping[str, Row[Any]], transactions: pd.DataFrame) -> dict[Client, list[Part]]:
    """Return by client what this reading shows that the ledger does not account for, but what explained a balance."""
    found: dict[Client, list[Part]] = {}
    shown = transactions.set_index("break_id")["remote_at"]
    for row in points_more(transactions).to_dict("records"):
        break_id = row["break_id"]
        broken = breaks.get(break_id)
        if _has_explained_a_balance(broken):
            continue
        entered_at = shown[break_id]
        part = Part(
            break_id=break_id,
            more=int(row["more"]),
            entered_at=None if pd.isna(entered_at) else entered_at.to_pydatetime(),
            found_at=None if broken is None else broken.started_at,
        )
        found.setdefault(client_of(row), []).append(part)
    return found


def _is_counted_before(broken: Row[Any] | None, known_at: datetime | None) -> bool:
    """Return whether the balance that was known holds the break's points already."""
    return broken is not None and known_at is not None and broken.started_at <= known_at


def _not_looked_at(breaks: Mapping[str, Row[Any]], transactions: pd.DataFrame) -> list[Row[Any]]:
    seen = set(transactions["break_id"])
    return [broken for break_id, broken in breaks.items() if break_id not in seen]


def _doubtful_clients(breaks: Mapping[str, Row[Any]], transactions: pd.DataFrame) -> set[Client]:
    """Return the clients of whom something may or may not be counted in the balance."""
    is_known = is_among(transactions["outcome"], BALANCE_KNOWN)
    in_doubt = transactions[~is_known]
    doubtful = set(clients_in(in_doubt))
    for broken in _not_looked_at(breaks, transactions):
        is_settled = Outcome(broken._mapping["class"]) in BALANCE_KNOWN or broken.state == "resolved"
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
