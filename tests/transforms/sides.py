"""Both sides of a match as frames, one short line per record: what a record does not say is the same for all."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from transforms.match.transactions import Tolerances, match_transactions

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=9)
TOLERANCES = Tolerances(now=NOW, grace=timedelta(hours=24), time=timedelta(seconds=1), amount=Decimal(0))
PLAIN: dict[str, Any] = {
    "site_id": "-99",
    "client_id": "000123",
    "action": "Earned",
    "points": 10,
    "source": "Sale",
    "source_id": 9001,
    "action_at": datetime(2026, 9, 1, 17, tzinfo=UTC),
}
EVENT = ["event_id", "state", "settled_at", *PLAIN, "may_be_twice"]
ENTRY = ["remote_id", *PLAIN]


def at(hour: int, minute: int = 0, second: int = 0, day: int = 1) -> datetime:
    return datetime(2026, 9, day, hour, minute, second, tzinfo=UTC)


def events(*records: Mapping[str, Any]) -> pd.DataFrame:
    """Posted long ago unless a record says otherwise; ids e1, e2 and so on."""
    rows = [
        {"event_id": f"e{n}", "state": "posted", "settled_at": LONG_AGO, "may_be_twice": False} | PLAIN | dict(record)
        for n, record in enumerate(records, 1)
    ]
    return typed(rows, EVENT)


def entries(*records: Mapping[str, Any]) -> pd.DataFrame:
    return typed([{"remote_id": n} | PLAIN | dict(record) for n, record in enumerate(records, 1)], ENTRY)


def typed(rows: Sequence[Mapping[str, Any]], columns: list[str]) -> pd.DataFrame:
    types: dict[str, Any] = dict.fromkeys(columns, "str")
    types |= {column: "datetime64[us, UTC]" for column in columns if column.endswith("_at")}
    types |= {column: "Int64" for column in ("points", "source_id", "remote_id") if column in columns}
    types |= {column: "bool" for column in ("may_be_twice",) if column in columns}
    return pd.DataFrame(rows, columns=columns).astype(types)


def match(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[str, str | None, int | None]]:
    """Return (outcome, event_id, remote_id) of every row of the result, sorted."""
    return told(match_transactions(ours, theirs, TOLERANCES))


def told(found: pd.DataFrame) -> list[tuple[str, str | None, int | None]]:
    rows = found[["outcome", "event_id", "remote_id"]].astype(object)
    plain = rows.where(rows.notna(), None).itertuples(index=False, name=None)
    return sorted(plain, key=str)
