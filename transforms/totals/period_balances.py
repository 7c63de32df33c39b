"""Balances over a period: between the reading before its first event was posted, and one after the last was.

A balance is what a service has at the moment of reading, whatever days its entries are of. So a client's own balances
are those around the posting of the period's events, and what was posted between them of other days has a column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import pandas as pd

from transforms.outcomes import TAKEN_BACK
from transforms.totals.client_balances import Proof, typed, with_difference
from transforms.vocabulary import Action

_NOW: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Reading:
    """A reading of a client's balance from which answers can be reckoned."""

    read_at: datetime
    balance: int
    last_attempt_id: int  # the client's last request before it


@dataclass(frozen=True)
class Posted:
    """A posted event of a client, by its attempt; ``balance`` as its answer told it."""

    attempt_id: int
    points: int  # signed
    balance: int | None


@dataclass(frozen=True)
class Moved:
    """A break that says why a balance moved."""

    break_class: str
    more: int
    found_at: datetime  # of an entry that explains a balance of before: when that one was found
    closed_at: datetime | None  # when an entry was seen to be gone again
    is_gap: bool  # about the balance alone
    explains_gap: bool  # an entry that was read after the balance that it had moved


@dataclass(frozen=True)
class ClientFacts:
    """All that is known of one client of a period."""

    site_id: str
    client_id: str
    earned: int  # of the period
    redeemed: int
    first_attempt_id: int  # of the period's posted events
    last_attempt_id: int
    is_proved: bool  # by its balance alone, by now
    is_unread: bool  # something of the period was posted that nobody compared, nor its balance proves
    readings: Sequence[Reading]  # in order
    posted: Sequence[Posted]  # in order
    moved: Sequence[Moved]


class _Opening(NamedTuple):
    """What a client's balances go from."""

    balance: int
    after_attempt_id: int  # what was posted later moves the balance
    since_at: datetime | None  # of the reading; None: told by an answer


class _Closing(NamedTuple):
    """What a client's balances go to."""

    balance: int
    to_attempt_id: int
    until_at: datetime
    proof: Proof


@dataclass(frozen=True)
class _Ends:
    """What a client's balances go from and to."""

    opening: int
    after_attempt_id: int  # what was posted later moves the balance
    since_at: datetime | None  # of the reading; None: told by an answer
    closing: int
    to_attempt_id: int
    until_at: datetime
    proof: Proof


def opening_attempt(readings: Sequence[Reading], first_attempt_id: int) -> int:
    """Return the last request before the reading that a client's balances open with; -1 where there is none."""
    before = [reading for reading in readings if reading.last_attempt_id < first_attempt_id]
    return before[-1].last_attempt_id if before else -1


def period_balances(clients: Sequence[ClientFacts], ends_at: Mapping[str, datetime]) -> pd.DataFrame:
    """Return one row per client of the period, as `transforms.totals.client_balances.COLUMNS` and ``other_days``.

    ``other_days``: points, signed, that were posted between the two balances and are of other days than the period's.
    ``ends_at``: when the period is over, by site.
    """
    rows = [_row(facts, ends_at.get(facts.site_id)) for facts in clients]
    other_days = [row.pop("other_days", None) for row in rows]
    frame = typed(rows)
    return frame.assign(other_days=pd.Series(other_days, index=frame.index, dtype="Int64"))


def _row(facts: ClientFacts, ends_at: datetime | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "site_id": facts.site_id,
        "client_id": facts.client_id,
        "earned": facts.earned,
        "redeemed": facts.redeemed,
    }
    ends = _ends(facts, ends_at)
    if ends is None:
        return {**row, "proof": Proof.NOT_READ if facts.is_unread else Proof.IN_DOUBT}
    other_days = _points_between(facts, ends) - (facts.earned - facts.redeemed)
    row |= _moved(facts.moved, ends)
    row["proof"] = ends.proof
    # The difference is taken from the balance that what is of other days has moved. The one that is shown is the one
    # that was read: a person has to find it at the service, and what is of other days is told in its own column.
    row["opening"] = ends.opening + other_days
    row["closing"] = ends.closing
    row = with_difference(row)
    row["opening"] = ends.opening
    row["other_days"] = other_days
    row["proved_since_at"] = facts.readings[-1].read_at if ends.until_at is _NOW else ends.until_at
    return row


