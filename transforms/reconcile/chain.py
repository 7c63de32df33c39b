"""Follow a client's balance from a reading through the answers to our own posts, one link after the other.

Mindbody answers each post with the entry and the balance after it. Where balance before + points = balance after, from
a balance that was read, nothing else has moved it up to there. What a balance cannot show: two foreign entries that
cancel each other out, and whatever happens after the last answer. Points are whole, times aware UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter


class Flaw(StrEnum):
    """Why a chain is no proof; in the words of a report."""

    UNCONFIRMED = "a request was refused, or nobody knows what became of it"
    NO_ECHO = "the service did not repeat an event as it was sent"
    NO_BALANCE = "an answer told no balance"
    MOVED = "the balance moved by more or less than what was posted"


@dataclass(frozen=True)
class Base:
    """A balance that was read, while nothing of the client was in doubt."""

    balance: int
    read_at: datetime  # when reading began


@dataclass(frozen=True)
class Link:
    """One request that may have reached the service since the base, and what was answered."""

    attempt_id: int  # requests for one client leave in this order, each after the one before has ended
    change: int  # signed points
    is_confirmed: bool  # the service said that it took effect; False too where no answer came, or none is recorded
    is_echo: bool  # the answer lists this entry alone, and every field of it as it was sent
    balance: int | None  # as the answer tells it
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Chain:
    """What follows from a base and the links since."""

    base: Base
    balance: int  # after the last link that holds
    last_at: datetime  # when that was answered; of the base where there is none
    links_count: int  # that hold
    flaw: Flaw | None  # of the first link that does not

    @property
    def is_whole(self) -> bool:
        """Whether every request since the base is accounted for, and nothing else has moved the balance."""
        return self.flaw is None


def follow(base: Base, links: Iterable[Link]) -> Chain:
    """Follow the balance as far as it holds; one link that does not breaks the chain for good.

    ``links`` are all requests since the base that may have reached the service, in any order.
    """
    balance, last_at, count = base.balance, base.read_at, 0
    for link in sorted(links, key=attrgetter("attempt_id")):
        flaw = _flaw_of(link, balance)
        if flaw is not None or link.balance is None:
            return Chain(base, balance, last_at, count, flaw)
        balance = link.balance
        last_at = link.answered_at or last_at
        count += 1
    return Chain(base, balance, last_at, count, None)


def _flaw_of(link: Link, balance_before: int) -> Flaw | None:
    # A refusal moved nothing, as far as the service says; and an answer that was lost may have. Either way the balance
    # after it cannot be told from one that somebody else has moved.
    if not link.is_confirmed:
        return Flaw.UNCONFIRMED
    # An answer that lists other fields than were sent confirms something else: the points may be right, and the action,
    # or whose they are, wrong.
    if not link.is_echo:
        return Flaw.NO_ECHO
    if link.balance is None:
        return Flaw.NO_BALANCE
    # Exactly: a service that rounds, or tells another balance, proves nothing.
    expected = balance_before + link.change
    return None if link.balance == expected else Flaw.MOVED
