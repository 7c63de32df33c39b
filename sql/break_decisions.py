"""What people decide about breaks: append-only, each with the hash of the one before."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from sql.closings import Move, record_move
from sql.lock import take_turn
from sql.tables import break_decisions, breaks
from transforms.vocabulary import ReasonCode


class Verb(StrEnum):
    """What a person may do with a break."""

    ACKNOWLEDGE = "acknowledge"  # seen, somebody works on it
    RESOLVE = "resolve"  # explained, nothing more to do
    REOPEN = "reopen"


# From which states, and to which, each verb leads.
_LEADS = {
    Verb.ACKNOWLEDGE: ({"open"}, "acknowledged"),
    Verb.RESOLVE: ({"open", "acknowledged"}, "resolved"),
    Verb.REOPEN: ({"acknowledged", "resolved", "closed"}, "open"),  # one that closed counts as open again
}


_OPEN = {"open", "acknowledged"}


class DecisionRefused(Exception):  # noqa: N818 - reads as what happened
    """A decision that does not fit the break; its text says why."""


def decide(
    connection: Connection,
    break_id: str,
    verb: Verb,
    *,
    actor: str,
    reason: str,
    reason_code: ReasonCode,
    now: datetime,
) -> None:
    """Record what a person decided and move the break; `DecisionRefused` where it does not fit."""
    leads_from, leads_to = _LEADS[verb]
    take_turn(connection)  # a run that closes meanwhile must not count half of it
    broken = connection.execute(select(breaks).where(breaks.c.break_id == break_id)).mappings().one_or_none()
    if broken is None:
        raise DecisionRefused(f"There is no break {break_id}: {_suggest(connection, break_id)}")
    state = broken["state"]
    if state not in leads_from:
        raise DecisionRefused(
            f"Break {break_id} is {state}: {verb} takes one that is {' or '.join(sorted(leads_from))}."
        )
    if not actor.strip() or not reason.strip():
        raise DecisionRefused("A decision needs a name and a reason: --by NAME --reason TEXT.")
    decision = {
        "break_id": break_id,
        "at": now,
        "actor": actor.strip(),
        "verb": str(verb),
        "reason": reason.strip(),
        "reason_code": str(reason_code),
    }
    _append(connection, decision)
    moved = {"state": leads_to, "owner": decision["actor"], "reason": decision["reason"], "closed_run_id": None}
    connection.execute(update(breaks).where(breaks.c.break_id == break_id).values(moved))
    was_open, is_open = state in _OPEN, leads_to in _OPEN
    if was_open != is_open:
        record_move(connection, dict(broken), Move.REOPENED if is_open else Move.RESOLVED, now=now)


def _append(connection: Connection, decision: Mapping[str, Any]) -> None:
    """Add the decision to the chain, bound to the one before by its hash."""
    latest = select(break_decisions.c.hash).order_by(break_decisions.c.decision_id.desc()).limit(1)
    previous = connection.execute(latest).scalar() or ""
    chained = dict(decision) | {"previous_hash": previous, "hash": chain_hash(previous, decision)}
    connection.execute(insert(break_decisions).values(chained))


def _suggest(connection: Connection, break_id: str) -> str:
    """Name the break that was probably meant: one that begins alike, or where they are listed."""
    alike = select(breaks.c.break_id).where(func.substr(breaks.c.break_id, 1, 4) == break_id[:4]).limit(100)
    known = connection.execute(alike).scalars().all()
    begins = [id_ for id_ in known if len(break_id) >= 4 and id_.startswith(break_id)]
    close = begins if len(begins) == 1 else get_close_matches(break_id, known, n=1, cutoff=0.8)
    return f"did you mean {close[0]}?" if close else "`tieout breaks` lists them."


def decisions_about(connection: Connection, break_id: str) -> Sequence[Row[Any]]:
    """Return what people decided about one break, oldest first; `DecisionRefused` where there is no such break."""
    if connection.execute(select(breaks.c.break_id).where(breaks.c.break_id == break_id)).scalar() is None:
        raise DecisionRefused(f"There is no break {break_id}: {_suggest(connection, break_id)}")
    of_break = select(break_decisions).where(break_decisions.c.break_id == break_id)
    return connection.execute(of_break.order_by(break_decisions.c.decision_id)).all()


def broken_link(connection: Connection) -> int | None:
    """Return the first decision whose hash does not follow from its content and the one before; None where all do."""
    previous = ""
    for row in connection.execute(select(break_decisions).order_by(break_decisions.c.decision_id)).mappings():
        if row["previous_hash"] != previous or row["hash"] != chain_hash(previous, dict(row)):
            return int(row["decision_id"])
        previous = row["hash"]
    return None


def chain_hash(previous: str, decision: Mapping[str, Any]) -> str:
    """Return the sha256 of a decision and the hash before it."""
    at = decision["at"].astimezone(UTC).isoformat(timespec="microseconds")
    said = [previous, at, *(decision[key] for key in ("break_id", "actor", "verb", "reason"))]
    if decision.get("reason_code") is not None:  # those from before there were codes keep their hash
        said.append(decision["reason_code"])
    return sha256(json.dumps(said).encode()).hexdigest()
