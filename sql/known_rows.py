"""Rows that are known by their raw cells: hold those that now read as another event, and keep what they were read as.

A row's fingerprint (`transforms.identity.raw_rows`) stands with its event. `known_rows` has the others: of rows that
brought a known event in another spelling, and of files that were registered before there were fingerprints.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from sql.queries import query, rows_query
from sql.staging import index_places
from transforms.spoken_times import spoken
from transforms.vocabulary import State

_AT_ONCE = 10_000
# What became of an event, as it reads after "was read before as … and".
BECAME: Mapping[State, str] = {
    State.POSTED: "posted",
    State.REFUSED: "refused by the service",
    State.UNKNOWN: "sent, and nobody knows yet whether it took effect",
    State.SENDING: "is being sent",
    State.READY: "waits to be sent",
    State.HELD: "is held",
    State.DISCARDED: "discarded by a person",
}


def word_read_otherwise(connection: Connection) -> bool:
    """Say in the reason of every staged row that is held for its other reading what both are; False where none is."""
    found = connection.execute(rows_query("read_otherwise")).all()
    if found:
        index_places(connection)
    sentences = ((str(row.ordinal), {"sentence": _sentence(row)}) for row in found)
    while chunk := dict(islice(sentences, _AT_ONCE)):
        connection.execute(query("reword_read_otherwise"), {"given": json.dumps(chunk)})
    return bool(found)


def _sentence(row: Row[Any]) -> str:
    now_as = reading(row)
    before_as = reading(row, "known_")
    differing = [name for name in now_as if now_as[name] != before_as[name]]
    before = ", ".join(before_as[name] for name in differing)
    now = ", ".join(now_as[name] for name in differing)
    became = BECAME[State(row.known_state)]
    return (
        f"this row was read before as {before} and {became}; now it reads as {now}. Approve it only if it is another "
        "event, else discard it"
    )


def reading(row: Row[Any], prefix: str = "") -> dict[str, str]:
    """Return what a row was read as, in words, value by value; `prefix` is that of the columns."""

    def value(name: str) -> Any:
        return getattr(row, prefix + name)

    if value("reward_id") is not None:
        day = value("eligibility_on")
        return {
            "reward": f"reward {value('reward_id')}",
            "payout": f"payout {value('payout_id')}",
            "amount": _or_none(value("amount"), "amount"),
            "day": _or_none(None if day is None else f"{day.day} {day:%b %Y}", "eligible on"),
            "description": _or_none(value("description"), "description"),
        }
    return {
        "client": f"client {value('client_id')}",
        "points": f"{value('action')} {value('points'):,} points",
        "source": f"for {value('source')}" if value("source") is not None else "no source",
        "source_id": _or_none(value("source_id"), "source id"),
        "time": f"{spoken(value('action_at'))} UTC" if value("is_dated") else "a row without a time",
    }


def _or_none(value: object, name: str) -> str:
    return f"no {name}" if value is None else f"{name} {value}"


def files_to_learn(connection: Connection, rule: str) -> Sequence[Row[Any]]:
    """Return the files whose rows have no fingerprints by this rule, the latest first; none that was looked for."""
    return connection.execute(rows_query("files_to_learn"), {"rule": rule, "missing": _missing(rule)}).all()


def mark_missing(connection: Connection, file_ids: Iterable[int], rule: str) -> None:
    """Note that the files were not in the archive as their rows were to be learned by this rule."""
    left = iter(file_ids)
    while chunk := dict.fromkeys(islice(left, _AT_ONCE), 0):
        values = {"given": json.dumps(chunk), "missing": _missing(rule)}
        connection.execute(query("mark_missing"), values)


def _missing(rule: str) -> str:
    # It stands after the rule itself in the order of any database.
    return f"{rule} missing"


def events_of_rows(connection: Connection, file_id: int, first_row: int, last_row: int) -> Sequence[Row[Any]]:
    """Return which event each row of the file brought, new or known, with the event's own fingerprint."""
    values = {"file_id": file_id, "first_row": first_row, "last_row": last_row}
    return connection.execute(rows_query("events_of_rows"), values).all()


def keep_known_rows(connection: Connection, known: Iterable[tuple[int, str]]) -> None:
    """Keep fingerprints of rows with the events that the rows were read as; what is kept already stays so."""
    # The first reading stays: a row that is read otherwise today must still meet the event that it was paid as.
    rows = ({"fingerprint": fingerprint, "event_id": event_id} for fingerprint, event_id in known)
    while chunk := list(islice(rows, _AT_ONCE)):
        connection.execute(query("keep_known_row"), chunk)


def mark_learned(connection: Connection, file_id: int, rule: str) -> None:
    """Note that all rows of the file have their fingerprints by this rule."""
    connection.execute(query("mark_learned"), {"file_id": file_id, "rule": rule})
