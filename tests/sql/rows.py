"""Good rows as the check gives them, and the way into a ledger."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pandas as pd
from sqlalchemy import text

from flows.intake.register import IDENTITY, staged_columns
from flows.ledger.connection import Ledger
from sql.guards import Guards
from sql.lookalikes import Comparing
from sql.register import NewFile, Registered, register_file
from sql.runs import start_run
from sql.staging import Columns
from transforms.check.events import EVENTS
from transforms.guards.limits import Limits
from transforms.identity.event_ids import identify
from transforms.vocabulary import Guard

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
RUN_ID = "upload-20260301T120000-abcdef"
WITHOUT_LIMITS = Guards(Limits())
Row = Mapping[str, Any]
_STAGED: dict[tuple[str, str, str], list[Columns]] = {}


def guards_of(**limits: float) -> Guards:
    """Return the guards of these limits, by their keys in the settings."""
    return Guards(Limits({Guard(key): limit for key, limit in limits.items()}))


def earned(client_id: str = "000123", at: str | None = "2026-02-01T10:00:00Z", **values: Any) -> Row:
    fixed = {"kind": "earned", "target": "mindbody", "site_id": "-99", "action": "Earned", "points": 10}
    return {**fixed, "source": "Sale", "client_id": client_id, "action_at": at, **values}


def update(reward_id: str = "r-1", amount: str | None = "25", **values: Any) -> Row:
    number = None if amount is None else Decimal(amount)
    fixed = {"kind": "reward_update", "target": "referral_rock", "payout_id": "p-1"}
    return {**fixed, "reward_id": reward_id, "amount": number, **values}


def frame_of(rows: Sequence[Row]) -> pd.DataFrame:
    dtypes = {name: str(column.dtype).replace("string[python]", "str") for name, column in EVENTS.columns.items()}
    numbered = [{"row": number, **row} for number, row in enumerate(rows, start=2)]
    frame = pd.DataFrame(numbered, columns=list(dtypes))
    frame["action_at"] = pd.to_datetime(frame["action_at"], utc=True)
    frame = frame.astype(dtypes)
    frame["amount"] = frame["amount"].astype(object).where(frame["amount"].notna(), None)
    return frame


def register(
    ledger: Ledger,
    name: str,
    rows: Sequence[Row],
    *,
    guards: Guards = WITHOUT_LIMITS,
    now: datetime = NOW,
    rejected: int = 0,
    comparing: Comparing | None = None,
    site_id: str = "",
    run_id: str = RUN_ID,
) -> Registered | None:
    """Register rows as the file `name`, whose content is its name."""
    digest = sha256(name.encode()).hexdigest()
    columns = _staged(rows, digest, site_id)
    new = NewFile(digest, name, site_id, rejected=[], rejected_count=rejected, skipped=[])
    with ledger.begin() as connection:
        if not connection.execute(text("SELECT 1 FROM runs WHERE run_id = :run_id"), {"run_id": run_id}).scalar():
            start_run(connection, run_id, "upload", now)
        return register_file(
            connection, new, columns, identity=IDENTITY, run_id=run_id, now=now, guards=guards, comparing=comparing
        )


def _staged(rows: Sequence[Row], digest: str, site_id: str) -> list[Columns]:
    """Identify the rows, or take what was made of the same before: most of these tests begin with a few of them."""
    key = (repr(rows), digest, site_id)
    if key not in _STAGED:
        _STAGED[key] = list(staged_columns(identify(frame_of(rows), digest, site_id)))
    return _STAGED[key]


def fates(registered: Registered | None) -> dict[str, int]:
    """Return the fates that any row had."""
    assert registered is not None
    names = ("accepted", "duplicate", "held", "rejected")
    return {name: getattr(registered, name) for name in names if getattr(registered, name)}


def rows_of(ledger: Ledger, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with ledger.begin() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)
