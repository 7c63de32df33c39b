"""Who signed a period, and what of it: append-only and chained, as the decisions of people are.

A signature keeps what was signed, so that a later change can be told, and its hash covers the signature before it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sql.chain import append_link, digest, find_broken_link
from sql.queries import rows_query
from sql.tables.breaks import break_decisions
from sql.tables.decisions import event_decisions, signatures
from sql.tables.files import files
from transforms.vocabulary import SignedAs


@dataclass(frozen=True)
class Signing:
    """A signature as it is about to be kept."""

    at: datetime
    actor: str  # who the system, or the desk, says it is
    by_name: str  # the name that was given
    role: SignedAs
    since_on: date
    until_on: date
    content: str  # JSON: what is signed
    reason: str = ""


def fingerprint_of(content: str) -> str:
    """Return the sha256 of what is signed."""
    return sha256(content.encode()).hexdigest()


def keep_signature(connection: Connection, signing: Signing) -> int:
    """Keep a signature and return its id; the caller holds the ledger's turn."""
    row = {
        "at": signing.at,
        "actor": signing.actor,
        "by_name": signing.by_name,
        "role": str(signing.role),
        "since_on": signing.since_on,
        "until_on": signing.until_on,
        "content": signing.content,
        "fingerprint": fingerprint_of(signing.content),
        "reason": signing.reason,
        # What was decided up to here was seen by whoever signs; what comes later is told as a change.
        "last_event_decision_id": _last(connection, event_decisions.c.decision_id),
        "last_break_decision_id": _last(connection, break_decisions.c.decision_id),
    }
    return append_link(connection, signatures, row, _hash)


def _last(connection: Connection, column: Any) -> int:
    latest = select(func.coalesce(func.max(column), 0))
    return int(connection.execute(latest).scalar_one())


def signatures_of(connection: Connection, since_on: date, until_on: date) -> Sequence[Row[Any]]:
    """Return the signatures of a period, oldest first."""
    begins = signatures.c.since_on == since_on
    ends = signatures.c.until_on == until_on
    of_period = select(signatures).where(begins, ends)
    oldest_first = of_period.order_by(signatures.c.signature_id)
    return connection.execute(oldest_first).all()


def signed_spans(connection: Connection) -> list[tuple[date, date]]:
    """Return the first and last days of each period that was approved; what was prepared alone is not signed."""
    days = select(signatures.c.since_on, signatures.c.until_on)
    is_approved = signatures.c.role == str(SignedAs.APPROVER)
    approved = days.where(is_approved).distinct()
    return [(row.since_on, row.until_on) for row in connection.execute(approved)]


def first_file_at(connection: Connection) -> datetime | None:
    """Return when the ledger took its first file in; None where it has none."""
    first: datetime | None = connection.execute(select(func.min(files.c.registered_at))).scalar_one()
    return first


def decisions_about_events_since(connection: Connection, decision_id: int) -> Sequence[Row[Any]]:
    """Return what people decided about events after a decision, one row per event: decision and event_id."""
    return connection.execute(rows_query("decided_events_since"), {"decision_id": decision_id}).all()


def decisions_about_breaks_since(
    connection: Connection, decision_id: int, break_ids: Collection[str]
) -> Sequence[Row[Any]]:
    """Return what people decided about these breaks after a decision, oldest first."""
    is_later = break_decisions.c.decision_id > decision_id
    in_order = select(break_decisions).where(is_later).order_by(break_decisions.c.decision_id)
    return [row for row in connection.execute(in_order) if row.break_id in break_ids]


def changed_signature(connection: Connection) -> int | None:
    """Return the first signature that does not follow from the one before, or whose content is another.

    The chain covers a signature's fingerprint, and the fingerprint its content: both have to be looked at.
    """
    broken = find_broken_link(connection, signatures, _hash)
    if broken is not None:
        return broken
    kept = select(signatures.c.signature_id, signatures.c.content, signatures.c.fingerprint)
    for row in connection.execute(kept.order_by(signatures.c.signature_id)):
        if fingerprint_of(row.content) != row.fingerprint:
            return int(row.signature_id)
    return None


_HASHED = (
    "actor", "by_name", "role", "fingerprint", "reason", "last_event_decision_id", "last_break_decision_id",
)  # fmt: skip


def _hash(previous: str, row: Mapping[str, Any]) -> str:
    # The order is for good: by another one, every signature that was ever kept would look forged.
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    since = row["since_on"].isoformat()
    until = row["until_on"].isoformat()
    told = [row[name] for name in _HASHED]
    return digest([previous, at, since, until, *told])


def content_of(text: str) -> dict[str, Any]:
    """Return what was signed, as it was kept."""
    content: dict[str, Any] = json.loads(text)
    return content
