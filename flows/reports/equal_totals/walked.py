"""The walk of a report, by line."""

from typing import Final

from flows.reports.equal_totals.total import Figure, Total
from flows.reports.report import Report, rows
from transforms.totals.walk_steps import summed
from transforms.vocabulary import WalkLine

_WALK: Final = "Walk"


class Walked:
    """The walk of a report, by line."""

    def __init__(self, report: Report) -> None:
        self.frame = rows(report, "walk").fillna({"kind": ""})

    def has(self, *lines: WalkLine) -> bool:
        """Return whether the walk has one of these lines."""
        return bool(set(self.frame["line"]) & set(lines))

    def figure(self, line: WalkLine, measure: str, *kinds: str) -> Figure:
        """Return a line's figure over all sites, of these kinds; of all of them where none is named."""
        found = self.frame[self.frame["kind"].isin(kinds)] if kinds else self.frame
        return summed(found, line, measure)  # type: ignore[no-any-return]


def line_of_walk(line: WalkLine, name: str, column: str) -> Total:
    """Return a total of the walk."""
    return Total(_WALK, name, column, str(line))
