"""Refused events that a person lets be tried again: which they are, what speaks against it, and the reading before.

A refusal stands until a person says that its cause is gone. Then the event is ready again, as it was pinned; but no run
may send it before that run itself has read the client or the reward, since the service may have taken the first one in
for all that it said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from sql.event_decisions import Said, lock_events, record_decision
from sql.given import given_ids
from sql.lock import take_turn
from sql.queries import query, rows_query
from sql.settlements import Settlement, keep_settlements
from transforms.destinations import Destination
from transforms.vocabulary import EventVerb, State, Target


class ChangedSince(Exception):  # noqa: N818 - it says what the events have done
    """Events that were shown to a person are not refused any more; ``event_ids`` are theirs."""

    def __init__(self, event_ids: Sequence[str]) -> None:
        super().__init__(", ".join(event_ids))
        self.event_ids = event_ids


@dataclass(frozen=True)
class Which:
    """What narrows refused events down: a file, a code, a run; None is any."""

    file_id: int | None = None
    code: str | None = None
    run_id: str | None = None


def refused_ids(connection: Connection, which: Which) -> list[str]:
    """Return the refused events that fit all that is given, by id; none where nothing is given."""
    asked = {
        "refused_of_file": ("file_id", which.file_id),
        "refused_with_code": ("code", which.code),
        "refused_by_run": ("run_id", which.run_id),
    }
    found: list[set[str]] = []
    for name, (key, value) in asked.items():
        if value is not None:
            event_ids = connection.execute(query(name), {key: value}).scalars()
            found.append(set(event_ids))
    # Nothing given is no wish for all: whoever forgot an option would send every refused event of all time again.
    if not found:
        return []
    return sorted(set.intersection(*found))


def refused_codes(connection: Connection) -> Sequence[Row[Any]]:
    """Return code and events_count of what is refused now, the most frequent first."""
    return connection.execute(rows_query("refused_codes")).all()


def events_to_retry(connection: Connection, event_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return these events in the order of posting, with why they were refused and what speaks against another try."""
    return connection.execute(rows_query("events_to_retry"), {"given": given_ids(event_ids)}).all()


def retry(connection: Connection, attempts: dict[str, int], said: Said, *, about: str) -> int:
    """Let these events be tried again and return the decision's id; ``attempts`` are those that were refused, by event.

    `ChangedSince` where one of them is not refused any more, or was refused anew: nothing is moved then.
    """
    take_turn(connection)
    decided = lock_events(connection, list(attempts))
    _refuse_changed(decided, attempts)
    decision_id = record_decision(connection, EventVerb.RETRY, said, about=about, decided=decided)
    move = {
        "given": given_ids(attempts),
        "reason": f"to be tried again, by {said.words}",
        "now": said.now,
    }
    connection.execute(query("retry_events"), move)
    return decision_id


def _refuse_changed(decided: Sequence[Row[Any]], attempts: Mapping[str, int]) -> None:
    """Raise where one of the events is not as it was shown: the word was about a refusal, and about that one alone.

    One that took effect meanwhile would be paid twice; one that was refused for another reason since was never judged.
    """
    as_shown: set[str] = set()
    for row in decided:
        if row.state == State.REFUSED and row.attempt_id == attempts[row.event_id]:
            as_shown.add(row.event_id)
    changed = [event_id for event_id in attempts if event_id not in as_shown]
    if changed:
        raise ChangedSince(changed)


def sites_to_read_first(connection: Connection, run_id: str) -> list[Destination]:
    """Return where something is to be tried again that this run has not looked at."""
    rows = connection.execute(query("sites_to_read_first"), {"run_id": run_id})
    return [Destination(Target(row.target), row.site_id) for row in rows]


def events_to_read_first(connection: Connection, destination: Destination, run_id: str) -> Sequence[Row[Any]]:
    """Return what is to be tried again there and was not read by this run, with the reward as it was refused."""
    where = {"target": destination.target, "site_id": destination.site_id, "run_id": run_id}
    return connection.execute(rows_query("events_to_read_first"), where).all()


def posted_times_of_kin(
    connection: Connection, event: Row[Any], since_at: datetime, until_at: datetime
) -> list[datetime]:
    """Return when the client's confirmed transactions of these points happened, ascending, UTC."""
    values = {
        "lane": event.lane,
        "action": event.action,
        "points": event.points,
        "since_at": since_at,
        "until_at": until_at,
    }
    times = connection.execute(rows_query("posted_times_of_kin"), values).scalars()
    return list(times)


def kin_of_later_files(connection: Connection, event: Row[Any]) -> list[str]:
    """Return events of ours that a later file brought and that may be the same one, corrected."""
    columns = ("event_id", "file_id", "lane", "action", "points", "action_at", "source", "source_id")
    values = {column: getattr(event, column) for column in columns}
    event_ids = connection.execute(query("kin_of_later_files"), values).scalars()
    return list(event_ids)


def record_readings(connection: Connection, readings: Sequence[Settlement], *, run_id: str, now: datetime) -> None:
    """Keep what was read before another try, and let the run send what nothing speaks against; the rest is held."""
    keep_settlements(connection, readings, run_id=run_id, now=now)
    for reading in readings:
        event = {"event_id": reading.event.event_id, "attempt_id": reading.event.attempt_id, "run_id": run_id}
        # Nothing moves where a person has discarded the event meanwhile, or another run has it.
        if reading.state is State.READY:
            connection.execute(query("mark_read_first"), event)
        else:
            connection.execute(query("hold_again"), event | {"reason": reading.reason, "now": now})
