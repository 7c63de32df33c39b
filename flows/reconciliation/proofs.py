"""Judge by the ledger of which clients the balance proves what was posted, and why the others are read.

The rules are pure (`transforms.reconcile`); here stands where their facts come from.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.proof import Client, agreed_count, chain_links, clients_facts
from transforms.reconcile.chain import Base, Chain, Link, follow
from transforms.reconcile.proof import ENOUGH_AGREED, Facts, Proof, Why, why_read
from transforms.vocabulary import Action, Verdict

_Links = Mapping[str, Sequence[Row[Any]]]  # by lane


@dataclass
class Judged:
    """Of each client that was asked for either why it has to be read, or what proves it."""

    whys: dict[Client, Why] = field(default_factory=dict)
    proved: dict[Client, Proof] = field(default_factory=dict)
    # Of those that are proved: when the first event was posted that no reading has compared.
    waits_since: dict[Client, datetime] = field(default_factory=dict)

    def take_back(self, client: Client, why: Why) -> None:
        """Let a client be read whom the balance would prove."""
        if self.proved.pop(client, None) is not None:
            del self.waits_since[client]
        self.whys.setdefault(client, why)


@dataclass(frozen=True)
class Known:
    """What the ledger has of one client: what was last read, and what was sent since."""

    row: Row[Any]  # as `sql.proof.clients_facts` gives it
    links: Sequence[Row[Any]]  # as `sql.proof.chain_links` gives them; of a client without a base none

    @property
    def client(self) -> Client:
        """Site and client id."""
        return self.row.site_id, self.row.client_id

    @property
    def chain(self) -> Chain | None:
        """The balance as it follows from the last reading; None where that is no base."""
        if not self.row.is_base:
            return None
        return follow(Base(self.row.balance, self.row.read_at), map(_link, self.links))


def judge(connection: Connection, clients: Iterable[Client]) -> Judged:
    """Judge each of these clients by what the ledger holds at this moment."""
    judged = Judged()
    trusted: dict[str, bool] = {}
    for known in known_of(connection, clients):
        site_id = known.row.site_id
        if site_id not in trusted:
            trusted[site_id] = is_trusted(connection, site_id)
        why = why_read(_facts(known, is_trusted=trusted[site_id]))
        chain = known.chain
        if why is not None or chain is None:
            judged.whys[known.client] = why or Why.NO_BASE
            continue
        judged.proved[known.client] = _proof(chain, known.links)
        judged.waits_since[known.client] = known.row.waits_since_at
    return judged


def known_of(connection: Connection, clients: Iterable[Client]) -> list[Known]:
    """Return what the ledger has of each client, ordered by lane."""
    rows = clients_facts(connection, clients)
    last_attempts = {row.lane: row.last_attempt_id for row in rows if row.is_base}
    links: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for link in chain_links(connection, last_attempts):
        links[link.lane].append(link)
    return [Known(row, links[row.lane]) for row in rows]


def is_trusted(connection: Connection, site_id: str) -> bool:
    """Return whether enough chains of the site agreed with a reading since the last one that did not."""
    return agreed_count(connection, site_id, ENOUGH_AGREED) >= ENOUGH_AGREED


def _facts(known: Known, *, is_trusted: bool) -> Facts:
    return Facts(
        is_trusted=is_trusted,
        is_doubtful=known.row.is_doubtful,
        is_watched=known.row.is_watched,
        has_break=known.row.has_break,
        chain=known.chain,
        unread_count=known.row.unread_count,
        linked_count=sum(1 for link in known.links if link.is_unread),
    )


def _link(row: Row[Any]) -> Link:
    return Link(
        attempt_id=row.attempt_id,
        change=_change(row),
        is_confirmed=row.verdict == Verdict.POSTED,
        # Null where no answer is recorded, or an older version recorded it.
        is_echo=bool(row.is_echo),
        balance=row.balance,
        answered_at=row.answered_at,
    )


def _change(row: Row[Any]) -> int:
    points: int = row.points
    return points if row.action == Action.EARNED else -points


def _proof(chain: Chain, links: Sequence[Row[Any]]) -> Proof:
    earned = 0
    redeemed = 0
    for row in links:
        change = _change(row)
        if change > 0:
            earned += change
        else:
            redeemed -= change
    unread = frozenset(row.event_id for row in links if row.is_unread)
    return Proof(chain, earned, redeemed, unread)
