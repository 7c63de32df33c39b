"""What people said about breaks beside what they decided: append-only, each with the hash of the one before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from sql.break_decisions import DecisionRefused, find_break
from sql.chain import append_link, digest, find_broken_link
from sql.lock import take_turn
from sql.tables.breaks import break_comments, breaks

_HASHED = ("break_id", "actor", "comment", "file_name", "file_sha256")


def comment(
    connection: Connection,
    break_id: str,
    *,
    actor: str,
    text: str,
    file: tuple[str, str] | None,
    now: datetime,
) -> None:
    """Record what a person said, with the name and sha256 of a file; `DecisionRefused` where there is no such break."""
    # As for decisions: the chain has one end, and one at a time goes on from it.
    take_turn(connection)
    find_break(connection, break_id)
    if not actor.strip() or not text.strip():
        raise DecisionRefused("A comment needs a name and some words: --by NAME --text TEXT.")
    name, sha256 = file or (None, None)
    said = {
        "break_id": break_id,
        "at": now,
        "actor": actor.strip(),
        "comment": text.strip(),
        "file_name": name,
        "file_sha256": sha256,
    }
    append_link(connection, break_comments, said, _hash)


def give(
    connection: Connection, break_id: str, *, actor: str, to: str | None, due_on: date | None, text: str, now: datetime
) -> None:
    """Let a break be somebody's, until a day; what was said of it is kept as a comment. Errors as of `comment`."""
    comment(connection, break_id, actor=actor, text=text, file=None, now=now)
    this_break = update(breaks).where(breaks.c.break_id == break_id)
    connection.execute(this_break.values(given_to=to, due_on=due_on))


def comments_about(connection: Connection, break_id: str) -> Sequence[Row[Any]]:
    """Return what people said about one break, oldest first."""
    about = select(break_comments).where(break_comments.c.break_id == break_id)
    in_order = about.order_by(break_comments.c.comment_id)
    return connection.execute(in_order).all()


def changed_comment(connection: Connection) -> int | None:
    """Return the first comment whose hash does not follow from its content and the one before; None where all do."""
    return find_broken_link(connection, break_comments, _hash)


def _hash(previous: str, said: Mapping[str, Any]) -> str:
    at = said["at"].astimezone(UTC).isoformat(timespec="microseconds")
    content = [said[name] for name in _HASHED]
    return digest([previous, at, *content])
