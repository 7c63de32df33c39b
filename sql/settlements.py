"""Settle events in doubt by what reading back showed, and keep the evidence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.given import given_ids
from sql.queries import query, rows_query
from sql.tables.attempts import settlements
from transforms.destinations import Destination
from transforms.vocabulary import State, Target

# What two events must have in common to be equal in all but their times: by nothing else can entries of a service be
# told apart, since Mindbody has no ids for them.
_CONTENT = ("site_id", "client_id", "action", "points", "source", "source_id")


@dataclass(frozen=True)
class Settlement:
    """What reading back decided about one event."""

    event: Row[Any]
    state: State  # posted, ready, or unknown where it could not decide
    reason: str
    evidence: Mapping[str, Any]  # what was counted and expected; goes into the ledger as JSON
    balance: int | None = None  # Mindbody: points of the client when it was read

    @property
    def failure(self) -> str | None:
        """Why nobody could look; None where the service was read, whatever it showed."""
        return self.evidence.get("failure")


def doubtful_sites(connection: Connection, now: datetime) -> list[Destination]:
    """Return where events in doubt can be read back by now."""
    rows = connection.execute(rows_query("doubtful_sites"), {"now": now})
    return [Destination(Target(row.target), row.site_id) for row in rows]


def doubtful_events(connection: Connection, target: Target, site_id: str, now: datetime) -> Sequence[Row[Any]]:
    """Return the events in doubt whose time has come, oldest first; at most one per lane."""
    filters = {"target": target, "site_id": site_id, "now": now}
    return connection.execute(rows_query("doubtful_events"), filters).all()


def confirmed_kin_count(connection: Connection, event: Row[Any]) -> int:
    """Count the client's confirmed transactions of the event's time, action and points that have another source."""
    values = {**_content_of(event), "action_at": event.action_at}
    count = connection.execute(query("confirmed_kin_count"), values).scalar_one()
    return int(count)


def _content_of(event: Row[Any]) -> dict[str, Any]:
    return {column: getattr(event, column) for column in _CONTENT}


def confirmed_times(connection: Connection, event: Row[Any], since_at: datetime, until_at: datetime) -> list[datetime]:
    """Return the times of the client's confirmed transactions that are equal to the event in all but the time.

    Grain: one per transaction, ascending, UTC.
    """
    values = {**_content_of(event), "since_at": since_at, "until_at": until_at}
    times = connection.execute(rows_query("confirmed_times"), values).scalars()
    return list(times)


def confirmed_events(
    connection: Connection, event: Row[Any], since_at: datetime, until_at: datetime
) -> Sequence[Row[Any]]:
    """Return all of the client's confirmed events from `since_at` to before `until_at`, whatever they say."""
    values = {
        "site_id": event.site_id,
        "client_id": event.client_id,
        "since_at": since_at,
        "until_at": until_at,
    }
    return connection.execute(rows_query("confirmed_events"), values).all()


def double_times(connection: Connection, event: Row[Any], since_at: datetime, until_at: datetime) -> list[datetime]:
    """Return the time of each further request of equal events that may have landed beside what is confirmed of them.

    Grain: one per request. Equal in all but the time, as `confirmed_times`.
    """
    values = {
        **_content_of(event),
        "event_id": event.event_id,
        "since_at": since_at,
        "until_at": until_at,
    }
    times: list[datetime] = []
    for row in connection.execute(rows_query("possible_doubles"), values):
        # An event that is sent three times and confirmed once may stand there three times: each spare request blurs a
        # count by one.
        spare_requests = row.requests - row.confirmed
        times += [row.action_at] * spare_requests
    return times


def possible_requests(connection: Connection, event: Row[Any]) -> int:
    """Return how many requests of the event itself may have landed; the one in doubt is among them."""
    count = connection.execute(query("requests_in_doubt"), {"event_id": event.event_id}).scalar_one()
    return max(1, int(count))


def balance_before(connection: Connection, event: Row[Any]) -> Row[Any] | None:
    """Return balance and told_at of what was over last before the attempt in doubt; None where nothing was.

    The balance is null where the service did not say it then.
    """
    values = {"site_id": event.site_id, "client_id": event.client_id, "attempt_id": event.attempt_id}
    return connection.execute(rows_query("balance_before"), values).one_or_none()


def balances_told_since(connection: Connection, event: Row[Any], since_at: datetime) -> Sequence[Row[Any]]:
    """Return action, points and the balance after it of each of the client's events that was confirmed since then."""
    values = {"site_id": event.site_id, "client_id": event.client_id, "since_at": since_at}
    return connection.execute(rows_query("balances_told_since"), values).all()


def waiting_times(connection: Connection) -> Sequence[Row[Any]]:
    """Return of every event that is claimed or in doubt whose it is (target, site_id), and when it can be looked at."""
    return connection.execute(rows_query("waiting_times")).all()


def settle(
    connection: Connection, decided: Sequence[Settlement], *, run_id: str, now: datetime, again_at: datetime
) -> None:
    """Move the events as decided; one that stays unknown is looked at again from ``again_at`` on."""
    if not decided:
        return
    # The evidence is kept whatever it led to, also where it decided nothing: a person who has to rule is shown it, and
    # may rule only where there is some.
    keep_settlements(connection, decided, run_id=run_id, now=now)
    for settlement in decided:
        _move(connection, settlement, run_id=run_id, now=now, again_at=again_at)


def keep_settlements(connection: Connection, decided: Sequence[Settlement], *, run_id: str, now: datetime) -> None:
    """Write down what was read of these events, and let the run answer for them; none of them is moved."""
    rows = [_row(settlement, run_id, now) for settlement in decided]
    connection.execute(insert(settlements), rows)
    event_ids = [settlement.event.event_id for settlement in decided]
    connection.execute(query("carry_claimed"), {"run_id": run_id, "given": given_ids(event_ids)})


def _move(connection: Connection, settlement: Settlement, *, run_id: str, now: datetime, again_at: datetime) -> None:
    """Move one event, if it is still in doubt for the attempt that was read back."""
    # That nothing moves is no error here: an answer that came late proved more than reading back could.
    event = settlement.event
    attempt = {"event_id": event.event_id, "attempt_id": event.attempt_id}
    if settlement.state is State.UNKNOWN:
        connection.execute(query("postpone_settling"), attempt | {"settle_at": again_at})
        return
    move = {
        **attempt,
        "state": settlement.state,
        "reason": settlement.reason,
        "run_id": run_id,
        "now": now,
    }
    connection.execute(query("settle_event"), move)


def _row(settlement: Settlement, run_id: str, now: datetime) -> dict[str, Any]:
    return {
        "event_id": settlement.event.event_id,
        "run_id": run_id,
        "at": now,
        "attempt_id": settlement.event.attempt_id,
        "decided": settlement.state,
        "balance": settlement.balance,
        "evidence": json.dumps(settlement.evidence, default=str),
    }
