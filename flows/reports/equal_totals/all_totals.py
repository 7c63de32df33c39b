"""Every total that another one must equal, and the equations of those that do not."""

from typing import Any

from flows.reports.equal_totals.of_breaks import of_breaks
from flows.reports.equal_totals.of_events import of_days, of_not_posted, of_posted, of_refused, of_waiting
from flows.reports.equal_totals.of_rows import of_control_totals, of_fates, of_walk_by_site
from flows.reports.equal_totals.of_services import of_clients, of_nights
from flows.reports.equal_totals.total import EqualTotal
from flows.reports.once import once
from flows.reports.report import Report
from transforms.totals.control_totals import equation


@once
def equal_totals(report: Report) -> list[EqualTotal]:
    """Return every total that another one must equal, in the order of the tables."""
    return [
        *of_fates(report),
        *of_walk_by_site(report),
        *of_breaks(report),
        *of_posted(report),
        *of_clients(report),
        *of_nights(report),
        *of_refused(report),
        *of_waiting(report),
        *of_not_posted(report),
        *of_days(report),
        *of_control_totals(report),
    ]


def unequal(report: Report) -> list[dict[str, Any]]:
    """Return an equation for each total that is not what it must be."""
    return [
        equation(
            f"{one.total.block}: {one.total.name}",
            f"{one.total.block}, {one.total.name} = {one.other.block}, {one.other.name}{one.how}",
            one.figure,
            one.other_figure,
        )
        for one in equal_totals(report)
        if one.difference
    ]
