"""What the rows of a file come to, good and bad ones: rows, points and amount by kind and site.

A walk from the sheets to the service begins here, before anything of the file is in the ledger.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from transforms.exact_sums import whole_sum
from transforms.sheets.cells import is_whole, parse_choice, parse_whole
from transforms.vocabulary import Action, Kind, Target

_ACTIONS = (Action.EARNED, Action.REDEEMED)


class RowSums(NamedTuple):
    """Rows of one kind and site; points and amount of those whose cell can be read."""

    rows: int = 0
    points: int = 0
    amount: Decimal = Decimal(0)


# By kind and site; the kind is "" where a bad row does not tell it, the site where none is known, and of rewards.
SumsBySite = Mapping[tuple[str, str], RowSums]


def add_sums(one: SumsBySite, other: SumsBySite) -> SumsBySite:
    """Add up two parts of a file."""
    return {key: _added(one.get(key, RowSums()), other.get(key, RowSums())) for key in {**one, **other}}


def _added(one: RowSums, other: RowSums) -> RowSums:
    return RowSums(one.rows + other.rows, one.points + other.points, one.amount + other.amount)


def sum_good_rows(events: pd.DataFrame) -> SumsBySite:
    """Sum up good rows (`transforms.check.events`)."""
    return _sums(events[["kind", "site_id", "points", "amount"]])


def sum_bad_rows(rows: pd.DataFrame, target: "pd.Series[str]", parsed_amount: pd.Series) -> SumsBySite:
    """Sum up bad rows as far as they can be read: ``rows`` are their cells as text, ``target`` NA where not told.

    ``parsed_amount`` is what the amounts of rewards were read as. A bad row of points is of the kind that its action
    says; where that cell is the bad one, nobody knows, and the row is of none.
    """
    is_points = target.eq(Target.MINDBODY.value).fillna(False)
    is_update = target.eq(Target.REFERRAL_ROCK.value).fillna(False)
    action = parse_choice(rows["action"], _ACTIONS).str.lower()
    kind = action.where(is_points, None).mask(is_update, Kind.REWARD_UPDATE.value)
    has_points = is_whole(rows["points"]).fillna(False).astype("bool")
    points = rows["points"].where(is_points & has_points)
    bad = pd.DataFrame(
        {
            "kind": kind.fillna(""),
            "site_id": rows["site_id"].where(is_points, None),
            "points": parse_whole(points),
            "amount": parsed_amount.reindex(rows.index),
        }
    )
    return _sums(bad)


def _sums(frame: pd.DataFrame) -> SumsBySite:
    sums: dict[tuple[str, str], RowSums] = {}
    site_ids = frame["site_id"].fillna("")
    for (kind, site_id), group in frame.groupby([frame["kind"], site_ids]):
        sums[str(kind), str(site_id)] = _sum(group)
    return sums


def _sum(group: pd.DataFrame) -> RowSums:
    amount = sum(group["amount"].dropna(), start=Decimal(0))
    return RowSums(len(group), whole_sum(group["points"]), amount)
