"""Decide what is in doubt at Mindbody from what reading back showed: pure, and the riskiest rule there is.

Mindbody has no transaction ids, so equal transactions are counted: more than the ledger has confirmed means that the
doubtful one landed, as many means that it did not. That holds because a client has at most one event in doubt and
none in flight beside it. The client's balance is the second witness, where it was known before and nobody else moved
it since. A wrong "it did not land" pays twice, a wrong "it landed" does not pay at all; so where the two witnesses
contradict each other, or cannot tell, the event stays unknown for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from transforms.settle.history import History, PostedEvent, Transaction, is_equal, is_kin
from transforms.vocabulary import Action, State

LANDED, DID_NOT = "it landed", "it did not land"  # what a balance can say


class DoubtfulEvent(PostedEvent, Protocol):
    """An event of which nobody knows whether it took effect."""

    @property
    def was_answered(self) -> bool:
        """Whether the service took the request, and only its answer could not be read."""


@dataclass(frozen=True)
class Expected:
    """What the ledger knows about a client before the doubtful event is counted in."""

    confirmed_times: tuple[datetime, ...]  # of transactions equal in all but the time, around the days that were read
    balance_before: int | None
    confirmed_kin: int = 0  # at the event's very time, with another source


@dataclass(frozen=True)
class Count:
    """Transactions that are equal to the doubtful event, against what the ledger has confirmed."""

    counted: int  # the service shows at the event's time
    confirmed: int  # of them the ledger knew before
    unaccounted: int  # the service shows almost the same (another time, or another source), unknown to the ledger


@dataclass(frozen=True)
class Decision:
    """What follows for the event: posted, ready (it did not land), or unknown where nothing follows."""

    state: State
    reason: str
    evidence: Mapping[str, Any]  # what was counted and expected, as JSON holds it


def decide(event: DoubtfulEvent, history: History, expected: Expected, read_at: datetime) -> Decision:
    """Return what the counted history and the balance prove about one doubtful event, with the evidence."""
    count = count_equal(event, history, expected.confirmed_times, expected.confirmed_kin)
    witness = ask_balance(event, expected.balance_before, history.balance)
    state = weigh(count, witness)
    if state is State.READY and event.was_answered and witness != DID_NOT:
        # The service took the request and its answer could not be read: more than a count must speak against it.
        state = State.UNKNOWN
    evidence = {
        "read_at": read_at.isoformat(),
        "counted": count.counted,
        "confirmed": count.confirmed,
        "almost_equal": count.unaccounted,
        "balance_before": expected.balance_before,
        "balance_now": history.balance,
        "balance_says": witness,
    }
    return Decision(state, _word(state, count, witness), evidence)


def count_equal(event: PostedEvent, history: History, confirmed: Sequence[datetime], confirmed_kin: int = 0) -> Count:
    """Count what is equal to the event; where the clock went back an hour may be either of two, so both count."""
    equal = [transaction for transaction in history.transactions if is_equal(transaction, event)]
    at_its_time = [transaction for transaction in equal if event.action_at in transaction.action_at_candidates]
    elsewhere = [transaction for transaction in equal if event.action_at not in transaction.action_at_candidates]
    moments = {event.action_at}.union(*(transaction.action_at_candidates for transaction in at_its_time))
    confirmed_here = [time for time in confirmed if time in moments]
    confirmed_elsewhere = [time for time in confirmed if time not in moments]
    strangers = _count_strangers(elsewhere, confirmed_elsewhere)
    strangers += _count_unknown_kin(event, history, confirmed_kin)
    return Count(counted=len(at_its_time), confirmed=len(confirmed_here), unaccounted=strangers)


def _count_strangers(transactions: Sequence[Transaction], confirmed: Sequence[datetime]) -> int:
    """Count the transactions that no confirmed time accounts for; each time accounts for one."""
    left = list(confirmed)
    strangers = 0
    for transaction in transactions:
        known = next((time for time in left if time in transaction.action_at_candidates), None)
        if known is None:
            strangers += 1
        else:
            left.remove(known)
    return strangers


def _count_unknown_kin(event: PostedEvent, history: History, confirmed_kin: int) -> int:
    """Count what lies at the very same time and is told a little differently: it may be the event all the same."""
    at_its_time = [
        transaction
        for transaction in history.transactions
        if event.action_at in transaction.action_at_candidates
        and is_kin(transaction, event)
        and not is_equal(transaction, event)
    ]
    return max(0, len(at_its_time) - confirmed_kin)


def ask_balance(event: PostedEvent, before: int | None, now: int | None) -> str | None:
    """Return what the balance says; None where it was not known, or somebody else moved it."""
    if before is None or now is None:
        return None
    change = event.points if event.action == Action.EARNED else -event.points
    if now == before + change:
        return LANDED
    return DID_NOT if now == before else None


# How count and balance decide together. "New" is what the service shows more often than the ledger has confirmed.
#
#     new         almost equal, nobody's    the balance says    so it is
#     below 0     any                       anything            unknown: what had landed is gone, nothing follows
#     1           any                       did not land        unknown: they contradict each other
#     1           any                       landed, or nothing  posted
#     0           none                      landed              unknown: they contradict each other
#     0           none                      did not, or nothing ready
#     0           some                      did not land        ready: the others are somebody else's
#     0           some                      landed              posted: it is told a little differently
#     0           some                      nothing             unknown
#     2 or more   any                       landed              posted: one of them is the event
#     2 or more   any                       did not, or nothing unknown
def weigh(count: Count, witness: str | None) -> State:
    """Return posted, ready, or unknown where the witnesses do not agree or cannot tell."""
    new = count.counted - count.confirmed
    if new < 0:
        return State.UNKNOWN
    if new == 1:
        return State.UNKNOWN if witness == DID_NOT else State.POSTED
    if new == 0 and not count.unaccounted:
        return State.UNKNOWN if witness == LANDED else State.READY
    if new == 0 and witness == DID_NOT:
        return State.READY
    return State.POSTED if witness == LANDED else State.UNKNOWN


def _word(state: State, count: Count, witness: str | None) -> str:
    entries = "1 equal entry" if count.counted == 1 else f"{count.counted} equal entries"
    seen = f"read back: {entries}, {count.confirmed} confirmed before"
    if count.unaccounted:
        seen += f", {count.unaccounted} almost equal and nobody's"
    balance = f"; by the balance {witness}" if witness else ""
    ending = {State.POSTED: ", so it landed", State.READY: ", so it did not land"}
    return seen + balance + ending.get(state, "; a person has to decide")
