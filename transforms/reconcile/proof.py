"""Whom to read tonight: what the service confirmed, and its balance proves, needs no second call.

It spares a read and decides nothing: what is unknown, refused or watched is read, as is all of a site whose balances
have not been found right often enough.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from transforms.reconcile.chain import Chain

Client = tuple[str, str]  # site and client id

ENOUGH_AGREED = 200  # chains of a site that a reading found right, since the last one that it did not
_A_NIGHT = timedelta(days=1)


class Why(StrEnum):
    """Why a client is read; what is doubtful stands first, and is read first where calls are short."""

    IN_DOUBT = "something is in doubt"
    OPEN_BREAK = "a break is open"
    WATCHED = "an event is under watch"
    BROKEN = "the balance does not follow"
    NOT_LINKED = "something was posted that no answer accounts for"
    NO_BASE = "no balance to start from was read yet"
    NOT_TRUSTED = "too few balances of the site were found right"
    NOTHING_NEW = "nothing was posted that is not read back"
    SETTING = "every client is read"
    TURN = "its turn has come"


@dataclass(frozen=True)
class Facts:
    """What the ledger knows of one client, at one moment."""

    is_trusted: bool  # of its site: enough chains agreed with a reading
    is_doubtful: bool  # something is on its way, or unknown
    is_watched: bool
    has_break: bool  # open or acknowledged
    chain: Chain | None  # None: no base
    unread_count: int  # events that are posted, and no reading has compared
    linked_count: int  # of those, the ones that are links of the chain


# Read from above: the first row that fits decides. A cell that is empty may be anything.
#
#     in doubt  break  watched  base  chain   links = posted  trusted  anything new   so it is
#     yes                                                                             read
#               yes                                                                   read
#                      yes                                                            read
#                               no                                                    read
#                                     broken                                          read
#                                             no                                      read
#                                                             no                      read
#                                                                      no             read
#     no        no     no       yes   whole   yes             yes      yes            proved by the balance
def why_read(facts: Facts) -> Why | None:
    """Return why the client has to be read now; None where the balance proves all that was posted."""
    if facts.is_doubtful:
        return Why.IN_DOUBT
    if facts.has_break:
        return Why.OPEN_BREAK
    if facts.is_watched:
        return Why.WATCHED
    if facts.chain is None:
        return Why.NO_BASE
    if not facts.chain.is_whole:
        return Why.BROKEN
    # What was settled by reading back, recovered, or sent before the base has no link: nothing vouches for it.
    if facts.linked_count != facts.unread_count:
        return Why.NOT_LINKED
    if not facts.is_trusted:
        return Why.NOT_TRUSTED
    return None if facts.unread_count else Why.NOTHING_NEW


def turns(
    waiting: Mapping[Client, datetime], now: datetime, period: timedelta, most: int, *, with_share: bool = True
) -> list[Client]:
    """Return who is read by turn tonight, the longest waiting first, no more than ``most``.

    ``waiting``: when the first event was posted that no reading has compared yet, of clients that a balance proves.
    Each is to be read within ``period``, with nights a day apart. With a night's share of those who wait, that many go
    earlier, so that no night pays for all.
    """
    if most <= 0:
        return []
    in_order = sorted(waiting, key=lambda client: (waiting[client], client))
    # Whoever would be past the period by the next night is due in this one.
    latest_wait = period - _A_NIGHT
    overdue_count = sum(now - since_at >= latest_wait for since_at in waiting.values())
    nights = max(1, period // _A_NIGHT)
    share = len(in_order) // nights if with_share else 0
    # The longest waiting stand first, so the overdue ones are among the first so many.
    return in_order[: min(most, max(overdue_count, share))]


@dataclass(frozen=True)
class Proof:
    """What the balance proves of one client: its chain, what was posted along it, and which events those are."""

    chain: Chain
    earned: int
    redeemed: int
    event_ids: frozenset[str]


@dataclass(frozen=True)
class Proofs:
    """What was decided about clients before reading: why each is read, and what the others are proved by.

    A client whose turn has come stands in both, until it is read.
    """

    whys: Mapping[Client, Why] = field(default_factory=dict)
    proved: Mapping[Client, Proof] = field(default_factory=dict)

    def without(self, clients: Collection[Client], sites: Collection[str]) -> "Proofs":
        """Return them without the clients that were read, and without sites whose balances prove nothing any more."""
        left: dict[Client, Proof] = {}
        for client, proof in self.proved.items():
            site_id, _ = client
            if client not in clients and site_id not in sites:
                left[client] = proof
        return Proofs(self.whys, left)
