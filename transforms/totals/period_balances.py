"""Balances over a period: between the reading before its first event was posted, and one after the last was.

A balance is what a service has at the moment of reading, whatever days its entries are of. So a client's own balances
are those around the posting of the period's events, and what was posted between them of other days has a column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from transforms.totals.client_balances import Proof, typed, with_difference
from transforms.vocabulary import Action, Outcome

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
    others = [row.get("other_days") for row in rows]
    frame = typed([{name: value for name, value in row.items() if name != "other_days"} for row in rows])
    return frame.assign(other_days=pd.Series(pd.array(others, dtype="Int64"), index=frame.index))


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
    between = [one for one in facts.posted if ends.after_attempt_id < one.attempt_id <= ends.to_attempt_id]
    own = facts.earned - facts.redeemed
    other_days = sum(one.points for one in between) - own
    moved = _moved(facts.moved, ends)
    told = with_difference(
        {**row, **moved, "opening": ends.opening + other_days, "closing": ends.closing, "proof": ends.proof}
    )
    # The balance that was read, and not the one that what is of other days has moved: it is told in its own column.
    read_at = facts.readings[-1].read_at if ends.until_at is _NOW else ends.until_at
    return {**told, "opening": ends.opening, "other_days": other_days, "proved_since_at": read_at}


def _ends(facts: ClientFacts, ends_at: datetime | None) -> _Ends | None:
    before = [reading for reading in facts.readings if reading.last_attempt_id < facts.first_attempt_id]
    closing = _closing(facts, ends_at)
    if closing is None:
        return None
    balance, to_attempt_id, until_at, proof = closing
    if before:
        first = before[-1]
        return _Ends(
            opening=first.balance,
            after_attempt_id=first.last_attempt_id,
            since_at=first.read_at,
            closing=balance,
            to_attempt_id=to_attempt_id,
            until_at=until_at,
            proof=proof,
        )
    telling = next((number for number, one in enumerate(facts.posted) if one.balance is not None), None)
    if telling is None:
        return None
    told = facts.posted[telling].balance or 0
    # Never read before: the first balance that was told, less all that was posted up to it.
    opening = told - sum(one.points for one in facts.posted[: telling + 1])
    return _Ends(
        opening=opening,
        after_attempt_id=-1,
        since_at=None,
        closing=balance,
        to_attempt_id=to_attempt_id,
        until_at=until_at,
        proof=proof,
    )


def _closing(facts: ClientFacts, ends_at: datetime | None) -> tuple[int, int, datetime, Proof] | None:
    """Return the balance after the period's last event, with the last request before it: read, or as told."""
    after = [reading for reading in facts.readings if reading.last_attempt_id >= facts.last_attempt_id]
    if after and not facts.is_proved:
        within = [reading for reading in after if ends_at is None or reading.read_at < ends_at]
        last = within[-1] if within else after[0]
        return last.balance, last.last_attempt_id, last.read_at, Proof.READ
    told = [one for one in facts.posted if one.attempt_id >= facts.last_attempt_id and one.balance is not None]
    if not facts.is_proved or not told:
        return None
    # Whatever moved it since the last reading would break the chain that proves it.
    return told[0].balance or 0, told[0].attempt_id, _NOW, Proof.BALANCE


def _moved(moved: Sequence[Moved], ends: _Ends) -> dict[str, int]:
    """Return what others entered, what was taken back, and what has no entry, between both balances."""
    sums = {"others": 0, "taken_back": 0, "without_entry": 0}
    for one in moved:
        column = "taken_back" if one.break_class == Outcome.REVERSED_REMOTE else "others"
        if one.is_gap:
            column = "without_entry"
        if _is_between(one.found_at, ends):
            sums[column] += one.more
            # An entry that explains a balance of before is not told a second time by it.
            if one.explains_gap:
                sums["without_entry"] -= one.more
        if one.closed_at is not None and not one.is_gap and _is_between(one.closed_at, ends):
            sums[column] -= one.more
    return sums


def _is_between(at: datetime, ends: _Ends) -> bool:
    is_after = ends.since_at is None or at > ends.since_at
    return is_after and at <= ends.until_at


def signed(action: str, points: int) -> int:
    """Return points as they move a balance."""
    return points if action == Action.EARNED else -points
