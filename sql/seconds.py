"""Tell rows of one second apart by the fractions that they show, where the ledger has another fraction of it.

Nearly no file needs this: equal ids are the same event, unless two fractions of the second contradict each other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query

Fractions = Sequence[tuple[Any, str | None]]  # an ordinal, or an event's id, and the digits


@dataclass(frozen=True)
class Identity:
    """The rules of `transforms.identity` that registering needs: who is the same, and the id of the nth equal event."""

    pair: Callable[[Fractions, Fractions], Mapping[int, str]]
    event_id: Callable[[str, int], str]  # of a content key and an occurrence


def tell_seconds_apart(connection: Connection, identity: Identity) -> None:
    """Decide about the staged rows of every second in which a row and an event show two different fractions."""
    # A service keeps times to the second, so two rows of one second are one event to it. Their fractions are the only
    # sign that they are two; taken for one, the second class would never be paid.
    rows = connection.execute(rows_query("rows_of_torn_seconds")).all()
    decided: dict[str, Any] = {}
    for content_key, of_second in groupby(rows, key=lambda row: row.content_key):
        decided |= _decide(connection, identity, content_key, list(of_second))
    if decided:
        connection.execute(query("decide_seconds"), {"given": json.dumps(decided)})


def hold_beside_misread(connection: Connection, identity: Identity) -> None:
    """Hold staged rows that only look known since an event of the ledger was misread; else they would be lost.

    A client had the same class at 1 pm and at 5 pm, and the one at 5 was taken for 5 pm UTC. Once the zone is known,
    the row of 1 pm, which nobody has met, reads as 5 pm UTC, where the ledger has the other one.
    """
    rows = connection.execute(rows_query("rows_beside_a_misread_one")).all()
    decided: dict[str, Any] = {}
    for content_key, of_second in groupby(rows, key=lambda row: row.content_key):
        equal = list(of_second)
        second = {"lane": equal[0].lane, "content_key": content_key}
        last = connection.execute(rows_query("last_occurrence"), second).scalar_one()
        # Each becomes a further event of its second, so that it can be held, and let go, beside the misread one.
        for occurrence, row in enumerate(equal, last + 1):
            decided[str(row.ordinal)] = {
                "occurrence": occurrence,
                "event_id": identity.event_id(content_key, occurrence),
                **_beside_misread(row),
            }
    if decided:
        connection.execute(query("decide_seconds"), {"given": json.dumps(decided)})


def _beside_misread(row: Row[Any]) -> dict[str, str]:
    reason = (
        f"it equals event {row.known_event_id}, whose own row reads otherwise now, so it may be another event: approve "
        "it only if it is, else discard it"
    )
    return {"fate": "held", "known_event_id": row.known_event_id, "reason": reason}


def _decide(
    connection: Connection, identity: Identity, content_key: str, rows: Sequence[Row[Any]]
) -> dict[str, dict[str, Any]]:
    """Return fate, known event, occurrence and event id by ordinal, for the open rows of one second."""
    second = {"lane": rows[0].lane, "content_key": content_key}
    events = connection.execute(rows_query("events_of_second"), second).all()
    by_receipt = {row.known_event_id for row in rows if row.fate is not None}
    known = [event for event in events if event.event_id not in by_receipt]
    waiting = [row for row in rows if row.fate is None]
    paired = identity.pair(
        [(row.ordinal, row.action_fraction) for row in waiting],
        [(event.event_id, event.action_fraction) for event in known],
    )
    unseen = [event for event in known if event.event_id not in paired.values()]
    found: dict[str, dict[str, Any]] = {}
    # The id that a row came with is the nth event's, which is not the one that it was paired with.
    occurrence = max((event.occurrence for event in events), default=0)
    for row in waiting:
        if row.ordinal in paired:
            found[str(row.ordinal)] = _known(paired[row.ordinal])
            continue
        occurrence += 1
        event_id = identity.event_id(content_key, occurrence)
        found[str(row.ordinal)] = {"occurrence": occurrence, "event_id": event_id, **_new_or_held(row, unseen)}
    return found


def _known(event_id: str) -> dict[str, str]:
    return {"fate": "duplicate", "known_event_id": event_id, "reason": "already in the ledger"}


def _new_or_held(row: Row[Any], unseen: Sequence[Row[Any]]) -> dict[str, str]:
    """Hold a row while the ledger has an event of this second that no row of the file accounts for."""
    if not unseen:
        return {}
    reason = (
        f"an equal event of another file has another fraction of this second (.{unseen[0].action_fraction} there, "
        f".{row.action_fraction} here): approve it only if it is another event, else discard it"
    )
    return {"fate": "held", "known_event_id": unseen[0].event_id, "reason": reason}
