"""Decide about breaks, and tell what was decided: the one door for command line and pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Row

from flows.ledger.connection import Ledger
from flows.review.attachments import keep_attachment, keep_content
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.secrets import mask
from flows.settings.sections import Settings
from sql.break_comments import comment, comments_about, give
from sql.break_decisions import DecisionRefused, Verb, decide, decisions_about, find_break
from transforms.match.reasons import ReasonRefused, read_reason
from transforms.spoken_times import spoken_date


def decide_break(ledger: Ledger, break_id: str, verb: Verb, *, actor: str, reason: str) -> None:
    """Record what a person decided; `WrongUsage` where it does not fit the break, or the reason says nothing."""
    try:
        code = read_reason(reason)
        with ledger.begin() as connection:
            decide(connection, break_id, verb, actor=actor, reason=mask(reason), reason_code=code, now=utc_now())
    except (DecisionRefused, ReasonRefused) as error:
        raise WrongUsage(str(error)) from None


def decide_breaks(ledger: Ledger, break_ids: Sequence[str], verb: Verb, *, actor: str, reason: str) -> None:
    """Record one decision about each of these, all or none; errors as of `decide_break`."""
    try:
        code = read_reason(reason)
        # In one transaction: of a hundred that were ticked none is left half decided where one was decided by others.
        with ledger.begin() as connection:
            now = utc_now()
            for break_id in break_ids:
                decide(connection, break_id, verb, actor=actor, reason=mask(reason), reason_code=code, now=now)
    except (DecisionRefused, ReasonRefused) as error:
        raise WrongUsage(str(error)) from None


def give_break(ledger: Ledger, break_id: str, *, actor: str, to: str, due_on: date | None, words: str = "") -> None:
    """Give a break to somebody, until a day; ``to`` "" leaves it to the rules again, and so does no day.

    `WrongUsage` where there is no such break, or nobody says so.
    """
    name = " ".join(mask(to).split())
    until = "" if due_on is None else f" until {spoken_date(due_on)}"
    text = f"given to {name or 'nobody in person'}{until}" + (f": {words.strip()}" if words.strip() else "")
    try:
        with ledger.begin() as connection:
            give(
                connection,
                break_id,
                actor=mask(actor),
                to=name or None,
                due_on=due_on,
                text=mask(text),
                now=utc_now(),
            )
    except DecisionRefused as error:
        raise WrongUsage(str(error)) from None


@dataclass(frozen=True)
class Attached:
    """A file that came with what somebody says, still to be read."""

    name: str
    content: BinaryIO


def comment_break(
    settings: Settings, ledger: Ledger, break_id: str, *, actor: str, text: str, file: Path | Attached | None
) -> None:
    """Record what a person says about a break, with a file that is kept by its hash.

    `WrongUsage` where there is no such break, nothing is said or the file is none, `CouldNotRun` where it cannot be
    kept.
    """
    if not actor.strip() or not text.strip():
        raise WrongUsage("A comment needs a name and some words: --by NAME --text TEXT.")
    try:
        with ledger.begin() as connection:
            # Before the file is kept: nothing is left behind of what was refused.
            find_break(connection, break_id)
        attached = _kept(settings, file)
        with ledger.begin() as connection:
            comment(connection, break_id, actor=mask(actor), text=mask(text), file=attached, now=utc_now())
    except DecisionRefused as error:
        raise WrongUsage(str(error)) from None


def _kept(settings: Settings, file: Path | Attached | None) -> tuple[str, str] | None:
    if isinstance(file, Attached):
        return keep_content(settings, file.name, file.content)
    return None if file is None else keep_attachment(settings, file)


def break_comments(ledger: Ledger, break_id: str) -> Sequence[Row[Any]]:
    """Return what people said about one break, oldest first."""
    with ledger.read() as connection:
        return comments_about(connection, break_id)


def break_history(ledger: Ledger, break_id: str) -> Sequence[Row[Any]]:
    """Return the decisions about one break, oldest first; `WrongUsage` where there is no such break."""
    try:
        with ledger.read() as connection:
            return decisions_about(connection, break_id)
    except DecisionRefused as error:
        raise WrongUsage(str(error)) from None
