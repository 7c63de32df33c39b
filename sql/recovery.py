"""Recover what a lost or older ledger no longer knows: what is still to be looked at, and how each event was proved.

Nothing here lets an event be sent. What is looked at is held, and the database lets nothing of its client or reward go
out meanwhile; what is proved becomes posted with its proof, and the rest stays with a person.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Result, Row

from sql.given import given_ids
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.runs import fail_run
from transforms.destinations import Destination
from transforms.vocabulary import How, State, Target

_HELD = "held by a recovery: this ledger was older than what had been sent"
_DIED = "it ended before it was done; the next one went on"


class Proof(Protocol):
    """Where an event stands, and why: see `transforms.recover.proofs`."""

    @property
    def event_id(self) -> str:
        """Whose it is."""

    @property
    def state(self) -> State:
        """Posted, held or discarded."""

    @property
    def how(self) -> How:
        """By what it is known."""

    @property
    def reason(self) -> str:
        """In words."""

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What was counted, and what a snapshot says; as JSON holds it."""


@dataclass(frozen=True)
class LostClient:
    """A client with events to make out, and the time that they span."""

    lane: str
    client_id: str
    first_at: datetime
    last_at: datetime


def close_dead_recoveries(connection: Connection, now: datetime) -> None:
    """Close what an earlier recovery left open as it was killed; what it proved stays, and is its own."""
    for row in connection.execute(query("open_recoveries")).all():
        fail_run(connection, row.run_id, now, _DIED)


def at_work_count(connection: Connection) -> int:
    """Return how many events another process has claimed and may be sending."""
    return int(connection.execute(query("at_work_count")).scalar_one())


def hold_unfinished(connection: Connection, *, run_id: str, now: datetime) -> int:
    """Hold all that the ledger would send or settle by itself, and list all that it had not finished; return how many.

    What another process has in its hands is not touched, see `at_work_count`.
    """
    take_turn(connection)
    # Listed before it is held: what is not on the list nobody looks at, and a lost ledger says of nothing whether it
    # was sent.
    listed: int = connection.execute(query("list_unfinished")).rowcount
    connection.execute(query("hold_unfinished"), {"run_id": run_id, "now": now, "reason": _HELD})
    return listed


def list_file(connection: Connection, file_id: int, kept_at: datetime) -> None:
    """List what a file brought that is new to the ledger; ``kept_at`` is about when it was taken in at first."""
    connection.execute(query("list_file"), {"file_id": file_id, "kept_at": kept_at})


def note_said(connection: Connection, said_run_id: str, said: Mapping[str, Mapping[str, Any]]) -> None:
    """Note what the snapshot of a run says of events, by their ids: state and reason. Later snapshots come later."""
    given = {"said_run_id": said_run_id, "given": json.dumps(said)}
    connection.execute(query("note_said"), given)


def pin_times(connection: Connection, times: Mapping[str, datetime]) -> None:
    """Give undated events that are looked at the times that they were sent with, by their ids."""
    if not times:
        return
    pinned = [{"event_id": event_id, "action_at": at} for event_id, at in times.items()]
    connection.execute(query("pin_time"), pinned)
    connection.execute(query("pinned"), [{**one, "has_time": True} for one in pinned])


def not_in_ledger(connection: Connection, event_ids: Sequence[str]) -> set[str]:
    """Return those of the ids that the ledger has no event of."""
    missing = connection.execute(query("not_in_ledger"), {"given": given_ids(event_ids)}).scalars()
    return set(missing)


def recovering_sites(connection: Connection) -> list[Destination]:
    """Return where there is something to look at."""
    rows = connection.execute(query("recovering_sites"))
    return [Destination(Target(row.target), row.site_id) for row in rows]


def recovering_clients(connection: Connection, site_id: str, after_lane: str, most: int) -> list[LostClient]:
    """Return the next clients of a site to read, by their lanes."""
    values = {"site_id": site_id, "after_lane": after_lane, "most": most}
    rows = connection.execute(rows_query("recovering_clients"), values)
    return [LostClient(row.lane, row.client_id, row.first_at, row.last_at) for row in rows]


