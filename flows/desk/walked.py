"""The walk as a page shows it: a line for each step, each figure a link to the rows that it counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from flows.reports.walk_table import columns_of_walk, lines_of_period, step_of_period
from transforms.vocabulary import Kind, WalkLine

KINDS: Mapping[str, str] = {
    Kind.EARNED: "Earned",
    Kind.REDEEMED: "Redeemed",
    Kind.REWARD_UPDATE: "Rewards",
    "": "Kind not told",
}
# The figures of a walk by the kind that they are of, as `flows.reports.walk_table` names them.
_OF_KIND: Mapping[str, str] = {
    "earned_events": Kind.EARNED,
    "earned_points": Kind.EARNED,
    "redeemed_events": Kind.REDEEMED,
    "redeemed_points": Kind.REDEEMED,
    "reward_events": Kind.REWARD_UPDATE,
    "reward_amount": Kind.REWARD_UPDATE,
    "untold_events": "",
}


@dataclass(frozen=True)
class Figure:
    """One figure; ``link`` leads to its rows, "" where there are none."""

    text: str
    link: str
    said: str  # for who cannot see the headings


@dataclass(frozen=True)
class Step:
    """A line of the walk."""

    name: str
    is_total: bool
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Walk:
    """The walk with its headings, those of one kind side by side."""

    kinds: Sequence[tuple[str, int]]  # and how many columns each has
    headings: Sequence[str]
    steps: Sequence[Step]


def walk_to_show(walked: pd.DataFrame, rows_at: str, site_id: str | None, led: Sequence[WalkLine]) -> Walk:
    """Return the walk; ``rows_at`` is where the rows of a figure stand, for those lines that have some (``led``)."""
    columns = [column for column in columns_of_walk(walked, 1) if _has_any(walked, column.key)]
    steps = []
    for line in lines_of_period(walked, {}).to_dict("records"):
        is_total = bool(line["is_total"])
        figures = [_figure(line, column.key, rows_at, site_id, led) for column in columns]
        has_figure = any(figure.text for figure in figures)
        if has_figure or is_total:
            steps.append(Step(line["step"], is_total, figures))
    # Above the columns stands their kind, as wide as it has columns.
    columns_of_kind = Counter(_OF_KIND[column.key] for column in columns)
    return Walk(
        kinds=[(KINDS[kind], count) for kind, count in columns_of_kind.items()],
        headings=[_heading(column.key, column.heading) for column in columns],
        steps=steps,
    )


def _has_any(walked: pd.DataFrame, key: str) -> bool:
    return bool(walked["kind"].fillna("").eq(_OF_KIND[key]).any())


def _heading(key: str, heading: str) -> str:
    if key.endswith("_events"):
        return "rows"
    if key.endswith("_points"):
        return "points"
    return heading[:1].lower() + heading[1:]


def _figure(line: Mapping[Any, Any], key: str, rows_at: str, site_id: str | None, led: Sequence[WalkLine]) -> Figure:
    value = line[key]
    if not value:
        return Figure("", "", "")
    kind = _OF_KIND[key]
    link = ""
    if WalkLine(line["line"]) in led:
        link = f"{rows_at}?{_asked(line, kind, site_id)}"
    said = f"{_without_sign(line['step'])}, {KINDS[kind].lower()}"
    return Figure(f"{value:,}", link, said)


def _asked(line: Mapping[Any, Any], kind: str, site_id: str | None) -> str:
    named = {"line": str(line["line"]), "kind": kind}
    if site_id:
        named["site"] = site_id
    # Rows whose kind nobody knows are asked for without one.
    return urlencode({name: text for name, text in named.items() if text})


def _without_sign(step: str) -> str:
    return step.lstrip("=−+± ")


def step_name(line: WalkLine) -> str:
    """Return how a line is called where it stands alone.

    >>> step_name(WalkLine.TURNED_DOWN)
    'Turned down by the service'
    """
    named = _without_sign(step_of_period(line))
    return named[:1].upper() + named[1:]
