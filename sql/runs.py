"""Open and close runs, and count what a run answers for."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from sql.queries import query, reading
from sql.tables import runs
from transforms.vocabulary import Kind, State

_REPORTED_AS = {
    State.POSTED: "posted",
    State.REFUSED: "refused",
    State.UNKNOWN: "unknown",
    State.READY: "pending",
    State.SENDING: "pending",  # in another process's hands; that one records how it ends
}


def start_run(connection: Connection, run_id: str, kind: str, now: datetime) -> None:
    """Open a run and take over everything that earlier runs left open, or ended and never reported."""
    connection.execute(insert(runs).values(run_id=run_id, kind=kind, started_at=now))
    connection.execute(query("carry_open"), {"run_id": run_id})
    connection.execute(query("carry_untold"), {"run_id": run_id})


def record_run(connection: Connection, run_id: str, kind: str, now: datetime, summary: Mapping[str, Any]) -> None:
    """Write down a run that is over at once: it takes nothing over and answers for nothing but what it brings."""
    ended = {"started_at": now, "finished_at": now, "summary": json.dumps(summary)}
    connection.execute(insert(runs).values(run_id=run_id, kind=kind, **ended))


def finish_run(connection: Connection, run_id: str, now: datetime, summary: Mapping[str, Any]) -> None:
    """Close a run with the summary that its command prints."""
    done = update(runs).where(runs.c.run_id == run_id)
    connection.execute(done.values(finished_at=now, summary=json.dumps(summary)))


def run_totals(connection: Connection, run_id: str) -> dict[str, int | str]:
    """Count the run's rows and events: the keys of the summary from ``files`` to ``amount_updated``.

    Points are sums over posted events, the amount an exact decimal as text.
    """
    totals: dict[str, Any] = dict(connection.execute(query("files_of_run"), {"run_id": run_id}).mappings().one())
    totals |= {"carried_in": 0, "posted": 0, "refused": 0, "unknown": 0, "pending": 0}
    totals |= {"points_earned": 0, "points_redeemed": 0}
    for row in connection.execute(reading("states_of_run"), {"run_id": run_id}):
        totals[_REPORTED_AS[State(row.state)]] += row.events_count
        totals["carried_in"] += 0 if row.is_accepted else row.events_count
        if row.state == State.POSTED and row.kind != Kind.REWARD_UPDATE:
            totals[f"points_{row.kind}"] += row.points
    totals["amount_updated"] = str(_posted_amount(connection, run_id))
    return {key: value if isinstance(value, str) else int(value) for key, value in totals.items()}


def _posted_amount(connection: Connection, run_id: str) -> Decimal:
    amounts = connection.execute(query("posted_amounts_of_run"), {"run_id": run_id}).scalars()
    return sum((Decimal(amount) for amount in amounts), start=Decimal(0))


def started_at(connection: Connection, run_id: str) -> datetime:
    """Return when the run began."""
    started: datetime = connection.execute(select(runs.c.started_at).where(runs.c.run_id == run_id)).scalar_one()
    return started
