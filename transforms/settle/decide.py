"""Decide what is in doubt at Mindbody from what reading back showed: pure, and the riskiest rule there is.

Mindbody has no transaction ids, so equal transactions are counted: more than the ledger has confirmed means that the
doubtful one landed, as many means that it did not. That holds because a client has at most one event in doubt and
none in flight beside it. Two things blur a count: further requests of equal events, which may land at any time, and
entries that are almost equal, which may be the event told otherwise or somebody's own.

The client's balance is the second witness. It can contradict a count, and then nobody decides but a person. By itself
it proves next to nothing: expired points and entries on other days move it unseen, so the same figure may come about in
two ways. A wrong "it did not land" pays twice, a wrong "it landed" does not pay at all; so where it cannot be told, the
event stays unknown for a person, with the evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from transforms.settle.history import History, PostedEvent, Transaction, is_equal, is_kin
from transforms.vocabulary import Action, State

LANDED, DID_NOT = "it landed", "it did not land"  # what a balance can say
# How long a balance is good as a base. Between two that lie further apart a studio has had the time to enter anything.
BASE_HOLDS_FOR = timedelta(hours=1)
_TAKES_BACK = (Action.RETURNED, Action.REMOVED, Action.LATE_CANCELED)


class DoubtfulEvent(PostedEvent, Protocol):
    """An event of which nobody knows whether it took effect."""

    @property
    def was_answered(self) -> bool:
        """Whether the service took the request, and only its answer could not be read."""


@dataclass(frozen=True)
class Base:
    """A client's balance as the service told it when nothing of the client was in doubt."""

    balance: int
    told_at: datetime


@dataclass(frozen=True)
class Expected:
    """What the ledger knows about a client before the doubtful event is counted in."""

    confirmed_times: tuple[datetime, ...]  # of transactions equal in all but the time, around the days that were read
    base: Base | None
    confirmed_kin: int = 0  # at the event's very time, with another source
    requests: int = 1  # of the event itself, that may have landed
    # Of equal events, each further request that may have landed beside what is confirmed: by the time of its event.
    double_times: tuple[datetime, ...] = ()
    confirmed: tuple[PostedEvent, ...] = ()  # all that is confirmed of the client around the days that were read
    lately: tuple[PostedEvent, ...] = ()  # of them, what was confirmed not long ago and must be among what was read
    balances_before: frozenset[int] = frozenset()  # the client's, before each of what was confirmed not long ago


@dataclass(frozen=True)
class Count:
    """Transactions that are equal to the doubtful event, against what the ledger knows."""

    counted: int  # the service shows at the event's time
    confirmed: int  # of them the ledger knew before
    unaccounted: int  # the service shows almost the same (another time, another source, taken back), nobody's
    doubles: int = 0  # of them may be further requests of equal events
    requests: int = 1  # of the event itself that may have landed


@dataclass(frozen=True)
class Witness:
    """What the balance says."""

    says: str | None  # LANDED, DID_NOT, or nothing
    # No entry is there that the ledger does not account for: nothing seen fits between the two balances.
    is_alone: bool = False


@dataclass(frozen=True)
class Decision:
    """What follows for the event: posted, ready (it did not land), or unknown where nothing follows."""

    state: State
    reason: str
    evidence: Mapping[str, Any]  # what was counted and expected, as JSON holds it


def decide(event: DoubtfulEvent, history: History, expected: Expected, read_at: datetime) -> Decision:
    """Return what the counted history and the balance prove about one doubtful event, with the evidence."""
    count = count_equal(event, history, expected)
    witness = ask_balance(event, history, expected, read_at)
    # Both witnesses are asked, and neither overrules the other: where they differ a person decides.
    state = weigh(count, witness, was_answered=event.was_answered)
    # What is read may be a copy of the service that hears of its entries later. One that lacks what the service itself
    # confirmed lacks the event in doubt just as well, which came after: to send it again would pay it twice.
    is_behind = _lacks_what_was_confirmed(history, expected) or _is_balance_behind(event, history, expected, witness)
    if state is State.READY and is_behind:
        state = State.UNKNOWN
    evidence = {
        "read_at": read_at.isoformat(),
        "counted": count.counted,
        "confirmed": count.confirmed,
        "almost_equal": count.unaccounted,
        "doubles": count.doubles,
        "requests": count.requests,
        **_told_before(expected.base),
        "balance_now": history.balance,
        "balance_says": witness.says,
    }
    if is_behind:
        evidence["is_behind"] = True
    return Decision(state, _word(state, count, witness.says, is_behind=is_behind), evidence)


def _told_before(base: Base | None) -> dict[str, Any]:
    if base is None:
        return {"balance_before": None, "balance_before_at": None}
    return {"balance_before": base.balance, "balance_before_at": base.told_at.isoformat()}


def count_equal(event: PostedEvent, history: History, expected: Expected) -> Count:
    """Count what is equal to the event; where the clock went back an hour may be either of two, so both count."""
    equal = [transaction for transaction in history.transactions if is_equal(transaction, event)]
    at_its_time = [transaction for transaction in equal if event.action_at in transaction.action_at_candidates]
    elsewhere = [transaction for transaction in equal if event.action_at not in transaction.action_at_candidates]
    moments = {event.action_at}.union(*(transaction.action_at_candidates for transaction in at_its_time))
    confirmed_here = [time for time in expected.confirmed_times if time in moments]
    confirmed_elsewhere = [time for time in expected.confirmed_times if time not in moments]
    # A service that keeps another time than it was told shows the event elsewhere. Counted as not there, it would be
    # sent again; so whatever nobody accounts for keeps the event in doubt.
    strangers = _count_strangers(elsewhere, confirmed_elsewhere)
    strangers += _count_unknown_kin(event, history, expected.confirmed_kin)
    strangers += _count_taken_back(event, history)
    return Count(
        counted=len(at_its_time),
        confirmed=len(confirmed_here),
        unaccounted=strangers,
        doubles=sum(time in moments for time in expected.double_times),
        requests=expected.requests,
    )


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


