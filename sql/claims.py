"""Claim events before they are sent, and record what came of it.

The order makes a crash harmless: the claim is committed before the request leaves, the answer is recorded after.
What is found ``sending`` with its lease over belongs to a process that died, and is declared ``unknown``.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, bindparam
from sqlalchemy.exc import IntegrityError

from sql.given import given_ids
from sql.queries import query, rows_query
from transforms.destinations import Destination
from transforms.vocabulary import State, Target, Verdict

_IDS_PER_QUERY = 500
ANY_TIME = datetime.max.replace(tzinfo=UTC)


class ClaimConflict(Exception):  # noqa: N818 - another process was faster, which is no error
    """Another process claimed one of the events first: roll back, nothing may be sent."""


# An event that may go next, with its part of the request body.
Head = tuple[Row[Any], bytes]


@dataclass(frozen=True)
class Claim:
    """One event that this process may send, once, before `lease_until`."""

    event: Row[Any]
    attempt_id: int
    lease_until: datetime
    body: bytes  # the event's part of the request, whose fingerprint the attempt keeps


@dataclass(frozen=True)
class Answer:
    """What one attempt proved; grain: one event, also where one request carried many."""

    verdict: Verdict
    message: str
    http_status: int | None = None  # None: no answer came
    code: str | None = None
    duration_ms: float | None = None
    balance: int | None = None  # Mindbody: points of the client after the event
    returned: str | None = None  # JSON: the reward, or the transaction and balance, as they came back
    is_echo: bool = False  # Mindbody: the answer lists the event alone, every field of it as it was sent


def ready_heads(
    connection: Connection,
    target: Target,
    site_id: str,
    limit: int,
    *,
    run_id: str,
    latest_at: datetime = ANY_TIME,
) -> Sequence[Row[Any]]:
    """Return the events that may go next: the first ready one of each lane that has nothing in flight or in doubt.

    One that was refused before goes only where this run has read its client or reward, see `sql.retries`. Events of a
    later time than `latest_at` are left: they lie in the service's future.
    """
    # What another process is claiming right now is passed over, not waited for; SQLite has one writer anyway. The lock
    # is for speed: that two processes never send one event is seen to when they claim it.
    suffix = ""
    if connection.dialect.name == "postgresql":
        suffix = "FOR UPDATE OF events SKIP LOCKED"
    values = {
        "target": target,
        "site_id": site_id,
        "limit": limit,
        "run_id": run_id,
        "latest_at": latest_at,
    }
    return connection.execute(rows_query("ready_heads", suffix), values).all()


def next_time(connection: Connection, target: Target, site_id: str, latest_at: datetime) -> datetime | None:
    """Return the time of the first ready event after `latest_at`; None where there is none."""
    values = {"target": target, "site_id": site_id, "latest_at": latest_at}
    found: datetime | None = connection.execute(rows_query("next_time"), values).scalar_one()
    return found


def ready_among(connection: Connection, event_ids: Sequence[str]) -> set[str]:
    """Return which of these events are ready."""
    among = query("ready_among").bindparams(bindparam("event_ids", expanding=True))
    ready: set[str] = set()
    # A database takes only so many parameters at once.
    for start in range(0, len(event_ids), _IDS_PER_QUERY):
        chunk = list(event_ids[start : start + _IDS_PER_QUERY])
        ready.update(connection.execute(among, {"event_ids": chunk}).scalars())
    return ready


def claim(
    connection: Connection,
    heads: Sequence[Head],
    *,
    run_id: str,
    now: datetime,
    lease_until: datetime,
    settle_at: datetime,
) -> list[Claim]:
    """Move the events to ``sending`` and open an attempt for each; the caller commits before it sends.

    ``heads`` are events with their part of the request body. The claims come back in the same order. Should this
    process die, the events are read back from ``settle_at`` on. Raises `ClaimConflict`, after which the transaction
    can only be rolled back.
    """
    if not heads:
        return []
    times = {"run_id": run_id, "claimed_at": now, "lease_until": lease_until}
    attempt_ids = _open_attempts(connection, heads, times)
    _carry(connection, run_id, [event for event, _ in heads])
    claimed_count = _move_to_sending(connection, attempt_ids, {**times, "settle_at": settle_at})
    # One that was not ready any more may be on its way from elsewhere. The count does not say which one, so all of the
    # claims are given up; what is still ready comes up again in the next turn.
    if claimed_count != len(heads):
        raise ClaimConflict(f"{len(heads) - claimed_count} of {len(heads)} events were not ready any more")
    return [Claim(event, attempt_ids[event.event_id], lease_until, body) for event, body in heads]


def _move_to_sending(connection: Connection, attempt_ids: Mapping[str, int], times: Mapping[str, Any]) -> int:
    """Move what is still ready, each to its attempt; return how many events that are."""
    attempts = {event_id: {"attempt_id": attempt_id} for event_id, attempt_id in attempt_ids.items()}
    claimed = {**times, "given": json.dumps(attempts)}
    try:
        return connection.execute(query("claim_events"), claimed).rowcount
    except IntegrityError as error:
        # The index that lets one event of a lane be sending or unknown, or the trigger on transitions: somebody else
        # was faster. That is how it is meant to end, since asking first would leave a gap between question and claim.
        raise ClaimConflict(str(error.orig)) from None


def _open_attempts(connection: Connection, heads: Sequence[Head], times: Mapping[str, Any]) -> dict[str, int]:
    """Open one attempt per event and return the attempts' ids by event id.

    The fingerprint tells later whether two attempts would have sent the same, without keeping what was sent.
    """
    fingerprints: dict[str, dict[str, str]] = {}
    for event, body in heads:
        fingerprints[event.event_id] = {"fingerprint": sha256(body).hexdigest()}
    values = {**times, "given": json.dumps(fingerprints)}
    opened = connection.execute(query("open_attempts"), values)
    # By id and not by place: no database promises to give back what was inserted in the order in which it was given,
    # and an answer that is recorded with another event's attempt would prove the wrong one.
    return {row.event_id: row.attempt_id for row in opened}


def _carry(connection: Connection, run_id: str, events: Sequence[Row[Any]]) -> None:
    """Make the run answer for what it claims; what it accepted itself it answers for anyway."""
    others = [event.event_id for event in events if not _is_accepted_by(run_id, event)]
    if others:
        # Once for each run and event, however often it is claimed: what a run carries in counts once in its equation.
        connection.execute(query("carry_claimed"), {"run_id": run_id, "given": given_ids(others)})


def _is_accepted_by(run_id: str, event: Row[Any]) -> bool:
    # What was held when the run brought it counts as held in its file, so the run accepted it no more than another's.
    # Taken for accepted, it would be missing among what the run carries in, and the run's sums would not tie.
    is_of_run: bool = event.run_id == run_id
    return is_of_run and event.first_state != State.HELD


# An event is ready again only after an answer that proves that it did not take effect: no connection was made, or the
# service said that it did nothing. Everything else that is no plain yes or no is unknown, and is never sent again
# before reading back has decided.
_STATE_AFTER = {
    Verdict.POSTED: State.POSTED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.RETRY: State.READY,
    Verdict.UNAUTHORIZED: State.READY,
    Verdict.UNKNOWN: State.UNKNOWN,
}


def record_answers(
    connection: Connection,
    ended: Sequence[tuple[Claim, Answer]],
    *,
    run_id: str,
    now: datetime,
    settle_at: datetime,
) -> None:
    """Record each attempt's end and move its event; what is in doubt is not to be read back before ``settle_at``."""
    if not ended:
        return
    answers = {one.event.event_id: _answer_row(one, answer) for one, answer in ended}
    given = json.dumps(answers)
    # The answer is kept even where it comes after the lease and its event belongs to another attempt by then: it moves
    # nothing any more, but it is what the service said.
    connection.execute(query("record_answers"), {"answered_at": now, "given": given})
    ending = {
        "answered_at": now,
        "run_id": run_id,
        "settle_at": settle_at,
        "given": given,
    }
    connection.execute(query("end_attempts"), ending)


