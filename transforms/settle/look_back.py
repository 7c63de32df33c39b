"""Tell whether a service shows what a ledger sent and does not remember: pure, of one client's history.

An entry is *of ours* where it is equal, to the second, to an event that is about to be sent: whoever entered it,
sending would pay twice. An entry *looks like ours* where nobody accounts for it and it is later than the last thing
that the ledger did; one client may have got it by hand, so several clients have to show one each.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from transforms.settle.history import History, PostedEvent, Transaction
from transforms.vocabulary import State

# The service may have them: what was sent, and what may have been.
_MAY_BE_THERE = frozenset({State.POSTED, State.SENDING, State.UNKNOWN})
_LEAST_CLIENTS = 2


class KnownEvent(PostedEvent, Protocol):
    """An event of the client, whatever became of it."""

    @property
    def event_id(self) -> str:
        """Its id in the ledger."""

    @property
    def state(self) -> str:
        """Where it stands now."""


_Content = tuple[str, int, str | None, int | None, datetime]


@dataclass(frozen=True)
class Seen:
    """What one client's history shows beyond what the ledger accounts for."""

    client_id: str
    was_sent_to: bool  # something, by this ledger, before
    about_to_be_sent: tuple[str, ...]  # ids of ready events that the service shows already
    unaccounted: tuple[Transaction, ...]  # later than the ledger's last run, and nobody's


def look_at(
    history: History, events: Sequence[KnownEvent], explained: Sequence[tuple[datetime, int]], known_until: datetime
) -> Seen:
    """Hold a client's history against all that the ledger has of it.

    ``explained`` are time and points of entries that a person has answered for; they, and what is not later than
    ``known_until``, are not told as unaccounted.
    """
    may_be_there = [event for event in events if State(event.state) in _MAY_BE_THERE]
    # By count, since entries have no ids: of two equal entries and one event, one entry is left that nobody accounts
    # for.
    accounted = Counter(map(_content, may_be_there))
    ready = _ready_by_content(events)
    of_ours: list[str] = []
    unaccounted: list[Transaction] = []
    for entry in history.transactions:
        contents = _contents(entry)
        match = next((content for content in contents if accounted[content] > 0), None)
        if match is not None:
            accounted[match] -= 1
            continue
        waiting = next((ready[content] for content in contents if ready.get(content)), None)
        if waiting:
            of_ours.append(waiting.pop(0))
        elif entry.action_at > known_until and (entry.action_at, abs(entry.points)) not in explained:
            unaccounted.append(entry)
    return Seen(history.client_id, bool(may_be_there), tuple(of_ours), tuple(unaccounted))


def _ready_by_content(events: Sequence[KnownEvent]) -> dict[_Content, list[str]]:
    ready: dict[_Content, list[str]] = {}
    for event in events:
        if State(event.state) is State.READY:
            ready.setdefault(_content(event), []).append(event.event_id)
    return ready


def _content(event: KnownEvent) -> _Content:
    return event.action, event.points, event.source, event.source_id, event.action_at.replace(microsecond=0)


def _contents(entry: Transaction) -> list[_Content]:
    """Return what the entry may say: its time is two where the site's clock went back over that hour."""
    contents: list[_Content] = []
    for at in entry.action_at_candidates:
        # A service tells times to the second, whatever an event was sent with.
        to_the_second = at.replace(microsecond=0)
        contents.append((entry.action, entry.points, entry.source, entry.source_id, to_the_second))
    return contents


def is_rolled_back(seen: Sequence[Seen]) -> bool:
    """Return whether what was seen says that the ledger has forgotten something.

    One event that is about to be sent and is there is enough. Unaccounted entries are, where at least two clients have
    some, and half of those whom this ledger sent something before: staff who enter by hand do not meet a sample so.
    """
    if any(one.about_to_be_sent for one in seen):
        return True
    known = [one for one in seen if one.was_sent_to]
    with_entries = [one for one in known if one.unaccounted]
    is_half = 2 * len(with_entries) >= len(known)
    return len(with_entries) >= _LEAST_CLIENTS and is_half


def pick_clients(in_turn: Sequence[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """Return so many of the clients, half of them the first and half spread over the others.

    A forgotten night sent the first ones, unless what came since is older than all of it.

    >>> pick_clients([("1", client_id) for client_id in "abcdefgh"], 4)
    [('1', 'a'), ('1', 'b'), ('1', 'c'), ('1', 'f')]
    """
    first_count = (most + 1) // 2
    first = list(in_turn[:first_count])
    others = in_turn[first_count:]
    spread_count = min(most - first_count, len(others))
    spread = [others[number * len(others) // spread_count] for number in range(spread_count)]
    return first + spread
