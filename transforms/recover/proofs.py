"""What a recovery says of one event, and by what it knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transforms.vocabulary import How, State


@dataclass(frozen=True)
class Said:
    """What the latest snapshot that knew an event said of it."""

    state: str  # as of then: posted, refused, unknown, ready, held or discarded
    reason: str | None
    run_id: str


@dataclass(frozen=True)
class Proof:
    """Where an event stands (posted, held or discarded), and why; ``evidence`` is what JSON holds."""

    event_id: str
    state: State
    how: How
    reason: str
    evidence: Mapping[str, Any]


def by_snapshot(event_id: str, said: Said | None, evidence: Mapping[str, Any]) -> Proof | None:
    """Return what a snapshot proves of an event that the service does not show; None where it proves nothing.

    What was confirmed once stays posted, and what a person discarded stays so, whatever the service shows today.
    """
    if said is None:
        return None
    told = f"the snapshot of run {said.run_id}"
    if said.state == State.POSTED:
        reason = f"recovered: {told} has it as posted, and the service does not show it"
        return Proof(event_id, State.POSTED, How.SNAPSHOT, reason, evidence)
    if said.state == State.DISCARDED:
        reason = f"recovered: {said.reason or 'discarded'} (by {told})"
        return Proof(event_id, State.DISCARDED, How.SNAPSHOT, reason, evidence)
    return None


def told_before(said: Said | None) -> str:
    """Word what a snapshot knew of an event that is not proved to be over, to go at the end of a reason."""
    if said is None:
        return ""
    why = f": {said.reason}" if said.reason else ""
    return f"; {said.state} as of run {said.run_id}{why}"
