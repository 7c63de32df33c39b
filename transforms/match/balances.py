"""Balances by client: balance before + posted + others' entries = balance reported, or a break says why.

The service tells the balance, but not when an entry was made: what others entered is known by its break, and which of
them came since the last reading follows from the sum.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import pandas as pd

from transforms.exact_sums import with_whole
from transforms.reconcile.clients import client_of
from transforms.reconcile.proof import Client, Proof
from transforms.vocabulary import Outcome, Target

_COLUMNS = [
    "site_id", "client_id", "balance_before", "earned", "redeemed", "others", "balance_expected", "balance_reported",
    "difference",
]  # fmt: skip
_ABOUT = ("site_id", "client_id", "balance_before", "balance_expected", "balance_reported")
_PROOF = ["proof", "proved_since_at"]
READ, BY_BALANCE = "read", "balance"
Parts = Mapping[tuple[str, str], list[int]]
# Sums are kept as bits of one number, a bit for each point between the least and the most that is possible: 2 MB, and
# some milliseconds a break. Past that, with breaks of millions of points, only the sum of all is tried, so that no
# client can hold a night up.
_MOST_BITS = 2**24
_PAST_BALANCES = 2**63
_SINCE = " Explained by break "


def balances_by_client(readings: Sequence[Mapping[str, Any]], parts: Parts) -> pd.DataFrame:
    """Return one row per client whose balance was read, in order; ``others`` is what breaks explain.

    ``readings``: site_id, client_id, balance_before (None: never told), earned and redeemed since, balance_reported;
    and partly, if given: points that entries surely explain.
    ``parts``: by site and client, the signed points of each break that the service has more than the ledger.
    Where some of them add up to what is lacking they are the reason; otherwise ``difference`` is left.
    """
    rows = []
    for reading in readings:
        client = client_of(reading)
        rows.append(_row(reading, parts.get(client, [])))
    balances = pd.DataFrame(rows, columns=_COLUMNS, dtype="object")
    site_id, client_id, *figures = _COLUMNS
    return with_whole(balances.astype({site_id: "str", client_id: "str"}), figures)


def _row(reading: Mapping[str, Any], parts: list[int]) -> dict[str, Any]:
    lacking = lacking_of(reading)
    if lacking is None:
        return {**reading, "others": None, "balance_expected": None, "difference": None}
    # Breaks explain all that is lacking, or no more than what is known to be new. A part that comes near would hide
    # points nobody accounts for.
    others = reading.get("partly", 0)
    if adds_up(parts, lacking):
        others = lacking
    return {
        **reading,
        "others": others,
        "balance_expected": _due(reading) + others,
        "difference": lacking - others,
    }


def lacking_of(reading: Mapping[str, Any]) -> int | None:
    """Return by how much the balance is more than what was posted makes it; None where that proves nothing."""
    # Where no balance was told before, the first one proves nothing. Nor does one that no service could tell: a balance
    # has 64 bits, and what it does past them is its own affair.
    if reading["balance_before"] is None or abs(_due(reading)) >= _PAST_BALANCES:
        return None
    return int(reading["balance_reported"] - _due(reading))


def _due(reading: Mapping[str, Any]) -> int:
    return int(reading["balance_before"] + reading["earned"] - reading["redeemed"])


def adds_up(parts: list[int], wanted: int) -> bool:
    """Tell whether some of the parts add up to what is wanted.

    However many parts there are, as long as their points are of a usual size; else whether all of them do, or none.

    >>> adds_up([5, -3, 10], 7), adds_up([5], 6), adds_up([], 0)
    (True, False, True)
    """
    # Points that all have a measure in common (tens, hundreds) take so many bits less.
    measure = math.gcd(*parts) or 1
    if wanted % measure:
        return False
    in_measures = [part // measure for part in parts]
    least = sum(part for part in in_measures if part < 0)
    most = sum(part for part in in_measures if part > 0)
    target = wanted // measure - least
    if not 0 <= target <= most - least:
        return False
    if most - least > _MOST_BITS:
        return wanted in (0, sum(parts))
    # Bit n stands for the sum `least` + n. Taking a part that is negative is the same as leaving it out of `least`, so
    # every part moves the sums up by its size.
    sums = 1
    for part in in_measures:
        sums |= sums << abs(part)
    return bool(sums >> target & 1)


def with_proofs(balances: pd.DataFrame, read_at: datetime, proved: Mapping[Client, Proof]) -> pd.DataFrame:
    """Return the balances that were read, and one row more for each client whom its balance proves.

    ``proof`` says which, ``proved_since_at`` when reading began that it goes back to.
    """
    read = balances.assign(proof=READ, proved_since_at=read_at)
    if not proved:
        return _typed(read)
    rows = [_proved_row(client, proof) for client, proof in sorted(proved.items())]
    columns = [*_COLUMNS, "taken_back", "is_settled", *_PROOF]
    by_balance = pd.DataFrame(rows, columns=columns, dtype="object")
    both = pd.concat([read.astype("object"), by_balance], ignore_index=True)
    return _typed(both)


def _typed(balances: pd.DataFrame) -> pd.DataFrame:
    """Return balances with the types of their columns; figures are whole, of any size, and may be unknown."""
    site_id, client_id, *figures = _COLUMNS
    typed = balances.astype(
        {
            site_id: "str",
            client_id: "str",
            "proof": "str",
            "proved_since_at": "datetime64[us, UTC]",
            "is_settled": "bool",
        }
    )
    return with_whole(typed, [*figures, "taken_back"])


def _proved_row(client: Client, proof: Proof) -> dict[str, Any]:
    site_id, client_id = client
    before = proof.chain.base.balance
    expected = before + proof.earned - proof.redeemed
    reported = proof.chain.balance
    return {
        "site_id": site_id,
        "client_id": client_id,
        "balance_before": before,
        "earned": proof.earned,
        "redeemed": proof.redeemed,
        "others": 0,
        "taken_back": 0,
        "balance_expected": expected,
        "balance_reported": reported,
        # 0 as long as the chain is reckoned rightly; it is told all the same, so that an equation would show it.
        "difference": expected - reported,
        "is_settled": True,
        "proof": BY_BALANCE,
        "proved_since_at": proof.chain.base.read_at,
    }


def balance_breaks(balances: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a break for each client whose balance moved by more than all that is known.

    It has no entry and no time: somebody entered something on other days than those that were read, or points expired.
    """
    off = balances[balances["difference"].fillna(0).ne(0)]
    return [_break(row) for row in off.to_dict("records")]