def _points_between(facts: ClientFacts, ends: _Ends) -> int:
    """Return the signed points of all that was posted between both balances, whatever day it is of."""
    between = [one.points for one in facts.posted if ends.after_attempt_id < one.attempt_id <= ends.to_attempt_id]
    return sum(between)


def _ends(facts: ClientFacts, ends_at: datetime | None) -> _Ends | None:
    closing = _closing(facts, ends_at)
    opening = _opening(facts)
    if closing is None or opening is None:
        return None
    return _Ends(
        opening=opening.balance,
        after_attempt_id=opening.after_attempt_id,
        since_at=opening.since_at,
        closing=closing.balance,
        to_attempt_id=closing.to_attempt_id,
        until_at=closing.until_at,
        proof=closing.proof,
    )


def _opening(facts: ClientFacts) -> _Opening | None:
    """Return the balance before the period's first event: read, or reckoned back from the first that was told."""
    before = [reading for reading in facts.readings if reading.last_attempt_id < facts.first_attempt_id]
    if before:
        last = before[-1]
        return _Opening(last.balance, last.last_attempt_id, last.read_at)
    # Never read before: the first balance that was told, less all that was posted up to it.
    posted_so_far = 0
    for one in facts.posted:
        posted_so_far += one.points
        if one.balance is not None:
            return _Opening(one.balance - posted_so_far, after_attempt_id=-1, since_at=None)
    return None


def _closing(facts: ClientFacts, ends_at: datetime | None) -> _Closing | None:
    """Return the balance after the period's last event, with the last request before it: read, or as told."""
    after = [reading for reading in facts.readings if reading.last_attempt_id >= facts.last_attempt_id]
    if after and not facts.is_proved:
        # The last one of the period itself, so that what the next period brings is not told in this one; where nobody
        # read in time, the first one after it.
        within = [reading for reading in after if ends_at is None or reading.read_at < ends_at]
        read = within[-1] if within else after[0]
        return _Closing(read.balance, read.last_attempt_id, read.read_at, Proof.READ)
    if not facts.is_proved:
        return None
    for one in facts.posted:
        if one.attempt_id >= facts.last_attempt_id and one.balance is not None:
            # Whatever moved it since the last reading would break the chain that proves it.
            return _Closing(one.balance, one.attempt_id, _NOW, Proof.BALANCE)
    return None


def _moved(moved: Sequence[Moved], ends: _Ends) -> dict[str, int]:
    """Return what others entered, what was taken back, and what has no entry, between both balances."""
    sums = {"others": 0, "taken_back": 0, "without_entry": 0}
    for one in moved:
        column = _column_of(one)
        if _is_between(one.found_at, ends):
            sums[column] += one.more
            # An entry that explains a balance of before is not told a second time by it.
            if one.explains_gap:
                sums["without_entry"] -= one.more
        # Seen to be gone again: the balance lost what it had moved it by. One about the balance alone has no entry that
        # could go.
        if one.closed_at is not None and not one.is_gap and _is_between(one.closed_at, ends):
            sums[column] -= one.more
    return sums


def _column_of(moved: Moved) -> str:
    if moved.is_gap:
        return "without_entry"
    return "taken_back" if moved.break_class in TAKEN_BACK else "others"


def _is_between(at: datetime, ends: _Ends) -> bool:
    is_after = ends.since_at is None or at > ends.since_at
    return is_after and at <= ends.until_at


def signed(action: str, points: int) -> int:
    """Return points as they move a balance."""
    return points if action == Action.EARNED else -points
