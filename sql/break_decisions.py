"""What people decide about breaks: append-only, each with the hash of the one before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from sql.chain import append_link, digest, find_broken_link
from sql.closings import Move, record_move
from sql.lock import take_turn
from sql.tables.breaks import break_decisions, breaks
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
    # A run that closes meanwhile must not count half of it: the break moved, and its move not yet written down.
    take_turn(connection)
    broken = _find_break_for(connection, break_id, verb)
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
    # Written down before the break moves: a break that is resolved without a word of anybody would be a difference that
    # nobody answers for.
    append_link(connection, break_decisions, decision, chain_hash)
    _, leads_to = _LEADS[verb]
    moved = {
        "state": leads_to,
        "owner": decision["actor"],
        "reason": decision["reason"],
        "reason_code": decision["reason_code"],
        "closed_run_id": None,
    }
    connection.execute(update(breaks).where(breaks.c.break_id == break_id).values(moved))
    # Acknowledging moves nothing: the break was among the open ones, and stays there.
    was_open = broken["state"] in _OPEN
    is_open = leads_to in _OPEN
    if was_open != is_open:
        record_move(connection, broken, Move.REOPENED if is_open else Move.RESOLVED, now=now)


def carry_decision(connection: Connection, from_id: str, to_id: str, *, now: datetime) -> None:
    """Let what a person said of one break hold for another that is the same difference; where nobody has, nothing.

    The ledger's own name stands in the chain, since the person did not decide about this one; the break has its owner.
    """
    both = select(breaks).where(breaks.c.break_id.in_([from_id, to_id]))
    by_id = {row["break_id"]: row for row in connection.execute(both).mappings()}
    said, about = by_id[from_id], by_id[to_id]
    of_break = select(break_decisions).where(break_decisions.c.break_id == from_id)
    latest = of_break.order_by(break_decisions.c.decision_id.desc()).limit(1)
    decision = connection.execute(latest).one_or_none()
    # What somebody has said of the other one himself stays, and so does a difference that was opened again.
    if about["state"] != "open" or decision is None or decision.verb == Verb.REOPEN:
        return
    decide(
        connection,
        to_id,
        Verb(decision.verb),
        actor="tieout",
        reason=f"the same difference as {from_id}, of which {decision.actor} said: {decision.reason}",
        reason_code=ReasonCode(decision.reason_code or ReasonCode.OTHER),
        now=now,
    )
    this_break = update(breaks).where(breaks.c.break_id == to_id)
    connection.execute(this_break.values(owner=said["owner"]))


def _find_break_for(connection: Connection, break_id: str, verb: Verb) -> dict[str, Any]:
    """Return the break; `DecisionRefused` where there is none, or where it is in no state that the verb takes."""
    broken = find_break(connection, break_id)
    leads_from, _ = _LEADS[verb]
    if broken["state"] not in leads_from:
        takes = " or ".join(sorted(leads_from))
        raise DecisionRefused(f"Break {break_id} is {broken['state']}: {verb} takes one that is {takes}.")
    return broken


def find_break(connection: Connection, break_id: str) -> dict[str, Any]:
    """Return the break; `DecisionRefused` where there is none of this id, with the one that was probably meant."""
    this_break = select(breaks).where(breaks.c.break_id == break_id)
    broken = connection.execute(this_break).mappings().one_or_none()
    if broken is None:
        raise DecisionRefused(f"There is no break {break_id}: {_suggest(connection, break_id)}")
    return dict(broken)


def _suggest(connection: Connection, break_id: str) -> str:
    """Name the break that was probably meant: one that begins alike, or where they are listed."""
    # Four digits are enough to choose by, and keep the comparing to a few of what may be a hundred thousand breaks.
    starts_alike = func.substr(breaks.c.break_id, 1, 4) == break_id[:4]
    alike = select(breaks.c.break_id).where(starts_alike).limit(100)
    known = connection.execute(alike).scalars().all()
    meant: list[str] = []
    if len(break_id) >= 4:
        meant = [id_ for id_ in known if id_.startswith(break_id)]
    if len(meant) != 1:
        meant = get_close_matches(break_id, known, n=1, cutoff=0.8)
    return f"did you mean {meant[0]}?" if meant else "`tieout breaks` lists them."


def decisions_about(connection: Connection, break_id: str) -> Sequence[Row[Any]]:
    """Return what people decided about one break, oldest first; `DecisionRefused` where there is no such break."""
    find_break(connection, break_id)
    decided = select(break_decisions).where(break_decisions.c.break_id == break_id)
    oldest_first = decided.order_by(break_decisions.c.decision_id)
    return connection.execute(oldest_first).all()


def broken_link(connection: Connection) -> int | None:
    """Return the first decision whose hash does not follow from its content and the one before; None where all do."""
    return find_broken_link(connection, break_decisions, chain_hash)


def chain_hash(previous: str, decision: Mapping[str, Any]) -> str:
    """Return the sha256 of a decision and the hash before it."""
    at = decision["at"].astimezone(UTC).isoformat(timespec="microseconds")
    said = [previous, at, decision["break_id"], decision["actor"], decision["verb"], decision["reason"]]
    # Those from before there were codes keep their hash.
    if decision.get("reason_code") is not None:
        said.append(decision["reason_code"])
    return digest(said)
