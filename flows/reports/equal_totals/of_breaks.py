"""Totals of what differs."""

from collections.abc import Iterator

import pandas as pd

from flows.reports.equal_totals.total import EqualTotal, Figure, Total, amount_of
from flows.reports.figures import breaks_by_age
from flows.reports.open_breaks import is_open
from flows.reports.report import Report, rows
from transforms.exact_sums import whole_sum


def of_breaks(report: Report) -> Iterator[EqualTotal]:
    """Give the open differences against their ages and the roll-forward."""
    waiting = rows(report, "breaks")
    waiting = waiting[is_open(waiting)]
    rolled = rows(report, "roll_forward")
    ages = breaks_by_age(report)
    points = whole_sum(waiting["points"].astype("object"))
    amount = amount_of(waiting["amount"])
    of_breaks = Total("Breaks", "lines")
    sum_of_points = Total("Breaks", "points", "points")
    yield EqualTotal(
        Total("Open breaks by age", "breaks", "breaks"), int(ages["breaks"].sum()), of_breaks, len(waiting)
    )
    yield EqualTotal(Total("Open breaks by age", "points", "points"), whole_sum(ages["points"]), sum_of_points, points)
    # Without a reading nothing was rolled forward.
    if rolled.empty:
        return
    now = Total("Roll-forward of breaks", "open now", "open_now")
    yield EqualTotal(of_breaks, len(waiting), now, _rolled(rolled, "breaks"), ", breaks")
    yield EqualTotal(sum_of_points, points, now, _rolled(rolled, "points"), ", points")
    yield EqualTotal(Total("Breaks", "amount", "amount"), amount, now, _rolled(rolled, "amount"), ", amount")


def _rolled(rolled: pd.DataFrame, measure: str) -> Figure:
    figures = rolled.loc[rolled["measure"].eq(measure), "open_now"]
    return amount_of(figures) if measure == "amount" else whole_sum(figures.astype("object"))
