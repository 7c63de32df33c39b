"""Compare a file with the one before it, as the ledger gives both: by the days of each studio's own zone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from flows.settings.sections import Settings
from sql.lookalikes import Comparing
from transforms.identity.aligned_rows import Pair
from transforms.identity.changed_rows import is_one_changed, is_one_day, sheet_row
from transforms.identity.lookalikes import Comparison, compare_files

_Repeated = Sequence[tuple[int, int, datetime | None]]


def comparing(settings: Settings) -> Comparing:
    """Return the rules that registering needs to compare files."""
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}

    def day_of(site_id: str, at: datetime) -> date:
        return at.astimezone(zones.get(site_id, UTC)).date()

    def compare(repeated: _Repeated, missing: Sequence[Row[Any]], new: Sequence[Row[Any]]) -> Comparison:
        return compare_files(
            [Pair(*pair) for pair in repeated],
            [sheet_row(row, day_of) for row in missing],
            [sheet_row(row, day_of) for row in new],
        )

    def may_be_meant(now: Row[Any], event: Row[Any]) -> bool:
        row, earlier = sheet_row(now, day_of), sheet_row(event, day_of)
        return is_one_changed(row, earlier) and is_one_day(row, earlier)

    return Comparing(compare, may_be_meant)
