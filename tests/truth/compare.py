"""Holds what matching found against what was seeded, class by class and record by record."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pandas as pd

from tests.truth.seeded import GRACE, NOW, Sides
from transforms.match.transactions import Tolerances, match_transactions
from transforms.vocabulary import Outcome

TOLERANCES = Tolerances(now=NOW, grace=GRACE, time=timedelta(seconds=1), amount=Decimal(0))


@dataclass(frozen=True)
class Line:
    """One class: how many were seeded, how many were found, and how many of these are the seeded ones."""

    outcome: str
    seeded: int
    found: int
    right: int

    @property
    def agrees(self) -> bool:
        return self.seeded == self.found == self.right


def compare(sides: Sides) -> list[Line]:
    """Match the sides and return one line per class."""
    found = match_transactions(sides.events, sides.remote, TOLERANCES)
    return compare_outcomes(sides, found)


def compare_outcomes(sides: Sides, found: pd.DataFrame) -> list[Line]:
    """Return one line per class; equal records may stand for each other, since nobody can tell them apart."""
    seeded, measured = _by_kind(sides, sides.truth), _by_kind(sides, found)
    right = seeded.to_frame("seeded").join(measured.rename("found"), how="outer").fillna(0).min(axis="columns")
    sums = [counts.groupby("outcome").sum() for counts in (seeded, measured, right)]
    return [Line(str(name), *(int(counts.get(str(name), 0)) for counts in sums)) for name in Outcome]


def _by_kind(sides: Sides, outcomes: pd.DataFrame) -> "pd.Series[int]":
    """Count outcomes by class and by the content of the records that they are about."""
    keys = outcomes[["outcome", "event_id", "remote_id"]].astype({"event_id": "str", "remote_id": "Int64"})
    ours = _content(sides.source, "event_id").reindex(keys["event_id"]).to_numpy()
    theirs = _content(sides.remote, "remote_id").reindex(keys["remote_id"]).to_numpy()
    frame = pd.DataFrame({"outcome": keys["outcome"].astype("str"), "ours": ours, "theirs": theirs})
    return frame.groupby(["outcome", "ours", "theirs"], dropna=False).size()


def _content(side: pd.DataFrame, key: str) -> "pd.Series[int]":
    """Return a hash of each record's content by its id; equal records share it."""
    content = side.drop(columns=key)[sorted(side.columns.difference([key]))]
    return pd.util.hash_pandas_object(content, index=False).set_axis(side[key])
