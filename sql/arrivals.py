"""Which files came before: how many rows those of one series had, and when they came.

Both look-ups go by an index and by a span, so that a night takes as long in a ledger of ten years as in one of a month.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query

_LONGEST_NIGHT = timedelta(days=7)


def rows_before(connection: Connection, file_id: int, series: str, default_site_id: str, *, most: int) -> list[int]:
    """Return how many rows the files of the series had that came before this one, the latest first."""
    values = {
        "file_id": file_id,
        "series": series,
        "default_site_id": default_site_id,
        "most": most,
    }
    counts = connection.execute(query("rows_before"), values).scalars()
    return [int(count) for count in counts]


def arrivals_since(connection: Connection, since_at: datetime) -> Sequence[Row[Any]]:
    """Return default_site_id, series, name and registered_at of what nights took in since, in that order."""
    values = {"since_at": since_at, "begun_since_at": since_at - _LONGEST_NIGHT}
    return connection.execute(rows_query("arrivals_since"), values).all()
