"""Balances from one end to the other: what was there, what moved it, and what the service reports.

    opening + earned - redeemed + others' entries + returned, removed or canceled late + without an entry = closing

Points are whole and signed where they are a change. "Without an entry" is what a balance moved by that nobody has read:
points that expired, or an entry of other days; a break says so, and the equation "Balances" holds both to each other.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, Final

import pandas as pd

from transforms.exact_sums import whole_sum, with_whole
from transforms.reconcile.proof import Client
from transforms.vocabulary import Kind

COLUMNS: Final = (
    "site_id", "client_id", "proof", "opening", "earned", "redeemed", "others", "taken_back", "without_entry",
    "closing", "difference", "proved_since_at",
)  # fmt: skip
_TEXTS: Final = COLUMNS[:3]
FIGURES: Final = COLUMNS[3:11]
_CLIENT: Final = ["site_id", "client_id"]


class Proof(StrEnum):
    """How the balance of a client was proved, or why it was not."""

    READ = "read"
    BALANCE = "balance"  # not read: the balance after each answer follows from a reading of before
    FIRST_READING = "first reading"  # read, and no balance of before to hold it against
    IN_DOUBT = "in doubt"  # read, and something may or may not be counted in it
    NOT_READ = "not read"


def balances_of_run(
    by_client: pd.DataFrame, posted: pd.DataFrame, *, read_clients: Collection[Client], is_of_run: bool
) -> pd.DataFrame:
    """Return one row per client that was posted to, read or proved, in order: `COLUMNS`.

    ``by_client`` as of `Reconciliation.balances`, ``posted`` the events of the run that the ledger has as posted (kind,
    site_id, client_id, points). Where the run posted itself (``is_of_run``) earned and redeemed are its own, so that
    they add up to what it posted, and what was posted between the reading before and the run is in the opening balance.
    One of the ``read_clients`` whose balance is not among them was told none, or something of it was on its way.
    Null is what nobody knows. ``difference`` is closing less all that leads to it: zero, or null where either is.
    """
    own = _posted_by_client(posted)
    told: dict[Any, dict[Any, Any]] = {}
    if len(by_client):
        told = by_client.set_index(_CLIENT).to_dict("index")
    rows = []
    for key in sorted({*own, *told}):
        own_points = own.get(key, (0, 0))
        if key in told:
            rows.append(_row(key, own_points, told[key], is_of_run=is_of_run))
        else:
            rows.append(_row_without_balance(key, own_points, is_read=key in read_clients))
    return typed(rows)


def typed(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of balances as a frame: ids and proof as text, figures whole with their gaps, the time aware UTC."""
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    since_at = pd.to_datetime(frame["proved_since_at"], utc=True)
    texts = dict.fromkeys(_TEXTS, "str")
    frame = frame.astype(texts).assign(proved_since_at=since_at.astype("datetime64[us, UTC]"))
    return with_whole(frame, FIGURES)


def _posted_by_client(posted: pd.DataFrame) -> dict[Client, tuple[int, int]]:
    """Return points earned and redeemed by client; updates of rewards have no client."""
    if posted.empty:
        return {}
    of_points = posted[posted["kind"].ne(Kind.REWARD_UPDATE)]
    sums: dict[Client, tuple[int, int]] = {}
    columns = [of_points[name] for name in (*_CLIENT, "kind", "points")]
    for site_id, client_id, kind, points in zip(*columns, strict=True):
        earned, redeemed = sums.get((site_id, client_id), (0, 0))
        if kind == Kind.REDEEMED:
            redeemed += int(points)
        else:
            earned += int(points)
        sums[site_id, client_id] = (earned, redeemed)
    return sums


def _row_without_balance(key: Client, own: tuple[int, int], *, is_read: bool) -> dict[str, Any]:
    site_id, client_id = key
    earned, redeemed = own
    proof = Proof.IN_DOUBT if is_read else Proof.NOT_READ
    return {"site_id": site_id, "client_id": client_id, "proof": proof, "earned": earned, "redeemed": redeemed}


def _row(key: Client, own: tuple[int, int], known: dict[Any, Any], *, is_of_run: bool) -> dict[str, Any]:
    site_id, client_id = key
    own_earned, own_redeemed = own
    earned = own_earned if is_of_run else int(known["earned"])
    redeemed = own_redeemed if is_of_run else int(known["redeemed"])
    opening = _opening(known, earned - redeemed)
    row: dict[str, Any] = {
        "site_id": site_id,
        "client_id": client_id,
        "proof": _proof(known),
        "proved_since_at": known["proved_since_at"],
        "opening": opening,
        "earned": earned,
        "redeemed": redeemed,
        "closing": _known(known["balance_reported"]),
    }
    if pd.isna(known["difference"]) or opening is None:
        return row
    taken_back = _known(known.get("taken_back")) or 0
    row["others"] = int(known["others"]) - taken_back
    row["taken_back"] = taken_back
    # What no entry explains is told of a balance that was read. Of one that answers told, all is known that moved it: a
    # difference there stays one, and fails the equation.
    row["without_entry"] = int(known["difference"]) if known["proof"] == Proof.READ else 0
    return with_difference(row)


def with_difference(row: dict[str, Any]) -> dict[str, Any]:
    """Add by how much the closing balance is more than what leads to it."""
    posted = row["earned"] - row["redeemed"]
    moved = posted + row["others"] + row["taken_back"] + row["without_entry"]
    expected = row["opening"] + moved
    return {**row, "difference": row["closing"] - expected}


def _known(figure: Any) -> int | None:
    return None if pd.isna(figure) else int(figure)


def _opening(known: dict[Any, Any], own: int) -> int | None:
    """Return the balance before what the run posted: as it was known, and what had been posted since."""
    if pd.isna(known["balance_before"]):
        return None
    posted_before = int(known["earned"]) - int(known["redeemed"]) - own
    return int(known["balance_before"]) + posted_before


def _proof(known: dict[Any, Any]) -> Proof:
    if known["proof"] == Proof.BALANCE:
        return Proof.BALANCE
    if pd.isna(known["balance_before"]):
        return Proof.FIRST_READING
    return Proof.IN_DOUBT if pd.isna(known["difference"]) else Proof.READ


def balances_by_site(balances: pd.DataFrame) -> pd.DataFrame:
    """Return one row per site and proof, in order: site_id, proof, clients, and the sums of `FIGURES`.

    Of clients of whom nothing is concluded only what was posted is added up: their balances prove nothing.
    """
    lines = []
    for (site_id, proof), group in balances.groupby(["site_id", "proof"], sort=True):
        are_all_known = group["difference"].notna().all()
        line: dict[str, Any] = {"site_id": site_id, "proof": proof, "clients": len(group)}
        for figure in FIGURES:
            is_told = are_all_known or figure in ("earned", "redeemed")
            line[figure] = whole_sum(group[figure]) if is_told else None
        lines.append(line)
    frame = pd.DataFrame(lines, columns=["site_id", "proof", "clients", *FIGURES], dtype="object")
    return with_whole(frame.astype({"site_id": "str", "proof": "str"}), ("clients", *FIGURES))