def _answer_row(claim_: Claim, answer: Answer) -> dict[str, Any]:
    return {
        "attempt_id": claim_.attempt_id,
        "state": _STATE_AFTER[answer.verdict],
        "verdict": answer.verdict,
        "http_status": answer.http_status,
        "code": answer.code,
        "message": answer.message,
        "duration_ms": answer.duration_ms,
        "balance": answer.balance,
        "returned": answer.returned,
        "is_echo": answer.is_echo,
    }


def stale_claims(connection: Connection, now: datetime) -> Row[Any]:
    """Return how many events are claimed by processes that died (events), and the oldest such lease (oldest_at)."""
    return connection.execute(rows_query("stale_claims"), {"now": now}).one()


def declare_lost(connection: Connection, *, run_id: str, now: datetime, alive: Collection[str] = ()) -> int:
    """Turn dead claims into events in doubt; return how many there were.

    A claim of a run that is known to be `alive` is not dead, whatever the clock says: it may have been set.
    """
    # Between claim and lease end a process may have died before it sent, or after. The ledger cannot tell which, so
    # nothing is set back to ready here: the request may have left, and only the service knows.
    others = given_ids(alive)
    return connection.execute(query("declare_lost"), {"run_id": run_id, "now": now, "alive": others}).rowcount


def doubt_again(connection: Connection, *, run_id: str, now: datetime, before: datetime) -> int:
    """Put in doubt again what was set back before that time and is to be sent again; return how many there were.

    Nothing tells a request that was lost from one that takes a day: what is sent again unread may be paid twice.
    """
    values = {"run_id": run_id, "now": now, "before_at": before}
    return connection.execute(query("doubt_again"), values).rowcount


def open_work(connection: Connection) -> list[Destination]:
    """Return the destinations that something is ready for."""
    return [Destination(Target(row.target), row.site_id) for row in connection.execute(query("open_work"))]
