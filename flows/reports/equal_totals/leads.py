"""Where a total leads to."""

from dataclasses import dataclass

from flows.reports.equal_totals.all_totals import equal_totals
from flows.reports.equal_totals.total import Total
from flows.reports.once import once
from flows.reports.report import Report


@dataclass(frozen=True)
class Lead:
    """Where a total leads to, and what must be found there."""

    to: Total
    said: str


Place = tuple[str, str, str]  # block, line of the walk ("" for the sums), column


@once
def leads(report: Report) -> dict[Place, Lead]:
    """Return for each total where it leads to: both ways, since a reader may begin at either."""
    found: dict[Place, Lead] = {}
    for one in equal_totals(report):
        there = f"Must equal {one.other.block}, {one.other.name}{one.how}: {one.other_figure:,}"
        found.setdefault(place_of(one.total), Lead(one.other, there))
    for one in equal_totals(report):
        back = f"Must equal {one.total.block}, {one.total.name}: {one.figure:,}"
        found.setdefault(place_of(one.other), Lead(one.total, back))
    return found


def place_of(total: Total) -> Place:
    """Return where a total stands."""
    return total.block, total.line, total.column
