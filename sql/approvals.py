"""What a person decides about a held event: that it is to be sent, or that it never will be.

Who decided stands in the event's history beside the time. A decision is taken once: what is not held any more, or was
never held, raises `NotHeld`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from sql.lock import take_turn
from sql.queries import query, rows_query
from transforms.vocabulary import State


class NotHeld(Exception):  # noqa: N818 - it says what the event is
    """The event does not wait for a person; `state` is where it stands, None where the ledger has no such event."""

    def __init__(self, event_id: str, state: State | None) -> None:
        super().__init__(
            f"Event {event_id} is {state}, not held: there is nothing to decide."
            if state
            else f"The ledger has no event {event_id}."
        )
        self.state = state


def approve(connection: Connection, event_id: str, *, by: str, now: datetime, run_id: str | None = None) -> None:
    """Let a held event be sent.

    One without a time is given `now`, to the second. A reward update takes the next place in its reward's history, and
    goes after everything that was accepted for the reward before. Raises `NotHeld`.
    """
    # The next place in the reward's history must be nobody else's.
    take_turn(connection)
    last_order_at = connection.execute(rows_query("last_order"), {"event_id": event_id}).scalar()
    # Another machine's clock may have been ahead: going by this one alone, the update would go before an older one.
    order_at = now if last_order_at is None else max(now, last_order_at + timedelta(microseconds=1))
    values = {
        "event_id": event_id,
        "reason": f"approved by {by}",
        "run_id": run_id,
        "now": now,
        "order_at": order_at,
        "pinned_at": now.replace(microsecond=0),
    }
    _decide(connection, "approve_event", values)


def discard(connection: Connection, event_id: str, *, by: str, now: datetime, run_id: str | None = None) -> None:
    """Rule that a held event is never sent. Raises `NotHeld`."""
    values = {"event_id": event_id, "reason": f"discarded by {by}", "run_id": run_id, "now": now}
    _decide(connection, "discard_event", values)


def _decide(connection: Connection, name: str, values: dict[str, Any]) -> None:
    decided_count = connection.execute(query(name), values).rowcount
    if decided_count == 0:
        state = connection.execute(rows_query("state_of_event"), {"event_id": values["event_id"]}).scalar()
        raise NotHeld(values["event_id"], None if state is None else State(state))
