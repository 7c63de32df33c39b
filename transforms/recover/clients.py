"""Make out which events of one client were sent, by counting what the service shows: pure, as settling is.

Mindbody gives no ids, so equal entries are counted. First the events that the ledger knows as posted take theirs; what
is left over is dealt out among the events in question. As many entries as equal events mean that all of them were sent;
fewer, that so many of them were. Which ones does not matter, since they are equal in all that the service is told.
Nothing that is not shown counts as sent, and nothing here lets an event be sent: what is not proved waits for a person.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from transforms.recover.proofs import Proof, Said, by_snapshot, told_before
from transforms.settle.history import History, PostedEvent, Transaction, is_equal, is_kin
from transforms.vocabulary import How, State

_MOST_SHOWN = 3  # entries that a reason names


@dataclass(frozen=True)
class Lost:
    """An earn or redeem of which nobody knows whether it was sent."""

    event_id: str
    action: str
    points: int
    source: str | None
    source_id: int | None
    action_at: datetime
    has_time: bool  # False: it was sent at another time than `action_at`, if it was, and nobody knows at which
    said: Said | None


_Identity: TypeAlias = tuple[str, int, str | None, int | None, datetime]


def prove_client(
    lost: Sequence[Lost], confirmed: Iterable[PostedEvent], history: History, read_at: datetime
) -> list[Proof]:
    """Return where each of a client's events stands, in their order.

    ``confirmed`` are the client's events that the ledger has as posted; ``history`` covers the days of all of them.
    """
    left = _without(history.transactions, confirmed)
    equal_events = _by_identity(lost)
    dealt = _deal_out(equal_events, left)
    proofs: dict[str, Proof] = {}
    for identity, events in equal_events.items():
        entries = dealt.get(identity, [])
        seen = _Seen(read_at, shown=len(entries), equal_events=len(events), nobodys=_like(events[0], left))
        # Of equal events nobody can tell which of them the entries are: the likeliest are taken to be there.
        for number, event in enumerate(_most_likely_first(events)):
            proofs[event.event_id] = _judge(event, seen, is_shown=number < len(entries))
    undated = [event for event in lost if not event.has_time]
    for event in undated:
        seen = _Seen(read_at, shown=0, equal_events=1, nobodys=_like(event, left))
        proofs[event.event_id] = _judge(event, seen, is_shown=False)
    return [proofs[event.event_id] for event in lost]


@dataclass(frozen=True)
class _Seen:
    """What the service shows that is like an event."""

    read_at: datetime
    shown: int  # entries that are equal, and that no event known as posted accounts for
    equal_events: int  # events in question that are equal
    nobodys: Sequence[Transaction]  # entries almost equal that nothing accounts for


def _without(transactions: Sequence[Transaction], confirmed: Iterable[PostedEvent]) -> list[Transaction]:
    """Return the transactions that no confirmed event accounts for; each accounts for one."""
    left = list(transactions)
    for event in confirmed:
        fitting = [one for one in left if is_equal(one, event) and event.action_at in one.action_at_candidates]
        if fitting:
            # In the doubled hour an entry may be of either hour: one that can be of this one alone goes first.
            left.remove(min(fitting, key=lambda one: len(one.action_at_candidates)))
    return left


def _by_identity(lost: Sequence[Lost]) -> dict[_Identity, list[Lost]]:
    equal: defaultdict[_Identity, list[Lost]] = defaultdict(list)
    dated = [event for event in lost if event.has_time]
    for event in dated:
        identity = (event.action, event.points, event.source, event.source_id, event.action_at)
        equal[identity].append(event)
    return dict(equal)


def _deal_out(equal_events: dict[_Identity, list[Lost]], left: list[Transaction]) -> dict[_Identity, list[Transaction]]:
    """Give each group of equal events the entries that prove it, and take those out of ``left``."""
    dealt: dict[_Identity, list[Transaction]] = {}
    for identity, events in equal_events.items():
        fitting = [one for one in left if _fits(one, events[0])]
        sure = [one for one in fitting if len(one.action_at_candidates) == 1]
        dealt[identity] = _take(left, sure, len(events))
    # What may be of either of two hours proves something only where it is enough for the events of both.
    either: defaultdict[tuple[datetime, ...], list[_Identity]] = defaultdict(list)
    for identity, events in equal_events.items():
        hours = dict.fromkeys(one.action_at_candidates for one in left if _fits(one, events[0]))
        for candidates in hours:
            either[candidates].append(identity)
    for identities in either.values():
        _deal_out_either(identities, equal_events, dealt, left)
    return dealt


def _deal_out_either(
    identities: Sequence[_Identity],
    equal_events: dict[_Identity, list[Lost]],
    dealt: dict[_Identity, list[Transaction]],
    left: list[Transaction],
) -> None:
    """Deal out entries of the doubled hour, one group of equal content after the other, where they suffice."""
    by_content: defaultdict[tuple[Any, ...], list[_Identity]] = defaultdict(list)
    for identity in identities:
        *content, _time = identity
        by_content[tuple(content)].append(identity)
    for alike in by_content.values():
        an_event = equal_events[alike[0]][0]
        # Of either half of the hour: only such an entry may be of the one identity or of the other.
        of_either = [one for one in left if len(one.action_at_candidates) > 1]
        fitting = [one for one in of_either if _fits(one, an_event)]
        missing = {identity: len(equal_events[identity]) - len(dealt[identity]) for identity in alike}
        if len(fitting) < sum(missing.values()):
            continue
        for identity, count in missing.items():
            still_left = [one for one in fitting if one in left]
            dealt[identity] += _take(left, still_left, count)


def _take(left: list[Transaction], fitting: Sequence[Transaction], most: int) -> list[Transaction]:
    taken = list(fitting[:most])
    for one in taken:
        left.remove(one)
    return taken


def _fits(transaction: Transaction, event: Lost) -> bool:
    return is_equal(transaction, event) and event.action_at in transaction.action_at_candidates


def _like(event: Lost, left: Sequence[Transaction]) -> list[Transaction]:
    """Return entries that may be the event's all the same: equal at another time, or at its time told otherwise."""
    at_another_time = [one for one in left if is_equal(one, event)]
    told_otherwise = [
        one
        for one in left
        if event.action_at in one.action_at_candidates and is_kin(one, event) and not is_equal(one, event)
    ]
    return [*at_another_time, *told_otherwise]


