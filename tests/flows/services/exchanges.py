"""Answers as the HTTP layer hands them on, and events as the ledger does."""

import json
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from flows.services.http import Exchange, Reach

ACTED_AT = datetime(2025, 10, 1, 17, tzinfo=UTC)


def answer(status: int = 200, body: Any = "", headers: dict[str, str] | None = None) -> Exchange:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Exchange(Reach.ANSWERED, 12.0, "", status, content, headers or {})


def no_answer(reach: Reach) -> Exchange:
    return Exchange(reach, 12.0, "a failure")


def earn(**changes: Any) -> Any:
    """An event with the attributes that the ledger's rows have."""
    values: dict[str, Any] = {
        "event_id": "e1", "attempt_id": 1, "site_id": "-99", "client_id": "100000002", "action": "Earned",
        "points": 10, "source": "Sale", "source_id": None, "action_at": ACTED_AT, "action_fraction": None,
        "was_answered": False,
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


def update(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "event_id": "u1", "attempt_id": 1, "reward_id": "R1", "payout_id": "P1", "amount": "12.50",
        "was_answered": False, "returned": None,
        "eligibility_on": date(2026, 1, 2), "description": "thanks", "goes_alone": False,
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


def shown(at: str = "2025-10-01T10:00:00", **changes: Any) -> dict[str, Any]:
    """A transaction as the service shows it, in the site's time."""
    entry = {"ActionDateTime": at, "Action": "Earned", "Source": "Sale", "SourceID": None, "Points": 10}
    return entry | changes