def recovering_rewards(connection: Connection, after_lane: str, most: int) -> list[str]:
    """Return the lanes of the next rewards to look at."""
    values = {"after_lane": after_lane, "most": most}
    return list(connection.execute(query("recovering_rewards"), values).scalars())


def recovering_events(connection: Connection, lane: str) -> Sequence[Row[Any]]:
    """Return the events of a client or reward to look at, in the order in which they came."""
    return connection.execute(rows_query("recovering_events"), {"lane": lane}).all()


def record_proofs(
    connection: Connection, events: Sequence[Row[Any]], proofs: Sequence[Proof], *, run_id: str, now: datetime
) -> None:
    """Keep how each event was made out, move it by that, and strike it off the list; in the order of the events."""
    stands = {event.event_id: State(event.state) for event in events}
    carried = {"run_id": run_id, "given": given_ids(proof.event_id for proof in proofs)}
    connection.execute(query("carry_claimed"), carried)
    for proof in proofs:
        _record(connection, proof, stands[proof.event_id], run_id=run_id, now=now)


def _record(connection: Connection, proof: Proof, stands: State, *, run_id: str, now: datetime) -> None:
    # What was dropped with its plan, and is not shown, stays dropped.
    is_dropped = proof.state is State.HELD and stands is State.DISCARDED
    decided = State.DISCARDED if is_dropped else proof.state
    event = {"event_id": proof.event_id}
    kept = {
        **event,
        "run_id": run_id,
        "now": now,
        "decided": decided,
        "how": proof.how,
        "reason": proof.reason,
        "evidence": json.dumps(proof.evidence, default=str),
    }
    connection.execute(query("keep_proof"), kept)
    if decided is State.POSTED:
        move = {**event, "run_id": run_id, "now": now, "reason": proof.reason}
        connection.execute(query("hold_dropped"), move)
        connection.execute(query("recover_posted"), move | {"was_shown": proof.how is How.SERVICE})
    elif decided is State.DISCARDED:
        connection.execute(query("recover_discarded"), {**event, "now": now, "reason": proof.reason})
    else:
        # Held, and never ready: what nothing proves to be unsent is let go by a person alone.
        connection.execute(query("recover_held"), {**event, "reason": proof.reason})
    connection.execute(query("strike_off"), event)


def recovering_left(connection: Connection) -> Row[Any]:
    """Return how many events and how many clients and rewards (lanes) are still to be looked at."""
    return connection.execute(query("recovering_left")).one()


def recovering_calls(connection: Connection) -> Row[Any]:
    """Return how many Mindbody clients are still to be read, and of how many sites."""
    return connection.execute(query("recovering_calls")).one()


def proofs_by_how(connection: Connection, run_id: str) -> Sequence[Row[Any]]:
    """Return how many events the run made out, by decision and by what it is known."""
    return connection.execute(query("proofs_by_how"), {"run_id": run_id}).all()


def proofs_of_run(connection: Connection, run_id: str) -> Result[Any]:
    """Return every event that the run made out, with where it came from; a few in memory at a time."""
    at_a_time = {"yield_per": 1_000}
    return connection.execute(rows_query("proofs_of_run"), {"run_id": run_id}, execution_options=at_a_time)


def recoveries_of_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return each time that it was made out where the event stands, oldest first."""
    return connection.execute(rows_query("recoveries_of_event"), {"event_id": event_id}).all()


def pending_in_recovery(connection: Connection) -> int:
    """Return how many events are to be sent and wait until a recovery has looked at their client or reward."""
    return int(connection.execute(query("pending_in_recovery")).scalar_one())


def is_recovering(connection: Connection, held_id: str) -> bool:
    """Return whether the event, or one that the run held, is still to be looked at."""
    return connection.execute(query("is_recovering"), {"held_id": held_id}).scalar() is not None
