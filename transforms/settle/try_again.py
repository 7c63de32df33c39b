"""Decide whether a refused event may be sent again, from what its client or reward shows now: pure.

A refusal is the service's word, and not all of what answers for it is the service. So before another try whatever may
be the first one, or somebody's entry in its place, is looked for: the same client, action and points, at any time since
and with any source, that nothing else of ours accounts for. A needless question costs a person a minute; an entry that
is overlooked is paid twice. What a person has been shown once and let go is not asked again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from transforms.settle.history import History, PostedEvent, Transaction, is_kin
from transforms.vocabulary import State


@dataclass(frozen=True)
class Another:
    """Whether another try may go: ready, or held where a person has to look; with what speaks against it."""

    state: State
    reason: str
    evidence: Mapping[str, Any]  # "against": what speaks against it, a line each; goes into the ledger as JSON


def decide_another_try(
    against: Sequence[str], shown_before: Mapping[str, Any] | None, seen: Mapping[str, Any]
) -> Another:
    """Return held where something speaks against another try that no person has been shown, else ready.

    ``shown_before`` is the evidence of the reading that held it before, None where none did; ``seen`` is what else was
    read, for the evidence.
    """
    shown = Counter(() if shown_before is None else shown_before.get("against", ()))
    # Counted, and not only looked for: of two equal entries a person has seen one, and the second may be this event.
    new = list((Counter(against) - shown).elements())
    evidence = {**seen, "against": list(against)}
    if not new:
        but = ", but for what a person has seen" if against else ""
        return Another(State.READY, f"read before another try: nothing speaks against it{but}", evidence)
    more = f" and {len(new) - 1} more" if len(new) > 1 else ""
    return Another(State.HELD, f"it may have taken effect for all the refusal: {new[0]}{more}", evidence)


def entries_against(event: PostedEvent, history: History, posted_times: Iterable[datetime]) -> list[str]:
    """Return the entries that may be the event and that nobody accounts for, a line each, in the service's order.

    ``posted_times`` are those of the client's confirmed transactions of these points: each accounts for one entry.
    """
    left = list(posted_times)
    against = []
    for transaction in history.transactions:
        if not is_kin(transaction, event):
            continue
        # Those that are told a little off are nobody's until a person has said whose: see `match_transactions`.
        known = next((time for time in left if time in transaction.action_at_candidates), None)
        if known is None:
            against.append(f"the service shows {_entry(transaction)}, which nobody accounts for")
        else:
            left.remove(known)
    return against


def _entry(transaction: Transaction) -> str:
    what = f"{transaction.action} {abs(transaction.points):,} points"
    if transaction.source:
        what += f" for {transaction.source}"
    if transaction.source_id:
        what += f" {transaction.source_id}"
    at = transaction.action_at.astimezone(UTC)
    return f"{what} at {at:%Y-%m-%d %H:%M:%S}Z"


def edits_against(differing: Sequence[str], now: Mapping[str, str], then: Mapping[str, str] | None) -> list[str]:
    """Return what speaks against setting a reward again: it is set already, or its values were edited since.

    ``differing`` are the values that the update sets and the reward does not have; ``now`` what it has, by name, and
    ``then`` what it had when the update was refused, None where the service did not say.
    """
    if not differing:
        values = ", ".join(f"{name} {value}" for name, value in now.items())
        return [f"the reward has these values already ({values})"]
    if then is None:
        return []
    edits = []
    # That the reward itself changed is expected: otherwise it would be refused again. Its values are another matter.
    for name in sorted({*now, *then}):
        was, is_now = then.get(name), now.get(name)
        if was != is_now:
            edits.append(f"somebody edited the reward since the refusal: {name} was {was}, is {is_now}")
    return edits
