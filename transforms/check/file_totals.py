"""What a file brings: how many rows, how many good events of each kind, and which services they are for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from transforms.check.row_sums import SumsBySite, add_sums, sum_good_rows
from transforms.vocabulary import HAS_SITES, Kind, Target


@dataclass(frozen=True)
class FileTotals:
    """Counts of a file or of a part of it; parts add up."""

    rows_read: int
    events: Mapping[Kind, int]  # good rows
    services: frozenset[tuple[Target, str]]  # of the good rows: the service, and the site where it has some
    # rows with a SourceId by subject and finding (`transforms.check.cross_check`), the bad ones included
    source_ids: Mapping[tuple[str, str], int] = field(default_factory=dict)
    sums: SumsBySite = field(default_factory=dict)  # of all rows that were read
    bad_sums: SumsBySite = field(default_factory=dict)  # of the bad ones among them

    @property
    def accepted(self) -> int:
        """Count the good rows."""
        return sum(self.events.values())

    @property
    def rejected(self) -> int:
        """Count the bad rows."""
        return self.rows_read - self.accepted

    def __add__(self, other: "FileTotals") -> "FileTotals":
        """Add what another part of the file brings."""
        return FileTotals(
            rows_read=self.rows_read + other.rows_read,
            events={kind: self.events[kind] + other.events[kind] for kind in Kind},
            services=self.services | other.services,
            source_ids=Counter(self.source_ids) + Counter(other.source_ids),
            sums=add_sums(self.sums, other.sums),
            bad_sums=add_sums(self.bad_sums, other.bad_sums),
        )


NOTHING = FileTotals(0, dict.fromkeys(Kind, 0), frozenset())


def count_file_totals(
    events: pd.DataFrame, rows_read: int, source_ids: Mapping[tuple[str, str], int], bad_sums: SumsBySite
) -> FileTotals:
    """Count good rows (`transforms.check.events`) among those that were read; ``bad_sums`` are those of the others."""
    counts = events["kind"].value_counts()
    pairs = events[["target", "site_id"]].drop_duplicates()
    services: set[tuple[Target, str]] = set()
    for target, site_id in pairs.itertuples(index=False, name=None):
        service = Target(target)
        # Where a service has no sites, there is one place to send to, whatever SiteId stands beside it.
        services.add((service, site_id if HAS_SITES[service] else ""))
    return FileTotals(
        rows_read=rows_read,
        events={kind: int(counts.get(kind.value, 0)) for kind in Kind},
        services=frozenset(services),
        source_ids=source_ids,
        sums=add_sums(sum_good_rows(events), bad_sums),
        bad_sums=bad_sums,
    )
