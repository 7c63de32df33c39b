"""Which equations must tie in a run, by what it is for: every one with both its sides.

What a run answers for, the ledger as a whole, and what the services show are three scopes; an equation never mixes two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from transforms.exact_sums import whole_sum
from transforms.match.compared import compared_count, is_compared, never_compared
from transforms.match.reconciled import Reconciliation
from transforms.totals.control_totals import (
    equation,
    tie_batches,
    tie_frame,
    tie_read_back,
    tie_roll_forward,
    tie_rows,
)
from transforms.totals.walk_steps import close_walk, summed
from transforms.vocabulary import RunKind, WalkLine

_Equations = list[dict[str, Any]]


@dataclass(frozen=True)
class Footing:
    """All files, all batches and all events that a ledger ever accepted."""

    totals: pd.DataFrame  # level (file: as the events stand; batch: as written at registration), kind, site_id, sums
    accepted_rows_count: int  # as the files themselves say


@dataclass(frozen=True)
class Counted:
    """What the equations of a run are made of."""

    totals: Mapping[str, Any]  # of the run, by the keys of its JSON
    control_totals: pd.DataFrame
    posted: pd.DataFrame  # events of the run that the ledger has as posted
    footing: Footing | None  # only where the ledger as a whole is tied: by a reconciliation
    points_in_balance_breaks: int  # that the open breaks about balances hold
    walk: pd.DataFrame  # of the run (`transforms.totals.walk`)


def tie_run(kind: RunKind, counted: Counted, reconciliation: Reconciliation | None) -> pd.DataFrame:
    """Return every equation of the run as a row; ``reconciliation`` is None where nothing was read back."""
    # These two hold in every run, whatever it is for: no row and no event may be lost, even where nothing is read back.
    ties = [*tie_rows(counted.totals), *_tie_walk(counted)]
    match kind:
        case RunKind.RECONCILE:
            ties += _tie_ledger(counted.footing)
            ties += _tie_period(reconciliation)
        case RunKind.SETTLE:
            ties += tie_batches(counted.control_totals, int(counted.totals["accepted"]))
        case _:
            ties += tie_batches(counted.control_totals, int(counted.totals["accepted"]))
            ties += _tie_posted(counted.posted, reconciliation)
    if reconciliation is not None:
        ties += _tie_services(reconciliation, counted.points_in_balance_breaks)
    return tie_frame(ties)


def _tie_walk(counted: Counted) -> _Equations:
    """Return that the walk closes, and that what it says of events is what the run says."""
    walked = counted.walk
    in_walk = summed(walked, WalkLine.POSTED, "events") + summed(walked, WalkLine.REPLACED, "events")
    formula = "posted and replaced in the walk = posted by the run"
    of_run = int(counted.totals["posted"])
    return [*close_walk(walked), equation("Walk: events posted", formula, in_walk, of_run)]


def _tie_ledger(footing: Footing | None) -> _Equations:
    if footing is None:
        raise ValueError("A reconciliation ties the ledger as a whole, and got no footing.")
    # Of all runs there ever were: beside figures of one run or period the name has to say so.
    found = tie_batches(footing.totals, footing.accepted_rows_count)
    return [{**one, "name": f"All runs: {one['name'].lower()}"} for one in found]


def _tie_period(reconciliation: Reconciliation | None) -> _Equations:
    """Return that every posted event of the period was compared; what nobody could read is the difference."""
    if reconciliation is None:
        return []
    compared = compared_count(reconciliation)
    return tie_read_back(compared + reconciliation.uncompared_count, compared)


def _tie_posted(posted: pd.DataFrame, reconciliation: Reconciliation | None) -> _Equations:
    """Return that every posted event was compared, or is known to be left to the next run."""
    # What is neither compared nor known to be left was lost on the way: a client whose window nobody planned, say, of
    # whom no page would tell anything.
    shown = is_compared(posted, reconciliation)
    compared_count = int(shown.sum())
    left_count = len(never_compared(posted[~shown]))
    return tie_read_back(len(posted), compared_count + left_count)


def _tie_services(reconciliation: Reconciliation, points_in_balance_breaks: int) -> _Equations:
    # Without their signs: a client who has too much must not make up for one who has too little.
    moved = whole_sum(reconciliation.balances["difference"].dropna().map(abs))
    formula = "moved without a known reason = breaks that say so"
    of_services: Iterable[Mapping[str, Any]] = reconciliation.ties
    return [
        *map(dict, of_services),
        equation("Balances", formula, moved, points_in_balance_breaks),
        *tie_roll_forward(reconciliation.roll_forward),
    ]
