"""What waits for a person, and what a person says of all of it at once.

A plan is a run that took a file in and held every new event of it; its run id is what it is decided by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from sql.approvals import let_go
from sql.event_decisions import Said, lock_events, record_decision, say
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.sums import amount_of_all, summed
from transforms.vocabulary import EventVerb, Kind, State

_WAITED = "; it had waited: "  # between why an event was dropped and why it had waited before


@dataclass(frozen=True)
class ClientPoints:
    """What is new of one client."""

    site_id: str
    client_id: str
    events_count: int
    earned: int
    redeemed: int


@dataclass(frozen=True)
class PlanTotals:
    """What a run brought that is new, by kind; points of reward updates are 0, the amount is theirs."""

    events: dict[Kind, int]
    points: dict[Kind, int]
    amount: Decimal
    clients: Sequence[ClientPoints]  # those with the most points


NO_TOTALS = PlanTotals({}, {}, Decimal(0), ())


def known_file(connection: Connection, sha256: str, default_site_id: str) -> Row[Any] | None:
    """Return file_id, name, registered_at, run_id and the run's kind of the file with this content; None if new."""
    values = {"sha256": sha256, "default_site_id": default_site_id}
    return connection.execute(rows_query("known_file"), values).one_or_none()


def plan_totals(connection: Connection, run_id: str, *, clients: int) -> PlanTotals:
    """Add up the run's new events: those that are ready, or held for nothing but their plan."""
    values = {"run_id": run_id}
    events: dict[Kind, int] = {}
    points: dict[Kind, int] = {}
    for row in connection.execute(rows_query("plan_totals"), values).mappings():
        kind = Kind(row["kind"])
        events[kind] = int(row["events_count"])
        points[kind] = summed(row)
    amounts = connection.execute(query("plan_amounts"), values).scalars()
    most_points = connection.execute(query("plan_clients"), values | {"limit": clients}).mappings()
    return PlanTotals(
        events=events,
        points=points,
        amount=amount_of_all(amounts),
        clients=[client_points(row) for row in most_points],
    )


def client_points(row: Mapping[Any, Any]) -> ClientPoints:
    """Return the sums of one client, as a query gives them."""
    return ClientPoints(
        site_id=row["site_id"],
        client_id=row["client_id"],
        events_count=int(row["events_count"]),
        earned=summed(row, "earned"),
        redeemed=summed(row, "redeemed"),
    )


def held_events(connection: Connection) -> Sequence[Row[Any]]:
    """Return every event that waits for a person, with its file's name as ``file``; the longest waiting run first."""
    return connection.execute(rows_query("held_events")).all()


def count_held(connection: Connection) -> int:
    """Count what waits for a person, whoever held it."""
    return int(connection.execute(query("count_held")).scalar_one())


def states_of_plan(connection: Connection, plan_id: str) -> dict[State, int]:
    """Count where the events stand that the run held; empty where it held none, or where there is no such run."""
    rows = connection.execute(query("states_of_plan"), {"run_id": plan_id})
    return {State(row.state): int(row.events_count) for row in rows}


def lookalikes_of_plan(connection: Connection, plan_id: str) -> int:
    """Count what a plan still holds that looks like rows of an earlier file: a person decides about each by itself."""
    count: int = connection.execute(query("lookalikes_of_plan"), {"plan_id": plan_id}).scalar_one()
    return count


def count_to_let_go(connection: Connection, plan_id: str, *, spares_own: bool) -> int:
    """Count what `approve_plan` would let go."""
    values = {"plan_id": plan_id, "with_own": int(not spares_own)}
    return len(connection.execute(query("held_of_plan"), values).all())


def approve_plan(
    connection: Connection,
    plan_id: str,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    seen: str | None = None,
    spares_own: bool = False,
) -> int:
    """Let everything be sent that the run brought and that is still held; return how many events that are.

    ``seen`` is the fingerprint of what the person was shown (`sql.showings`). With `spares_own` what is held for a
    reason of its own, and not for the plan or a limit, goes on waiting: somebody decides about each by itself.
    """
    take_turn(connection)
    said = replace(say(by, reason, now, needs_reason=False), seen=seen)
    with_own = int(not spares_own)
    event_ids = connection.execute(query("held_of_plan"), {"plan_id": plan_id, "with_own": with_own}).scalars().all()
    if not _decide_about_plan(connection, EventVerb.APPROVE, plan_id, said, event_ids):
        return 0
    # Events of clients stand in no order among themselves but their own times, so one statement approves a million.
    pinned_at = now.replace(microsecond=0)
    values = {"plan_id": plan_id, "now": now, "reason": f"approved by {said.words}", "pinned_at": pinned_at}
    approved_count = connection.execute(query("approve_clients_of_plan"), values | {"with_own": with_own}).rowcount
    updates = connection.execute(query("held_updates_of_plan"), {"plan_id": plan_id, "with_own": with_own})
    update_ids = updates.scalars().all()
    for event_id in update_ids:
        let_go(connection, event_id, said)
    return approved_count + len(update_ids)


def discard_plan(connection: Connection, plan_id: str, *, by: str, now: datetime, reason: str = "") -> int:
    """Drop what the run held and was not sent, as a whole; return how many events that are.

    What a plan held comes back to a person when a file brings it again; what any other run held never does.
    """
    take_turn(connection)
    said = say(by, reason, now, needs_reason=False)
    event_ids = connection.execute(query("held_or_ready_of_plan"), {"plan_id": plan_id}).scalars().all()
    if not _decide_about_plan(connection, EventVerb.DISCARD, plan_id, said, event_ids):
        return 0
    move = {
        "plan_id": plan_id,
        "now": now,
        "reason": f"discarded with {plan_id} by {said.words}",
        "waited": _WAITED,
    }
    return connection.execute(query("discard_plan"), move).rowcount


def _decide_about_plan(
    connection: Connection, verb: EventVerb, plan_id: str, said: Said, event_ids: Sequence[str]
) -> int:
    """Record one decision about these events of the plan; return how many they are."""
    if event_ids:
        decided = lock_events(connection, event_ids)
        record_decision(connection, verb, said, about=f"plan {plan_id}", decided=decided)
    return len(event_ids)


def take_up_plan(connection: Connection, plan_id: str, *, by: str, now: datetime) -> int:
    """Hold again what was dropped with its plan; return how many events that are.

    What had waited for a reason of its own, such as an equal row of another file, waits for that again: otherwise it
    would go with all the others, and be paid twice.
    """
    move = {"plan_id": plan_id, "now": now, "reason": f"planned again by {by}"}
    taken_up_count = connection.execute(query("take_up_plan"), move).rowcount
    connection.execute(query("keep_own_reasons"), {"plan_id": plan_id})
    return taken_up_count
