"""The budget of calls, counted by day (UTC) and service, and what is left to post with it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query
from transforms.vocabulary import Target


def take_calls(connection: Connection, target: Target, day_on: date, wanted: int, calls_per_day: int) -> int:
    """Reserve up to ``wanted`` calls of the day's budget (UTC) and return how many were granted."""
    budget = {"target": target, "day_on": day_on, "calls_per_day": calls_per_day}
    # Nearly always the budget holds all of them, and one statement does. The first call of a day inserts its row, where
    # no condition is asked: so what is wanted is held against the budget here.
    if 0 < wanted <= calls_per_day and _reserve(connection, budget, wanted):
        return wanted
    left = calls_per_day - calls_made(connection, target, day_on)
    granted = max(0, min(wanted, left))
    # Another process may have taken the rest in between: then none are granted, never more than there are.
    if granted and not _reserve(connection, budget, granted):
        return 0
    return granted


def _reserve(connection: Connection, budget: Mapping[str, Any], calls: int) -> bool:
    """Count the calls as made, all or none; False where the day's budget does not hold them."""
    return connection.execute(query("take_calls"), {**budget, "calls": calls}).scalar() is not None


def calls_made(connection: Connection, target: Target, day_on: date) -> int:
    """Return how many calls were counted on that day (UTC)."""
    return connection.execute(query("calls_made"), {"target": target, "day_on": day_on}).scalar() or 0


def left_to_post(connection: Connection, target: Target) -> Sequence[Row[Any]]:
    """Return how many events are ready, a row for each site that nobody keeps for later: site_id, events."""
    return connection.execute(query("left_to_post"), {"target": target}).all()
