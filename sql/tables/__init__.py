"""The ledger's tables: one current row per event, append-only history beside it.

Grain, unit and zone: times are UTC; points are whole and positive; amounts are decimals kept as text, since SQLite
has no exact decimal. What cannot happen is said by a constraint, a partial unique index or a trigger (the triggers
stand in ``sql/migrations``), each with a comment here.

One module for what belongs together; whoever imports this package knows all of them, by ``metadata``.
"""

from sql.tables import attempts, balances, breaks, decisions, desk, events, files, people, reference, runs
from sql.tables.base import UtcDateTime, metadata

__all__ = [
    "UtcDateTime",
    "attempts",
    "balances",
    "breaks",
    "decisions",
    "desk",
    "events",
    "files",
    "metadata",
    "people",
    "reference",
    "runs",
]
