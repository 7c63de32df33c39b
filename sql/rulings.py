"""A person rules on an event in doubt that reading back cannot decide: otherwise its client would wait for ever.

The ruling stands among the settlements, which are append-only, with who, why, and what reading back had shown.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.event_decisions import Said, last_word, lock_events, record_decision
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.tables.attempts import settlements
from transforms.vocabulary import EventVerb, State


class RulingRefused(Exception):  # noqa: N818 - reads as what happened
    """A ruling that does not fit the event; its text says why, and what to do instead."""


@dataclass(frozen=True)
class Ruling:
    """Whether the event took effect, by whose word, and why."""

    state: State  # posted, or ready: it did not take effect and is sent again
    by: str
    reason: str
    has_looked: bool = False  # at the service itself, where reading back could not


def rule(connection: Connection, event_id: str, ruling: Ruling, *, run_id: str, now: datetime) -> None:
    """Record the ruling and move the event; `RulingRefused` while anything but a person may still decide."""
    ruled_by = ruling.by.strip()
    reason = ruling.reason.strip()
    if not ruled_by or not reason:
        raise RulingRefused("A ruling needs a name and a reason: --by NAME --reason TEXT.")
    # Of two people who rule at once the second one is told what the first one said.
    take_turn(connection)
    event = _event_to_rule_on(connection, event_id, now)
    failure = _failure_of_reading(event.evidence)
    # A person who is told "not read" may take it for "not there", and what had landed would be paid twice.
    if ruling.state is State.READY and failure is not None and not ruling.has_looked:
        raise RulingRefused(
            f"Nobody has looked since event {event_id} is in doubt: it could not be read back ({failure}). Run "
            "`tieout settle`; or look at the service yourself, and say so by --looked."
        )
    _record(connection, event_id, ruling.state, Said(ruled_by, now, reason))
    attempt = {"event_id": event_id, "attempt_id": event.attempt_id, "run_id": run_id}
    evidence = {
        "ruled_by": ruled_by,
        "reason": reason,
        "has_looked": ruling.has_looked,
        "read_at": event.at.isoformat(),
        "shown": _shown_by_reading_back(event.evidence),
    }
    settlement = {"at": now, "decided": ruling.state, "evidence": json.dumps(evidence), "ruled_by": ruled_by}
    connection.execute(insert(settlements).values(attempt | settlement))
    ending = "it landed" if ruling.state is State.POSTED else "it did not land"
    move = {"state": ruling.state, "reason": f"ruled by {ruled_by}: {ending} ({reason})", "now": now}
    moved_count = connection.execute(query("settle_event"), attempt | move).rowcount
    # A run that reads back at the same moment may prove what the person only believes: the proof stands, and the
    # ruling is rolled back together with its settlement.
    if moved_count == 0:
        raise RulingRefused(f"Event {event_id} was settled at this moment by a run: look at it with `tieout trace`.")


def _record(connection: Connection, event_id: str, state: State, said: Said) -> None:
    """Write the ruling down among what people decide about events; its evidence stands among the settlements."""
    verb = EventVerb.RULE_POSTED if state is State.POSTED else EventVerb.RULE_NOT_POSTED
    decided = lock_events(connection, [event_id])
    record_decision(connection, verb, said, about=f"event {event_id}", decided=decided)


def _event_to_rule_on(connection: Connection, event_id: str, now: datetime) -> Row[Any]:
    """Return the event, whose last reading back could not decide; `RulingRefused` where it is any other.

    A wrong ruling posts twice or never, so a person comes last: after the service had its time to show the request, and
    after reading back was tried and left the question open.
    """
    event = connection.execute(rows_query("event_in_doubt"), {"event_id": event_id}).one_or_none()
    if event is None:
        raise RulingRefused(f"The ledger has no event {event_id}: `tieout run` and its report list what is unknown.")
    if event.state != State.UNKNOWN:
        told = last_word(connection, event_id)
        raise RulingRefused(f"Event {event_id} is {event.state}, not unknown{told}: there is nothing to rule on.")
    if event.settle_at is not None and event.settle_at > now:
        raise RulingRefused(
            f"Event {event_id} is not to be read back before {event.settle_at:%Y-%m-%d %H:%M:%S}Z, so the service may "
            "still show it: run `tieout settle` after that."
        )
    if event.evidence is None:
        raise RulingRefused(f"Event {event_id} was not read back yet: run `tieout settle` first, it may decide.")
    return event


def _failure_of_reading(evidence: str) -> str | None:
    """Return why the last reading back saw nothing; None where it saw something."""
    shown: dict[str, Any] = json.loads(evidence)
    failure = shown.get("failure")
    return None if failure is None else str(failure).rstrip(".")


def _shown_by_reading_back(evidence: str) -> dict[str, Any]:
    """Return what the last reading showed, without its time, which the ruling says by itself."""
    shown: dict[str, Any] = json.loads(evidence)
    shown.pop("read_at", None)
    return shown
