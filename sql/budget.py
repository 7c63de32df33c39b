"""The budget of calls, counted by day (UTC) and service, and what is left to post with it."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query
from transforms.vocabulary import Target


def take_calls(connection: Connection, target: Target, day_on: date, wanted: int, calls_per_day: int) -> int:
    """Reserve up to ``wanted`` calls of the day's budget (UTC) and return how many were granted."""
    day = {"target": target, "day_on": day_on, "calls_per_day": calls_per_day}
    if 0 < wanted <= calls_per_day and connection.execute(query("take_calls"), day | {"calls": wanted}).scalar():
        return wanted
    granted = max(0, min(wanted, calls_per_day - calls_made(connection, target, day_on)))
    if granted and connection.execute(query("take_calls"), day | {"calls": granted}).scalar() is None:
        return 0  # another process took the rest in between
    return granted


def calls_made(connection: Connection, target: Target, day_on: date) -> int:
    """Return how many calls were counted on that day (UTC)."""
    return connection.execute(query("calls_made"), {"target": target, "day_on": day_on}).scalar() or 0


def left_to_post(connection: Connection, target: Target) -> Row[Any]:
    """Return how many events are ready, and of how many clients and sites."""
    return connection.execute(query("left_to_post"), {"target": target}).one()
