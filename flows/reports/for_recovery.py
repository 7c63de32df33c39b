"""What a snapshot keeps beside its report, so that a ledger that is lost can be made again from it.

A report tells of what was posted, refused and waits. A recovery has to know as well what was still to be sent, what a
person discarded, which files came, and what takes what back.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Result

from sql.recovery_kept import kept_events, kept_files, kept_reversals
from sql.snapshots import last_snapshot

# Runs overlap, and machines' clocks differ: what is told twice does no harm.
_MARGIN = timedelta(hours=1)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def kept_for_recovery(connection: Connection, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the frames ``kept_events``, ``kept_files`` and ``kept_reversals``: of the run, and since the last one."""
    last = last_snapshot(connection)
    since_at = last.taken_at - _MARGIN if last else _EVER
    return {
        "kept_events": _frame(kept_events(connection, run_id, since_at)),
        "kept_files": _frame(kept_files(connection, since_at)),
        "kept_reversals": _frame(kept_reversals(connection, since_at)),
    }


def _frame(result: Result[Any]) -> pd.DataFrame:
    # As objects: a column of which nothing is filled keeps its nulls, and whole numbers stay whole.
    return pd.DataFrame(result.mappings().all(), dtype=object)