def _most_likely_first(events: Sequence[Lost]) -> list[Lost]:
    """Order equal events by what snapshots say: those known as posted first, those that a person discarded last."""
    return sorted(events, key=_rank)


def _rank(event: Lost) -> int:
    if event.said is None:
        return 1
    ranks = {State.POSTED: 0, State.DISCARDED: 2}
    return ranks.get(State(event.said.state), 1)


# What follows for one event. "Shown" is that an equal entry is left for it once those known as posted have theirs.
#
#     shown   the snapshot says    almost equal, nobody's   so it is
#     yes     discarded            any                      discarded: the entry is somebody else's
#     yes     anything else        any                      posted
#     no      posted               any                      posted: it was confirmed once
#     no      discarded            any                      discarded
#     no      anything else        some                     held: one of them may be it
#     no      anything else        none                     held: nothing shows that it was sent
def _judge(event: Lost, seen: _Seen, *, is_shown: bool) -> Proof:
    evidence = {
        "read_at": seen.read_at.isoformat(),
        "shown": seen.shown,
        "equal_events": seen.equal_events,
        "almost_equal": [one.action_at.isoformat() for one in seen.nobodys[:_MOST_SHOWN]],
        "snapshot_run": event.said and event.said.run_id,
        "snapshot_said": event.said and event.said.state,
    }
    # An entry is there, and the event was dropped unsent: then the entry is somebody else's, equal by chance.
    was_discarded = event.said is not None and event.said.state == State.DISCARDED
    if is_shown and not was_discarded:
        reason = f"recovered: the service shows {_entries(seen)}, so it was sent"
        return Proof(event.event_id, State.POSTED, How.SERVICE, reason, evidence)
    proved = by_snapshot(event.event_id, event.said, evidence)
    if proved is not None:
        return proved
    # Never sent again by itself: what nothing proves may have been paid by the ledger that is lost.
    how, why = _why_unproved(event, seen)
    reason = f"recovered: {why}{told_before(event.said)}"
    return Proof(event.event_id, State.HELD, how, reason, evidence)


def _why_unproved(event: Lost, seen: _Seen) -> tuple[How, str]:
    if seen.nobodys:
        how = How.AMBIGUOUS
        why = f"{_almost(event, seen)}, which may be this one: look at the client before you approve"
    elif seen.shown:
        how = How.NOT_SHOWN
        entries = f"{_entries(seen)} for {seen.equal_events} equal events"
        why = f"the service shows {entries}, so nothing proves that it was sent"
    else:
        how = How.NOT_SHOWN
        why = "the service shows no entry like it, so nothing proves that it was sent"
    # Without a time there was little to compare, whatever the service shows.
    return (how if event.has_time else How.NO_TIME), why


def _entries(seen: _Seen) -> str:
    return "1 equal entry" if seen.shown == 1 else f"{seen.shown} equal entries"


def _almost(event: Lost, seen: _Seen) -> str:
    count = len(seen.nobodys)
    entries = "1 entry" if count == 1 else f"{count} entries"
    shown = seen.nobodys[:_MOST_SHOWN]
    times = ", ".join(f"{one.action_at:%Y-%m-%d %H:%M:%S}Z" for one in shown)
    alike = "equal but for its time" if event.has_time else "equal, but the row has no time"
    return f"the service shows {entries} at {times} that nothing accounts for ({alike})"
