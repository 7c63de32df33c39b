"""The walk of a report, by line."""

from collections.abc import Mapping
from typing import Any, Final

from flows.reports.equal_totals.total import Figure, Total
from flows.reports.once import once
from flows.reports.report import Report, rows
from transforms.totals.walk_steps import sums_of_lines
from transforms.vocabulary import WalkLine

_WALK: Final = "Walk"


class Walked:
    """The walk of a report, by line."""

    def __init__(self, report: Report) -> None:
        self.frame = rows(report, "walk").fillna({"kind": ""})
        self._sums: dict[tuple[str, tuple[str, ...]], Mapping[str, Any]] = {}

    def has(self, *lines: WalkLine) -> bool:
        """Return whether the walk has one of these lines."""
        return bool(set(self.frame["line"]) & set(lines))

    def figure(self, line: WalkLine, measure: str, *kinds: str) -> Figure:
        """Return a line's figure over all sites, of these kinds; of all of them where none is named."""
        # Thirty figures of a report are asked for, of a handful of measures and kinds.
        asked = (measure, kinds)
        if asked not in self._sums:
            found = self.frame[self.frame["kind"].isin(kinds)] if kinds else self.frame
            self._sums[asked] = sums_of_lines(found, measure)
        return self._sums[asked][line]  # type: ignore[no-any-return]


@once
def walked_of(report: Report) -> Walked:
    """Return the walk of a report, by line."""
    return Walked(report)


def line_of_walk(line: WalkLine, name: str, column: str) -> Total:
    """Return a total of the walk."""
    return Total(_WALK, name, column, str(line))
