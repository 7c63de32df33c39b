"""What the report of a period is made of: frames, as a report of a run has them, and who signed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from transforms.exact_sums import whole_sum
from transforms.totals.agreement import agrees, differences
from transforms.totals.period import Period
from transforms.totals.signed import Change
from transforms.totals.walk_steps import summed
from transforms.vocabulary import Kind, WalkLine


@dataclass(frozen=True)
class Month:
    """A period as it stands now.

    Grain: ``walk`` and ``last`` (the period before) one row per line, site, kind and currency; ``balances`` one per
    client; ``differences`` one per break carried in or of the period, ``rolled`` one per site, class and measure;
    ``by_source`` and ``by_staff`` one per site and name, ``last_by_source`` and ``last_by_staff`` of the period before;
    ``events`` one per event of the period; ``files`` one per file that was taken in in it; ``unread`` one per thing
    that nobody has looked at (what, why); ``ties`` one per equation.
    """

    period: Period
    site_id: str | None  # None: all of them
    made_at: datetime
    timezone: str  # that all sites share, and UTC where they share none: of what belongs to no site
    walk: pd.DataFrame
    last: pd.DataFrame
    balances: pd.DataFrame
    differences: pd.DataFrame
    rolled: pd.DataFrame
    by_source: pd.DataFrame
    last_by_source: pd.DataFrame
    by_staff: pd.DataFrame
    last_by_staff: pd.DataFrame
    events: pd.DataFrame
    files: pd.DataFrame
    unread: pd.DataFrame
    ties: pd.DataFrame
    zones: Mapping[str, str] = field(default_factory=dict)  # the clock of each site, by which its days are told
    proved_by_balance: Sequence[tuple[str, str]] = ()  # clients whose points of the period no reading has compared
    is_over: bool = True
    signatures: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    changed: Sequence[Change] = ()  # since it was signed
    in_the_way: Sequence[str] = ()  # of signing it, in words
    fingerprint: str = ""  # of what a signature would be about
    rows: Mapping[WalkLine, pd.DataFrame] = field(default_factory=dict)  # what each line of the walk counts

    @property
    def name(self) -> str:
        """What its files are called."""
        of_site = f"-{self.site_id}" if self.site_id is not None else ""
        return f"month-{self.period.name}{of_site}"

    @property
    def title(self) -> str:
        """The title of page and workbook."""
        of_site = f", site {self.site_id}" if self.site_id is not None else ""
        return f"{self.period.spoken}: from the sheets to the services{of_site}"

    @property
    def changes(self) -> list[str]:
        """What changed since it was signed, in words."""
        return [change.told for change in self.changed]

    @property
    def ties_out(self) -> bool:
        """Whether every row and every event is accounted for."""
        return bool(self.ties["ties"].all())

    @property
    def open_differences(self) -> pd.DataFrame:
        """What differs by now, between ledger and services."""
        return self.differences[self.differences["is_open"]]

    @property
    def agrees(self) -> bool:
        """Whether nothing is open, and everything that was posted was looked at or proved."""
        not_compared = summed(self.walk, WalkLine.NOT_COMPARED, "events")
        return agrees(self._real_differences, self.walk, uncompared_count=not_compared, unread_count=len(self.unread))

    @property
    def _real_differences(self) -> pd.DataFrame:
        return differences(self.open_differences)

    @property
    def differences_count(self) -> int:
        """How many differences between ledger and services are open by now."""
        return len(self._real_differences)

    @property
    def points_open(self) -> int:
        """What they come to in points, without their signs."""
        return whole_sum(self._real_differences["points"].dropna())

    @property
    def amount_open(self) -> Decimal:
        """What they come to in amounts, without their signs."""
        return sum(self._real_differences["amount"].dropna(), start=Decimal(0))

    def figure(self, line: WalkLine, kind: Kind, measure: str) -> Any:
        """Return a figure of the walk."""
        return summed(self.walk[self.walk["kind"].eq(kind)], line, measure)
