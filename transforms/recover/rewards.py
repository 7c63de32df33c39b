"""Make out which updates of one reward were sent, by the values that it has now: pure.

An update sets values, so only the last one shows. What came before it is known by snapshots alone; where none tells,
it waits for a person, who is warned that it would set the reward back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.recover.proofs import Proof, Said, by_snapshot, told_before
from transforms.vocabulary import How, State


@dataclass(frozen=True)
class LostUpdate:
    """An update of which nobody knows whether it was sent, beside the reward as it is."""

    event_id: str
    differing: Sequence[str] | None  # values that the reward does not have; None: there is no such reward
    said: Said | None


def prove_reward(updates: Sequence[LostUpdate], evidence: Mapping[str, Any]) -> list[Proof]:
    """Return where each update of one reward stands; they come in the order in which they were accepted."""
    # An update sets values, and the last one stands. So what came before it may have been sent or not, and to send it
    # now would set the reward back.
    in_force = _in_force(updates)
    return [
        _judge(update, evidence, is_in_force=number == in_force, is_superseded=number < in_force)
        for number, update in enumerate(updates)
    ]


def _in_force(updates: Sequence[LostUpdate]) -> int:
    """Return the place of the last update whose values the reward has; -1 where it has none of theirs.

    One that a person discarded was never sent, so equal values are another's.
    """
    last = -1
    for place, update in enumerate(updates):
        has_its_values = update.differing == []
        if has_its_values and not _discarded(update):
            last = place
    return last


def _discarded(update: LostUpdate) -> bool:
    return update.said is not None and update.said.state == State.DISCARDED


def _judge(update: LostUpdate, evidence: Mapping[str, Any], *, is_in_force: bool, is_superseded: bool) -> Proof:
    seen = {
        **evidence,
        "differing": update.differing,
        "snapshot_run": update.said and update.said.run_id,
        "snapshot_said": update.said and update.said.state,
    }
    # The reward itself says more than any snapshot: that was kept before the night ended, and the values are there.
    if is_in_force:
        reason = "recovered: the reward has these values, so it was sent"
        return Proof(update.event_id, State.POSTED, How.SERVICE, reason, seen)
    proved = by_snapshot(update.event_id, update.said, seen)
    if proved is not None:
        return proved
    if is_superseded:
        what = "the reward has the values of a later update: to approve this one would set it back"
        how = How.AMBIGUOUS
    elif update.differing is None:
        what, how = "the service has no such reward, so nothing proves that it was sent", How.NOT_SHOWN
    else:
        values = ", ".join(update.differing)
        what, how = f"the reward has another {values}, so nothing proves that it was sent", How.NOT_SHOWN
    return Proof(update.event_id, State.HELD, how, f"recovered: {what}{told_before(update.said)}", seen)
