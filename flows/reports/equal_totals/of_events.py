"""Totals of events: posted, refused, waiting, not posted, by day."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import pandas as pd

from flows.reports.equal_totals.total import EqualTotal, Figure, Total, amount_of
from flows.reports.equal_totals.walked import line_of_walk, walked_of
from flows.reports.figures import by_day
from flows.reports.once import once
from flows.reports.report import Report, rows
from transforms.exact_sums import whole_sum
from transforms.vocabulary import Kind, State, WalkLine


class _OfTable(NamedTuple):
    """A total of a table of events: where it stands, its figure, and the kinds and the measure that it is of."""

    total: Total
    figure: Figure
    kinds: tuple[str, ...]  # none: all of them
    measure: str


def of_posted(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted against the walk, which takes off the updates that a later one replaced."""
    walked = walked_of(report)
    for told in _sums_of_posted(report):
        replaced = walked.figure(WalkLine.REPLACED, told.measure, *told.kinds)
        in_walk = walked.figure(WalkLine.POSTED, told.measure, *told.kinds)
        other = _of_line(WalkLine.POSTED, "= posted", told)
        how = f" + replaced by a later update ({replaced:,})" if replaced else ""
        yield EqualTotal(told.total, told.figure, other, in_walk + replaced, how)


def of_refused(report: Report) -> Iterator[EqualTotal]:
    """Give what was turned down against the walk."""
    walked = walked_of(report)
    for told in _sums(report, "refused", "Refused"):
        in_walk = walked.figure(WalkLine.TURNED_DOWN, told.measure, *told.kinds)
        other = _of_line(WalkLine.TURNED_DOWN, "− turned down", told)
        yield EqualTotal(told.total, told.figure, other, in_walk)


_MEASURES: Final = {
    "": ("events", ()),
    "earned": ("points", (Kind.EARNED,)),
    "redeemed": ("points", (Kind.REDEEMED,)),
    "amount": ("amount", (Kind.REWARD_UPDATE,)),
}
_IN_WALK: Final = {"": "earned_events", "earned": "earned_points", "redeemed": "redeemed_points"}
_SAID: Final = {"": "events", "earned": "points earned", "redeemed": "points redeemed", "amount": "amount"}


@once
def _sums_of_posted(report: Report) -> list[_OfTable]:
    return list(_sums(report, "posted", "Posted"))


def _sums(report: Report, frame: str, block: str) -> Iterator[_OfTable]:
    """Give each total of a table of events."""
    # Of a million events the other columns would be copied for nothing.
    events = rows(report, frame)[["kind", "points", "amount"]]
    for column, (measure, kinds) in _MEASURES.items():
        of_kinds = events[events["kind"].isin(kinds)] if kinds else events
        total = Total(block, _SAID[column], column)
        yield _OfTable(total, _summed(of_kinds, measure), kinds, measure)


def _summed(events: pd.DataFrame, measure: str) -> Figure:
    if measure == "events":
        return len(events)
    return amount_of(events["amount"]) if measure == "amount" else whole_sum(events["points"])


def _of_line(line: WalkLine, name: str, told: _OfTable) -> Total:
    """Name the total of the walk that a total of a table must equal."""
    column = told.total.column
    return line_of_walk(line, f"{name}, {_SAID[column]}", _IN_WALK.get(column, "reward_amount"))


def of_waiting(report: Report) -> Iterator[EqualTotal]:
    """Give what waits, of any run, against what of it is held and what is in doubt."""
    states = rows(report, "waiting")["state"]
    held_or_unknown = int(states.isin([State.HELD, State.UNKNOWN]).sum())
    lines = Total("Unknown and held", "lines")
    asked = Total("What waits", "held + unknown", "how_many")
    yield EqualTotal(lines, len(states), asked, held_or_unknown)


def of_not_posted(report: Report) -> Iterator[EqualTotal]:
    """Give what is neither posted nor refused against the walk."""
    walked = walked_of(report)
    left = [WalkLine.NOT_SURE, WalkLine.STILL_TO_SEND, WalkLine.DISCARDED, WalkLine.HELD_BACK]
    in_walk = sum(int(walked.figure(line, "events")) for line in left)
    name = "− not sure − still to send − discarded − held back, events"
    other = line_of_walk(WalkLine.NOT_SURE, name, "earned_events")
    yield EqualTotal(Total("Not posted", "events"), len(rows(report, "not_posted")), other, in_walk)


def of_days(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted by day against all that was posted."""
    days = by_day(report)
    for told in _sums_of_posted(report):
        column = told.total.column or "events"
        of_days = days[column]
        by_days = amount_of(of_days) if told.measure == "amount" else whole_sum(of_days)
        yield EqualTotal(Total("By day", told.total.name, column), by_days, told.total, told.figure)
    is_update = rows(report, "posted")["kind"].eq(Kind.REWARD_UPDATE)
    yield EqualTotal(
        Total("By day", "reward updates", "updates"),
        whole_sum(days["updates"]),
        Total("Posted", "reward updates", "reward_id"),
        int(is_update.sum()),
    )
