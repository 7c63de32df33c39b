"""Keep breaks from night to night: a break opens once, keeps its id, and closes by itself when it is gone."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from sql.closings import Move, record_changes, record_move
from sql.queries import query, reading
from sql.reasons import ReasonRefused, read_reason
from sql.register import wait_for_others
from sql.tables import break_decisions, breaks


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


_STORED = (
    "break_id", "class", "target", "site_id", "client_id", "reward_id", "points", "amount", "action_at", "event_id",
    "detail",
)  # fmt: skip


def open_breaks(connection: Connection) -> Sequence[Row[Any]]:
    """Return every break that is neither closed nor resolved, oldest first."""
    return connection.execute(reading("open_breaks")).all()


def update_breaks(
    connection: Connection,
    found: Sequence[Mapping[str, Any]],
    gone: Sequence[str],
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Open or keep what was found, and close what a reading of the same place no longer shows.

    A decision was about what the break was then: one that has become another class is open again.
    """
    opened_on = now.date()
    _reopen_changed(connection, found, now)
    before = open_breaks(connection)
    if found:
        rows = [{key: row.get(key) for key in _STORED} | {"run_id": run_id, "opened_on": opened_on} for row in found]
        connection.execute(query("open_break"), rows)
    if gone:
        connection.execute(query("close_break"), [{"break_id": break_id, "run_id": run_id} for break_id in gone])
    record_changes(connection, before, open_breaks(connection), now=now, run_id=run_id)


def _reopen_changed(connection: Connection, found: Sequence[Mapping[str, Any]], now: datetime) -> None:
    classes = {row["break_id"]: row["class"] for row in found}
    decided = select(breaks.c.break_id, breaks.c["class"]).where(breaks.c.state.in_(("acknowledged", "resolved")))
    for break_id, known in connection.execute(decided).all():
        if classes.get(break_id, known) != known:
            reason = f"was {known}, is now {classes[break_id]}"
            decide(connection, break_id, Verb.REOPEN, actor="tieout", reason=reason, now=now)


def mark_compared(connection: Connection, event_ids: Sequence[str], now: datetime) -> None:
    """Remember that the events were compared with what their service shows, so that a later run need not."""
    if event_ids:
        compared = [{"event_id": event_id, "compared_at": now} for event_id in event_ids]
        connection.execute(query("mark_compared"), compared)


def all_breaks(connection: Connection) -> Sequence[Row[Any]]:
    """Return every break there ever was, oldest first."""
    return connection.execute(reading("all_breaks")).all()


def break_json(row: Row[Any], today: date) -> dict[str, Any]:
    """Return a break with the keys of the documented JSON, in their order."""
    kept = row._mapping
    keys = ("class", "target", "site_id", "client_id", "reward_id", "points", "amount", "event_id", "opened_on")
    record = {"id": row.break_id} | {key: kept[key] for key in keys}
    record["age_days"] = (today - row.opened_on).days
    return record | {key: kept[key] for key in ("state", "owner", "reason")}


def decide(connection: Connection, break_id: str, verb: Verb, *, actor: str, reason: str, now: datetime) -> None:
    """Record what a person decided and move the break; `DecisionRefused` where it does not fit."""
    before, after = _LEADS[verb]
    wait_for_others(connection)  # a run that closes meanwhile must not count half of it
    broken = connection.execute(select(breaks).where(breaks.c.break_id == break_id)).mappings().one_or_none()
    if broken is None:
        raise DecisionRefused(f"There is no break {break_id}: {_suggest(connection, break_id)}")
    state = broken["state"]
    if state not in before:
        raise DecisionRefused(f"Break {break_id} is {state}: {verb} takes one that is {' or '.join(sorted(before))}.")
    if not actor.strip():
        raise DecisionRefused("A decision needs a name and a reason: --by NAME --reason TEXT.")
    try:
        code = read_reason(reason)
    except ReasonRefused as error:
        raise DecisionRefused(str(error)) from None
    decision = {"break_id": break_id, "at": now, "actor": actor.strip(), "verb": str(verb), "reason": reason.strip()}
    decision["reason_code"] = str(code)
    latest = select(break_decisions.c.hash).order_by(break_decisions.c.decision_id.desc()).limit(1)
    previous = connection.execute(latest).scalar() or ""
    chained = decision | {"previous_hash": previous, "hash": chain_hash(previous, decision)}
    connection.execute(insert(break_decisions).values(chained))
    moved = {"state": after, "owner": decision["actor"], "reason": decision["reason"], "closed_run_id": None}
    connection.execute(update(breaks).where(breaks.c.break_id == break_id).values(moved))
    if (state in _OPEN) != (after in _OPEN):
        record_move(connection, dict(broken), Move.REOPENED if after in _OPEN else Move.RESOLVED, now=now)


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
