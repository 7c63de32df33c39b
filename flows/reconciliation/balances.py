"""What the ledger expects of each client's balance, and the balance that later readings start from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.services.mindbody.client import History
from sql.queries import query, reading
from transforms.match.balances import balances_by_client
from transforms.totals.service_totals import points_more
from transforms.vocabulary import Action, Outcome

Client = tuple[str, str]  # site and client id
# With any other outcome the balance may or may not count an entry, so nothing later starts from it.
_SETTLED = {
    Outcome.MATCHED,
    Outcome.REFUSED,
    Outcome.UNEXPECTED_REMOTE,
    Outcome.DUPLICATE_REMOTE,
    Outcome.REVERSED_REMOTE,
}


def expect_balances(
    connection: Connection, histories: Mapping[Client, History], transactions: pd.DataFrame, read_at: datetime
) -> pd.DataFrame:
    """Return `balances_by_client` of every client whose balance was read, and ``is_settled``.

    ``transactions`` have break_id; ``read_at`` is when reading began. Nothing is concluded about a client of whom
    something is in doubt or was posted meanwhile: without a difference, and not a start for later.
    """
    readings: list[dict[str, Any]] = []
    known_at: dict[Client, datetime | None] = {}
    for read, history in sorted(histories.items()):
        about = dict(zip(("site_id", "client_id"), read, strict=True))
        is_moving = connection.execute(query("moving_count"), about | {"reading_at": read_at}).scalar_one()
        if history.balance is None or is_moving:
            continue
        before, known_at[read] = _before(connection, about)
        readings.append(about | before | {"balance_reported": history.balance})
    parts, doubtful = _parts(connection, transactions, known_at)
    balances = balances_by_client(readings, parts)
    keys = zip(balances["site_id"], balances["client_id"], strict=True)
    is_settled = pd.Series([key not in doubtful for key in keys], index=balances.index, dtype="bool")
    difference = balances["difference"].where(is_settled | balances["difference"].eq(0).fillna(False))
    return balances.assign(difference=difference, is_settled=is_settled)


def _before(connection: Connection, about: Mapping[str, str]) -> tuple[dict[str, Any], datetime | None]:
    known = connection.execute(reading("balance_known"), about).one_or_none()
    if known is not None:
        earned, redeemed = int(known.earned), int(known.redeemed)
        return {"balance_before": known.balance, "earned": earned, "redeemed": redeemed}, known.read_at
    # Never read before: the first answer that told a balance, less what it answered.
    rows = connection.execute(reading("first_balances"), about).all()
    first = next((number for number, row in enumerate(rows) if row.balance is not None), None)
    since = rows[first or 0 :]
    sums = {
        name: sum(row.points for row in since if row.action == action)
        for name, action in (("earned", Action.EARNED), ("redeemed", Action.REDEEMED))
    }
    if first is None:
        return {"balance_before": None, **sums}, None
    change = rows[first].points if rows[first].action == Action.EARNED else -rows[first].points
    return {"balance_before": rows[first].balance - change, **sums}, None


def _parts(
    connection: Connection, transactions: pd.DataFrame, known_at: Mapping[Client, datetime | None]
) -> tuple[dict[Client, list[int]], set[Client]]:
    """Return by client the points that each break accounts for, and the clients of whom something is in doubt.

    A break that was there when the balance before was read is counted in it. What was not looked at this time is taken
    from the ledger, which does not know which way somebody else's entry went: so both ways.
    """
    parts: dict[Client, list[int]] = {}
    known = {row.break_id: row for row in connection.execute(reading("breaks_of_clients"))}

    def add(client: Client, break_id: str, *points: int) -> None:
        since = known_at.get(client)
        if since is None or break_id not in known or known[break_id].started_at >= since:
            parts.setdefault(client, []).extend(points)

    for row in points_more(transactions).to_dict("records"):
        add((row["site_id"], row["client_id"]), row["break_id"], int(row["more"]))
    in_doubt = transactions[~transactions["outcome"].isin(_SETTLED)]
    doubtful = set(zip(in_doubt["site_id"], in_doubt["client_id"], strict=True))
    for break_id in known.keys() - set(transactions["break_id"]):
        broken = known[break_id]
        client, name, points = (
            (broken.site_id, broken.client_id),
            Outcome(broken._mapping["class"]),
            broken.points or 0,
        )
        add(client, break_id, *([-points, points] if name is not Outcome.REFUSED else []))
        if name not in _SETTLED and broken.state != "resolved":
            doubtful.add(client)
    return parts, doubtful


def keep_balances(connection: Connection, balances: pd.DataFrame, *, run_id: str, read_at: datetime) -> None:
    """Let later readings start from the balances of which nothing was in doubt."""
    settled = balances[balances["is_settled"]]
    rows: Sequence[dict[str, Any]] = [
        {"site_id": row["site_id"], "client_id": row["client_id"], "balance": int(row["balance_reported"])}
        | {"read_at": read_at, "run_id": run_id}
        for row in settled.to_dict("records")
    ]
    if rows:
        connection.execute(query("keep_balance"), rows)
