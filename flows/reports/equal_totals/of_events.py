"""Totals of events: posted, refused, waiting, not posted, by day."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from flows.reports.equal_totals.total import EqualTotal, Figure, Total, amount_of
from flows.reports.equal_totals.walked import Walked, line_of_walk
from flows.reports.figures import by_day
from flows.reports.once import once
from flows.reports.report import Report, rows
from transforms.exact_sums import whole_sum
from transforms.vocabulary import Kind, State, WalkLine


def of_posted(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted against the walk, which takes off the updates that a later one replaced."""
    walked = Walked(report)
    for total, figure, kinds, measure in _sums_of_posted(report):
        replaced = walked.figure(WalkLine.REPLACED, measure, *kinds)
        how = f" + replaced by a later update ({replaced:,})" if replaced else ""
        other = _of_line(WalkLine.POSTED, "= posted", kinds, measure)
        in_walk = walked.figure(WalkLine.POSTED, measure, *kinds)
        yield EqualTotal(total, figure, other, in_walk + replaced, how)


def of_refused(report: Report) -> Iterator[EqualTotal]:
    """Give what was turned down against the walk."""
    walked = Walked(report)
    for total, figure, kinds, measure in _sums(report, "refused", "Refused"):
        other = _of_line(WalkLine.TURNED_DOWN, "− turned down", kinds, measure)
        yield EqualTotal(total, figure, other, walked.figure(WalkLine.TURNED_DOWN, measure, *kinds))


_MEASURES: Final = {
    "": ("events", ()),
    "earned": ("points", (Kind.EARNED,)),
    "redeemed": ("points", (Kind.REDEEMED,)),
    "amount": ("amount", (Kind.REWARD_UPDATE,)),
}
_IN_WALK: Final = {"": "earned_events", "earned": "earned_points", "redeemed": "redeemed_points"}
_SAID: Final = {"": "events", "earned": "points earned", "redeemed": "points redeemed", "amount": "amount"}


@once
def _sums_of_posted(report: Report) -> list[tuple[Total, Figure, tuple[str, ...], str]]:
    return list(_sums(report, "posted", "Posted"))


def _sums(report: Report, frame: str, block: str) -> Iterator[tuple[Total, Figure, tuple[str, ...], str]]:
    """Give each total of a table of events: where it stands, its figure, and the kinds and measure that it is of."""
    # Of a million events the other columns would be copied for nothing.
    events = rows(report, frame)[["kind", "points", "amount"]]
    for column, (measure, kinds) in _MEASURES.items():
        of_kinds = events[events["kind"].isin(kinds)] if kinds else events
        yield Total(block, _SAID[column], column), _summed(of_kinds, measure), kinds, measure


def _summed(events: pd.DataFrame, measure: str) -> Figure:
    if measure == "events":
        return len(events)
    return amount_of(events["amount"]) if measure == "amount" else whole_sum(events["points"])


def _of_line(line: WalkLine, name: str, kinds: tuple[str, ...], measure: str) -> Total:
    column = next(key for key, of_key in _MEASURES.items() if of_key == (measure, kinds))
    return line_of_walk(line, f"{name}, {_SAID[column]}", _IN_WALK.get(column, "reward_amount"))


def of_waiting(report: Report) -> Iterator[EqualTotal]:
    """Give what waits, of any run, against what of it is held and what is in doubt."""
    states = rows(report, "waiting")["state"]
    asked = int(states.isin([State.HELD, State.UNKNOWN]).sum())
    yield EqualTotal(
        Total("Unknown and held", "lines"), len(states), Total("What waits", "held + unknown", "how_many"), asked
    )


def of_not_posted(report: Report) -> Iterator[EqualTotal]:
    """Give what is neither posted nor refused against the walk."""
    walked = Walked(report)
    left = [WalkLine.NOT_SURE, WalkLine.STILL_TO_SEND, WalkLine.DISCARDED, WalkLine.HELD_BACK]
    in_walk = sum(int(walked.figure(line, "events")) for line in left)
    other = line_of_walk(
        WalkLine.NOT_SURE, "− not sure − still to send − discarded − held back, events", "earned_events"
    )
    yield EqualTotal(Total("Not posted", "events"), len(rows(report, "not_posted")), other, in_walk)


def of_days(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted by day against all that was posted."""
    days = by_day(report)
    for total, figure, _, measure in _sums_of_posted(report):
        column = total.column or "events"
        by_days = amount_of(days[column]) if measure == "amount" else whole_sum(days[column])
        yield EqualTotal(Total("By day", total.name, column), by_days, total, figure)
    updates_count = int(rows(report, "posted")["kind"].eq(Kind.REWARD_UPDATE).sum())
    of_days = Total("By day", "reward updates", "updates")
    yield EqualTotal(of_days, whole_sum(days["updates"]), Total("Posted", "reward updates", "reward_id"), updates_count)
