"""Open and close runs, and count what a run answers for."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sql.given import given_ids
from sql.identity import number_run
from sql.queries import query, rows_query
from sql.sums import amount_of_all, summed
from sql.tables.runs import runs
from transforms.vocabulary import Kind, State

_REPORTED_AS = {
    State.POSTED: "posted",
    State.REFUSED: "refused",
    State.UNKNOWN: "unknown",
    State.READY: "pending",
    State.SENDING: "pending",  # in another process's hands; that one records how it ends
    # A person took it out of the run's hands while that was at work, or has to look before it is tried again.
    State.HELD: "withheld",
    State.DISCARDED: "withheld",
}
# A file leaves the inbox right after it was registered; a machine that hangs may take its time.
_BEFORE_IT_LEAVES = timedelta(minutes=1)
_COUNTS_OF_EVENTS = (
    "carried_in",
    "posted",
    "refused",
    "unknown",
    "pending",
    "withheld",
    "points_earned",
    "points_redeemed",
)


def open_run(connection: Connection, run_id: str, kind: str, now: datetime) -> None:
    """Write down that a run begins, so that it can be told from one that never did, and count it."""
    connection.execute(insert(runs).values(run_id=run_id, kind=kind, started_at=now, seen_at=now))
    number_run(connection, run_id, now)


def carry_over(connection: Connection, run_id: str) -> None:
    """Let the run take over everything that earlier runs left open, or ended and never reported."""
    connection.execute(query("carry_open"), {"run_id": run_id})
    connection.execute(query("carry_untold"), {"run_id": run_id})


def start_run(connection: Connection, run_id: str, kind: str, now: datetime) -> None:
    """Open a run and take over at once what earlier runs left."""
    open_run(connection, run_id, kind, now)
    carry_over(connection, run_id)


def record_run(connection: Connection, run_id: str, kind: str, now: datetime, summary: Mapping[str, Any]) -> None:
    """Write down a run that is over at once: it takes nothing over and answers for nothing but what it brings."""
    row = {
        "run_id": run_id,
        "kind": kind,
        "started_at": now,
        "finished_at": now,
        "summary": json.dumps(summary),
    }
    connection.execute(insert(runs).values(row))
    number_run(connection, run_id, now)


def fail_run(connection: Connection, run_id: str, now: datetime, failure: str) -> None:
    """Close a run that could not start, and say why; it answers for nothing, so it has no summary."""
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(finished_at=now, failure=failure))


def see_run(connection: Connection, run_id: str, now: datetime) -> None:
    """Note that the run is alive; one that is over stays as it was."""
    connection.execute(query("see_run"), {"run_id": run_id, "seen_at": now})


def last_nights(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """Return the latest nights, the last one first: started, finished, seen, failure and summary (JSON) of each."""
    return connection.execute(rows_query("last_nights"), {"most": most}).all()


def waiting_counts(connection: Connection) -> Row[Any]:
    """Count what the ledger holds for a person (held, unknown, breaks_open) and for the next run (pending)."""
    return connection.execute(query("waiting_counts")).one()


def finish_run(
    connection: Connection, run_id: str, now: datetime, summary: Mapping[str, Any], failure: str | None = None
) -> None:
    """Close a run with the summary that its command prints, and what it could not do in words."""
    ended = {"finished_at": now, "summary": json.dumps(summary), "failure": failure}
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(ended))


def note_failure(connection: Connection, run_id: str, failure: str) -> None:
    """Keep of a run that is over what it could not do, in words."""
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(failure=failure))


def run_totals(connection: Connection, run_id: str) -> dict[str, int | str]:
    """Count the run's rows and events: the keys of the summary from ``files`` to ``amount_updated``.

    Points are sums over posted events, the amount an exact decimal as text.
    """
    files_of_run = connection.execute(query("files_of_run"), {"run_id": run_id}).mappings().one()
    totals = {key: int(value) for key, value in files_of_run.items()}
    totals |= dict.fromkeys(_COUNTS_OF_EVENTS, 0)
    for row in connection.execute(rows_query("states_of_run"), {"run_id": run_id}).mappings():
        state = State(row["state"])
        events_count = int(row["events_count"])
        totals[_REPORTED_AS[state]] += events_count
        if not row["is_accepted"]:
            totals["carried_in"] += events_count
        if state is State.POSTED and row["kind"] != Kind.REWARD_UPDATE:
            totals[f"points_{row['kind']}"] += summed(row)
    amount = _posted_amount(connection, run_id)
    return totals | {"amount_updated": str(amount)}


def is_taken_by_another(connection: Connection, run_id: str, name: str) -> bool:
    """Tell whether another run has registered a file of this name since shortly before this run began."""
    started_at = connection.execute(select(runs.c.started_at).where(runs.c.run_id == run_id)).scalar_one()
    given = {"run_id": run_id, "name": name, "since_at": started_at - _BEFORE_IT_LEAVES}
    return bool(connection.execute(query("taken_by_other_runs"), given).scalar_one())


def posted_told_by_others(connection: Connection, run_id: str, alive_since_at: datetime) -> tuple[int, list[str]]:
    """Return how many of the run's posted events runs at work at the same time answer for, too, and these runs.

    One that is not over has died where it was not seen since ``alive_since_at``, and comes to no report.
    """
    of_run = {"run_id": run_id, "alive_since_at": alive_since_at}
    others = list(connection.execute(query("runs_at_the_same_time"), of_run).scalars())
    if not others:
        return 0, []
    values = {"run_id": run_id, "given": given_ids([run_id, *others])}
    told = connection.execute(rows_query("posted_twice_told"), values).all()
    return len({row.event_id for row in told}), sorted({row.run_id for row in told})


def _posted_amount(connection: Connection, run_id: str) -> Decimal:
    amounts = connection.execute(query("posted_amounts_of_run"), {"run_id": run_id}).scalars()
    return amount_of_all(amounts)


def started_at(connection: Connection, run_id: str) -> datetime:
    """Return when the run began."""
    started: datetime = connection.execute(select(runs.c.started_at).where(runs.c.run_id == run_id)).scalar_one()
    return started