def _count_taken_back(event: PostedEvent, history: History) -> int:
    """Count what takes as many points back: the event may have landed, and been taken away since."""
    count = 0
    for transaction in history.transactions:
        takes_as_many = abs(transaction.points) == event.points
        if transaction.action in _TAKES_BACK and takes_as_many:
            count += 1
    return count


def ask_balance(event: PostedEvent, history: History, expected: Expected, read_at: datetime) -> Witness:
    """Return what the balance says; nothing where it was not told, its base is too old, or others moved it.

    It speaks alone where every entry that was read is accounted for by the ledger, or is the event's own.
    """
    base, now = expected.base, history.balance
    if base is None or now is None or read_at - base.told_at > BASE_HOLDS_FOR:
        return Witness(None)
    change = event.points if event.action == Action.EARNED else -event.points
    moved = now - base.balance
    # Of each request that may have landed the balance may hold the points.
    most = expected.requests + len(expected.double_times)
    if moved in {change * landed for landed in range(1, most + 1)}:
        return Witness(LANDED)
    if moved:
        return Witness(None)
    return Witness(DID_NOT, is_alone=not _strange_entries(event, history, expected))


def _lacks_what_was_confirmed(history: History, expected: Expected) -> bool:
    """Tell whether something that was confirmed not long ago is not shown, however a little differently told."""
    left = list(history.transactions)
    for event in expected.lately:
        shown = next((one for one in left if is_kin(one, event)), None)
        if shown is None:
            return True
        left.remove(shown)
    return False


def _is_balance_behind(event: PostedEvent, history: History, expected: Expected, witness: Witness) -> bool:
    """Tell whether the balance is one from before what was confirmed not long ago, and nothing seen took it back."""
    if witness.says is not None or history.balance not in expected.balances_before:
        return False
    return not _strange_entries(event, history, expected)


def _strange_entries(event: PostedEvent, history: History, expected: Expected) -> list[Transaction]:
    """Return the entries that neither the ledger nor the event accounts for: each may lie between the two balances."""
    left = list(expected.confirmed)
    strange = []
    for transaction in history.transactions:
        known = next((one for one in left if _is_of(transaction, one)), None)
        if known is not None:
            left.remove(known)
        elif not _is_of(transaction, event):
            strange.append(transaction)
    return strange


def _is_of(transaction: Transaction, event: PostedEvent) -> bool:
    return is_equal(transaction, event) and event.action_at in transaction.action_at_candidates


# How count and balance decide together. "New" is what the service shows more often than the ledger has confirmed;
# "doubles" are further requests of equal events, "requests" those of the event, that may have landed.
#
#     new                       almost equal  the balance says    so it is
#     below 0                   any           anything            unknown: what had landed is gone, nothing follows
#     0                         none          landed              unknown: they contradict each other
#     0                         none          did not, or nothing ready; but see below, and where the reading is behind
#     0                         some          anything            unknown: the event told otherwise, or somebody's
#     1 to doubles              any           anything            unknown: the event's, or another's second request
#     up to doubles + requests  any           did not land        unknown: they contradict each other
#     up to doubles + requests  any           landed, or nothing  posted: at least one of them is the event's
#     more                      any           anything            unknown: more than can be ours
#
# Where the service took the request and only its answer could not be read, a count of none is too little to send it
# again: it is ready only if the balance did not move and nothing foreign fits between the two.
#
# No row lets the balance make an event posted, and none lets it explain almost equal entries away. Somebody's entry of
# as many points, entered between the two balances, moves it just as the event would have: that made an event posted
# which never landed.
def weigh(count: Count, witness: Witness, *, was_answered: bool = False) -> State:
    """Return posted, ready, or unknown where the witnesses do not agree or cannot tell."""
    new = count.counted - count.confirmed
    if new < 0:
        return State.UNKNOWN
    if new == 0:
        return _weigh_none(count, witness, was_answered)
    is_ours = count.doubles < new <= count.doubles + count.requests
    return State.POSTED if is_ours and witness.says != DID_NOT else State.UNKNOWN


def _weigh_none(count: Count, witness: Witness, was_answered: bool) -> State:
    """Weigh that the service shows no entry that could be the event's own."""
    if count.unaccounted or witness.says == LANDED:
        return State.UNKNOWN
    if was_answered and not (witness.says == DID_NOT and witness.is_alone):
        return State.UNKNOWN
    return State.READY


def _word(state: State, count: Count, balance_says: str | None, *, is_behind: bool) -> str:
    entries = "1 equal entry" if count.counted == 1 else f"{count.counted} equal entries"
    seen = f"read back: {entries}, {count.confirmed} confirmed before"
    if count.unaccounted:
        seen += f", {count.unaccounted} almost equal and nobody's"
    if count.doubles:
        seen += f", {count.doubles} may be another equal event's second request"
    if is_behind:
        seen += ", what was confirmed before it is not shown, so it may be behind"
    balance = f"; by the balance {balance_says}" if balance_says else ""
    ending = {State.POSTED: ", so it landed", State.READY: ", so it did not land"}
    return seen + balance + ending.get(state, "; a person has to decide")
