"""The steps of the walk: which lines lead from one total to the next, and whether they do.

A walk is the frame that `transforms.totals.walk.walk` returns.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from transforms.totals.control_totals import equation
from transforms.vocabulary import WalkLine

# Which lines lead from one total to the next, and with which sign.
STEPS: Final[Mapping[WalkLine, Mapping[WalkLine, int]]] = {
    WalkLine.ACCEPTED: {
        WalkLine.IN_SHEETS: 1,
        WalkLine.NEEDS_FIXING: -1,
        WalkLine.KNOWN: -1,
        WalkLine.WAITING: -1,
    },
    WalkLine.POSTED: {
        WalkLine.ACCEPTED: 1,
        WalkLine.BROUGHT_FORWARD: 1,
        WalkLine.TURNED_DOWN: -1,
        WalkLine.NOT_SURE: -1,
        WalkLine.STILL_TO_SEND: -1,
        WalkLine.DISCARDED: -1,
        WalkLine.HELD_BACK: -1,
        WalkLine.REPLACED: -1,
    },
    WalkLine.AT_SERVICE: {
        WalkLine.POSTED: 1,
        WalkLine.POSTED_BEFORE: 1,
        WalkLine.NOT_COMPARED: -1,
        WalkLine.COMPARED_BEFORE: -1,
        WalkLine.NOT_THERE: -1,
        WalkLine.OTHER_FIGURE: 1,
        WalkLine.OTHERS: 1,
        WalkLine.TWICE: 1,
        WalkLine.OFFSET: 1,
        WalkLine.UNCLAIMED: 1,
        WalkLine.TAKEN_BACK: 1,
    },
}
_FORMULAS: Final = {
    WalkLine.ACCEPTED: "in the sheets - needs fixing - known already - waiting = accepted",
    WalkLine.POSTED: "accepted + brought forward - what was not posted, or replaced = posted",
    WalkLine.AT_SERVICE: "posted + what was read beside it = at the service",
}
_NAMES: Final = {"events": "events", "points": "gross points", "amount": "amount"}


def sums_of_lines(found: pd.DataFrame, measure: str) -> Mapping[str, Any]:
    """Return the exact sum of each line of a walk in events, points or amount; 0 for a line that has nothing."""
    sums: dict[str, Any] = defaultdict(lambda: _nothing(measure))
    # Python's own numbers: whole ones have no end, and amounts are decimals.
    for line, figure in zip(found["line"].tolist(), found[measure].tolist(), strict=True):
        if not pd.isna(figure):
            sums[line] += figure
    return sums


def summed(found: pd.DataFrame, line: WalkLine, measure: str) -> Any:
    """Return events, points or amount of one line, over all that ``found`` holds of it; 0 where it has nothing."""
    return sums_of_lines(found, measure)[line]


def close_walk(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the equations of a walk: each total as the lines lead to it, and as it was counted.

    Over all in events, points (gross) and amount, and one equation for each site and kind that does not close: over
    all, two of them may cancel each other out. The service's total is left out where nothing was read back.
    """
    totals = [total for total in STEPS if _is_counted(found, total)]
    parts = list(found.groupby(["site_id", "kind"], sort=True))
    rows = []
    for total in totals:
        for measure in _NAMES:
            rows += _closed(found, parts, total, measure)
    return rows


def _is_counted(found: pd.DataFrame, total: WalkLine) -> bool:
    lines = set(found["line"])
    leading = set(STEPS[total])
    # Sheets of before there were these totals tell nothing.
    if total is WalkLine.ACCEPTED:
        return WalkLine.IN_SHEETS in lines
    # Something is always posted; only what was read beside it shows that anything was read at all.
    if total is WalkLine.AT_SERVICE:
        leading.discard(WalkLine.POSTED)
    return not lines.isdisjoint({total, *leading})


def _closed(found: pd.DataFrame, parts: list[Any], total: WalkLine, measure: str) -> list[dict[str, Any]]:
    formula = _FORMULAS[total]
    name = f"Walk to {total.value.replace('_', ' ')}: {_NAMES[measure]}"
    left, right = _both_sides(found, total, measure)
    rows = [equation(name, formula, left, right)]
    for (site_id, kind), lines in parts:
        left, right = _both_sides(lines, total, measure)
        if left == right:
            continue
        of_kind = kind or "kind not told"
        of_site = f", site {site_id}" if site_id else ""
        rows.append(equation(f"{name}: {of_kind}{of_site}", formula, left, right))
    return rows


def _both_sides(lines: pd.DataFrame, total: WalkLine, measure: str) -> tuple[Any, Any]:
    """Return what the lines lead to, and what was counted at the end of them."""
    sums = sums_of_lines(lines, measure)
    left = _nothing(measure)
    for line, sign in STEPS[total].items():
        left += sign * sums[line]
    return left, sums[total]


def _nothing(measure: str) -> Any:
    return Decimal(0) if measure == "amount" else 0
