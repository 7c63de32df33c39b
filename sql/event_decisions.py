"""What people decide about events: one row for each time, append-only and chained; with the events as they stood then.

Whoever decides takes the ledger's turn first, so that of two people who decide at once one waits, and then finds what
the other has made of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sql.chain import append_link, digest, find_broken_link
from sql.given import given_ids
from sql.queries import query, rows_query
from sql.sums import summed
from sql.tables.decisions import decided_events, event_decisions
from transforms.vocabulary import EventVerb, State

_HASHED = ("verb", "actor", "reason", "about", "events_count", "events_hash")


class NobodySaidIt(Exception):  # noqa: N818 - it says what is missing
    """A decision without a name, or without the reason that it needs; the text says what to add."""


@dataclass(frozen=True)
class Said:
    """Who decides, when and why; ``reason`` is empty where none was given."""

    by: str
    now: datetime
    reason: str = ""
    seen: str | None = None  # fingerprint of what was shown, of an approval

    @property
    def words(self) -> str:
        """The name, and the reason where there is one, as they stand in an event's history."""
        return f"{self.by}: {self.reason}" if self.reason else self.by


def say(by: str, reason: str, now: datetime, *, needs_reason: bool) -> Said:
    """Return who decides and why, without the blanks around; `NobodySaidIt` where it is not said."""
    said = Said(by.strip(), now, reason.strip())
    if not said.by or (needs_reason and not said.reason):
        raise NobodySaidIt("A decision needs a name and a reason: --by NAME --reason TEXT.")
    return said


def lock_events(connection: Connection, event_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return event_id, state and attempt_id of these events, by id; nobody else moves them while the caller decides."""
    # Only a run moves events without taking the turn. On SQLite nobody else writes anyway.
    suffix = "FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    return connection.execute(rows_query("events_as_they_stand", suffix), {"given": given_ids(event_ids)}).all()


def record_decision(
    connection: Connection, verb: EventVerb, said: Said, *, about: str, decided: Sequence[Row[Any]]
) -> int:
    """Write down one decision about these events, as `lock_events` gave them, and return its id.

    It goes before what it leads to: the database moves a refused event only where it finds the decision.
    """
    row = {
        "at": said.now,
        "actor": said.by,
        "verb": str(verb),
        "reason": said.reason,
        "about": about,
        "events_count": len(decided),
        "events_hash": _events_hash(decided),
        "seen": said.seen,
    }
    decision_id = append_link(connection, event_decisions, row, _decision_hash)
    given = given_ids([event.event_id for event in decided])
    connection.execute(query("keep_decided_events"), {"decision_id": decision_id, "given": given})
    return decision_id


def _events_hash(decided: Sequence[Row[Any]]) -> str:
    # Sorted here, since databases sort texts differently.
    return digest(sorted([event.event_id, str(event.state), event.attempt_id] for event in decided))


def _decision_hash(previous: str, decision: Mapping[str, Any]) -> str:
    at = decision["at"].astimezone(UTC).isoformat(timespec="microseconds")
    content = [decision[name] for name in _HASHED]
    # Decisions of before bear no fingerprint of what was shown, and keep the hash that they have.
    if decision["seen"]:
        content.append(decision["seen"])
    return digest([previous, at, *content])


def changed_decision(connection: Connection) -> int | None:
    """Return the first decision that does not follow from the one before, or whose events are others than then."""
    broken = find_broken_link(connection, event_decisions, _decision_hash)
    return _changed_events(connection) if broken is None else broken


def _changed_events(connection: Connection) -> int | None:
    """Return the first decision whose events are not those that its hash was taken of."""
    found = _hashes_by_decision(connection)
    decisions = select(event_decisions.c.decision_id, event_decisions.c.events_hash)
    for decision_id, events_hash in connection.execute(decisions.order_by(event_decisions.c.decision_id)):
        if found.get(decision_id) != events_hash:
            return int(decision_id)
    return None


def _hashes_by_decision(connection: Connection) -> dict[int, str]:
    in_order = select(decided_events).order_by(decided_events.c.decision_id)
    rows = connection.execute(in_order)
    hashes: dict[int, str] = {}
    for decision_id, of_decision in groupby(rows, key=lambda row: row.decision_id):
        hashes[decision_id] = _events_hash(list(of_decision))
    return hashes


def decisions_about_event(connection: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return what people decided about one event, oldest first, with the state that it was in."""
    return connection.execute(rows_query("decisions_about_event"), {"event_id": event_id}).all()


def decisions_since(connection: Connection, decision_id: int) -> list[dict[str, Any]]:
    """Return the decisions after this one, oldest first, with what their events come to."""
    rows = connection.execute(rows_query("decisions_since"), {"decision_id": decision_id}).mappings()
    return [_with_points(dict(row)) for row in rows]


def _with_points(row: dict[str, Any]) -> dict[str, Any]:
    told_apart = ("_billions", "_rest")
    told = {name: value for name, value in row.items() if not name.endswith(told_apart)}
    told["earned"] = summed(row, "earned")
    told["redeemed"] = summed(row, "redeemed")
    return told


def last_decision_id(connection: Connection) -> int:
    """Return the id of the latest decision, 0 before the first."""
    latest = select(func.coalesce(func.max(event_decisions.c.decision_id), 0))
    return int(connection.execute(latest).scalar_one())


_DONE = {
    EventVerb.APPROVE: "approved",
    EventVerb.DISCARD: "discarded",
    EventVerb.RETRY: "let try again",
    EventVerb.REVERSE: "taken back",
    EventVerb.REPLACE: "let take another's place, or be replaced,",
    EventVerb.KEEP: "kept for when their site is back",
    EventVerb.RULE_POSTED: "ruled as posted",
    EventVerb.RULE_NOT_POSTED: "ruled as not posted",
}


def last_word(connection: Connection, event_id: str) -> str:
    """Return who decided last about the event, for whoever comes too late; "" where nobody did.

    Such as " (discarded by Kim at 2026-11-26 03:12:05Z: left the studio)".
    """
    decisions = decisions_about_event(connection, event_id)
    return f" ({_in_words(decisions[-1])})" if decisions else ""


def last_word_about(connection: Connection, about: str) -> str:
    """Return who decided last about what was asked for in these words, such as a plan; "" where nobody did."""
    of_it = select(event_decisions).where(event_decisions.c.about == about)
    latest = of_it.order_by(event_decisions.c.decision_id.desc()).limit(1)
    last = connection.execute(latest).one_or_none()
    return _in_words(last) if last else ""


def _in_words(decision: Row[Any]) -> str:
    done = _DONE[EventVerb(decision.verb)]
    words = f"{done} by {decision.actor} at {decision.at:%Y-%m-%d %H:%M:%S}Z"
    return f"{words}: {decision.reason}" if decision.reason else words


def state_of_event(connection: Connection, event_id: str) -> State | None:
    """Return where the event stands; None where the ledger has no such event."""
    state = connection.execute(rows_query("state_of_event"), {"event_id": event_id}).scalar()
    return None if state is None else State(state)
