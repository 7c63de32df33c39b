"""How people get in: links that are good once, sessions, and tries that failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.queries import query, rows_query
from sql.tables.people import invitations, sessions, sign_in_failures


def invite(
    connection: Connection, token_digest: str, user_id: int | None, *, now: datetime, until_at: datetime
) -> None:
    """Keep a link by which a person chooses a password; links of theirs from before are good no more."""
    if user_id is None:
        connection.execute(query("end_first_invitations"), {"now": now})
    else:
        connection.execute(query("end_invitations"), {"user_id": user_id, "now": now})
    values = {"token_digest": token_digest, "user_id": user_id, "made_at": now, "until_at": until_at}
    connection.execute(insert(invitations).values(values))


def open_invitation(connection: Connection, token_digest: str, now: datetime) -> Row[Any] | None:
    """Return user_id and name of whom a link is for, None where it is good no more."""
    values = {"token_digest": token_digest, "now": now}
    return connection.execute(rows_query("open_invitation"), values).one_or_none()


def use_invitation(connection: Connection, token_digest: str, now: datetime) -> bool:
    """Use a link up; False where somebody was faster, or it is good no more."""
    values = {"token_digest": token_digest, "now": now}
    return connection.execute(query("use_invitation"), values).rowcount == 1


def begin_session(
    connection: Connection, token_digest: str, user_id: int, form_token: str, *, now: datetime, until_at: datetime
) -> None:
    """Keep that a person is signed in."""
    values = {"token_digest": token_digest, "user_id": user_id, "form_token": form_token}
    values |= {"began_at": now, "seen_at": now, "until_at": until_at}
    connection.execute(insert(sessions).values(values))


def open_session(
    connection: Connection, token_digest: str, *, now: datetime, seen_after_at: datetime
) -> Row[Any] | None:
    """Return user_id, name, form_token and seen_at of a session that has not ended, None where there is none."""
    values = {"token_digest": token_digest, "now": now, "seen_after_at": seen_after_at}
    return connection.execute(rows_query("open_session"), values).one_or_none()


def see_session(connection: Connection, token_digest: str, now: datetime) -> None:
    """Note that it is in use."""
    connection.execute(query("see_session"), {"token_digest": token_digest, "now": now})


def end_session(connection: Connection, token_digest: str, now: datetime) -> None:
    """End one session."""
    connection.execute(query("end_session"), {"token_digest": token_digest, "now": now})


def end_sessions_of(connection: Connection, user_id: int, now: datetime) -> int:
    """End all sessions of a person, and return how many that were."""
    return connection.execute(query("end_sessions_of"), {"user_id": user_id, "now": now}).rowcount


def end_invitations(connection: Connection, user_id: int, now: datetime) -> None:
    """Make the links of a person good no more."""
    connection.execute(query("end_invitations"), {"user_id": user_id, "now": now})


def drop_old(connection: Connection, *, sessions_before_at: datetime, failures_before_at: datetime) -> None:
    """Drop what ended, or failed, so long ago that nobody asks for it."""
    connection.execute(query("drop_old_sessions"), {"before_at": sessions_before_at})
    connection.execute(query("drop_old_sign_in_failures"), {"before_at": failures_before_at})


def note_failure(
    connection: Connection, name_digest: str, address: str, now: datetime, *, is_known_browser: bool = False
) -> None:
    """Keep that somebody tried a name, and it was not theirs; of a known browser ``address`` is what it is known by."""
    values = {"name_digest": name_digest, "address": address, "failed_at": now, "is_known_browser": is_known_browser}
    connection.execute(insert(sign_in_failures).values(values))


@dataclass(frozen=True)
class Failures:
    """Wrong tries of late: how many, and when the last one was."""

    count: int
    last_at: datetime | None


def failures_of_name(connection: Connection, name_digest: str, since_at: datetime) -> Failures:
    """Return how often a name was tried by strangers, wherever they were."""
    return _failures(connection, "sign_in_failures_of_name", name_digest=name_digest, since_at=since_at)


def failures_of_name_from(connection: Connection, name_digest: str, address: str, since_at: datetime) -> Failures:
    """Return how often a name was tried from an address, or a browser that its person knows."""
    values = {"name_digest": name_digest, "address": address}
    return _failures(connection, "sign_in_failures_of_name_from", since_at=since_at, **values)


def failures_from(connection: Connection, address: str, since_at: datetime) -> Failures:
    """Return how often any name was tried from an address."""
    return _failures(connection, "sign_in_failures_from_address", address=address, since_at=since_at)


def _failures(connection: Connection, name: str, **values: Any) -> Failures:
    row = connection.execute(rows_query(name), values).one()
    return Failures(int(row.failures_count), row.last_at)


def forget_failures(connection: Connection, name_digest: str, address: str) -> None:
    """Forget the tries of a name from where its person is in by now; those of others stay."""
    connection.execute(query("forget_sign_in_failures"), {"name_digest": name_digest, "address": address})