def _break(row: Mapping[Any, Any]) -> dict[str, Any]:
    # The balances are part of the id, so that a further movement of the same client is another break.
    identity = ["balance", *(str(row[key]) for key in _ABOUT)]
    more = int(row["difference"])
    detail = (
        f"The balance is {row['balance_reported']:,}, and {row['balance_expected']:,} would follow from what "
        f"is known: {more:+,} points on days that were not read, or expired."
    )
    return {
        "break_id": blake2b("\x1f".join(identity).encode(), digest_size=12).hexdigest(),
        "class": str(Outcome.UNEXPECTED_REMOTE),
        "target": str(Target.MINDBODY),
        "site_id": row["site_id"],
        "client_id": row["client_id"],
        "points": abs(more),
        "more": more,
        "detail": detail,
        "reward_id": None,
        "amount": None,
        "action_at": None,
        "event_id": None,
    }


def left_of_balance_break(broken: Mapping[str, Any], left: int, explained_by: Sequence[str]) -> dict[str, Any]:
    """Return the record of a break about a balance with what entries leave of it; ``left`` is signed.

    ``broken`` is the break as the ledger has it, ``explained_by`` the breaks of the entries.
    """
    # What an earlier night said of it is said anew, with all entries that are known by now.
    told, _, _ = str(broken["detail"]).partition(_SINCE)
    entries = ", ".join(explained_by)
    if left:
        points = abs(left)
        rest = f"{left:+,} points are left"
    else:
        # What is explained to the last point keeps the points that it was opened with, as everything does that closes.
        points = broken["points"]
        rest = "nothing is left"
    detail = f"{told}{_SINCE}{entries} since: {rest}."
    return {**broken, "more": left, "points": points, "detail": detail}
