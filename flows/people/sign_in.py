"""Sign in, stay signed in, sign out; guessing gets slower with every try, whether there is such a person or not."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.people.accounts import Account, account_of, name_key
from flows.people.known_browsers import known_mark, marked
from flows.people.links import digest_of, new_token
from flows.people.passwords import hash_password, is_right, is_weaker_than_now
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql import sign_ins
from sql.people import person_named, renew_password_hash

WRONG = "That name and password do not go together."
_FREE_TRIES = 5  # of one name, from one address or known browser
_FREE_TRIES_OF_ADDRESS = 30  # behind one address may sit a whole studio
_FREE_TRIES_OF_NAME = 50  # of one name by strangers, from however many addresses
_BROWSER = "browser "  # before the digest of a known one, in place of an address
_SLOWEST = timedelta(minutes=2)
_REMEMBERED = timedelta(hours=1)
_KEPT_AFTER_THEIR_END = timedelta(days=31)
# The ledger is written to once in so long while somebody clicks.
_SEEN_EVERY = timedelta(minutes=1)


class TooSoon(WrongUsage):
    """Somebody tried too often; nothing was checked, and the right password would not have helped."""


@dataclass(frozen=True)
class Session:
    """A person who is signed in; ``token`` is theirs alone, ``form_token`` stands in every form of theirs."""

    token: str
    form_token: str
    account: Account
    browser_marks: str = ""  # for the browser to keep, where the person has just signed in


def sign_in(
    settings: Settings, ledger: Ledger, name: str, password: str, address: str, browser_marks: str = ""
) -> Session:
    """Return a new session; `WrongUsage` where name and password do not go together, in the same words and time.

    Wrong tries delay whoever makes them: a name from an address, an address with all names, and a name for all
    strangers together. In a browser where the person has signed in before (`flows.people.known_browsers`) none of that
    counts but what was tried there: so nobody can lock a person out.
    """
    name_digest, now = digest_of(name_key(name)), utc_now()
    with ledger.read() as connection:
        found = person_named(connection, name_key(name))
        mark = known_mark(browser_marks, None if found is None else found.password_hash)
        tried_from = f"{_BROWSER}{digest_of(mark)[:32]}" if mark else address
        tried = list(_tried(connection, name_digest, tried_from, now - _REMEMBERED, is_known=bool(mark)))
    for failures, free in tried:
        _refuse_too_soon(failures.count - free, failures.last_at, now)
    # Outside of a transaction: it takes its time, on purpose.
    if not is_right(password, None if found is None else found.password_hash) or found is None:
        with ledger.begin() as connection:
            sign_ins.note_failure(connection, name_digest, tried_from, now, is_known_browser=bool(mark))
            _drop_old(connection, now)
        raise WrongUsage(WRONG)
    password_hash: str = found.password_hash
    with ledger.begin() as connection:
        sign_ins.forget_failures(connection, name_digest, tried_from)
        if is_weaker_than_now(password_hash):
            password_hash = hash_password(password)
            renew_password_hash(connection, found.user_id, password_hash)
    session = begin_session(settings, ledger, found.user_id, found.name)
    return replace(session, browser_marks=marked(browser_marks, password_hash))


def _tried(
    connection: Connection, name_digest: str, tried_from: str, since_at: datetime, *, is_known: bool
) -> Iterator[tuple[sign_ins.Failures, int]]:
    """Give what delays this try, each with how many are free."""
    yield sign_ins.failures_of_name_from(connection, name_digest, tried_from, since_at), _FREE_TRIES
    if not is_known:
        yield sign_ins.failures_from(connection, tried_from, since_at), _FREE_TRIES_OF_ADDRESS
        yield sign_ins.failures_of_name(connection, name_digest, since_at), _FREE_TRIES_OF_NAME


def marks_of(ledger: Ledger, name: str, browser_marks: str) -> str:
    """Return the marks of a browser in which this person has just chosen a password."""
    with ledger.read() as connection:
        found = person_named(connection, name_key(name))
    return browser_marks if found is None or not found.password_hash else marked(browser_marks, found.password_hash)


def _refuse_too_soon(too_many: int, last_at: datetime | None, now: datetime) -> None:
    if too_many < 0 or last_at is None:
        return
    # 1 s after the free tries, then twice as long each time.
    wait = min(timedelta(seconds=2 ** min(too_many, 20)), _SLOWEST)
    left = (last_at + wait - now).total_seconds()
    if left > 0:
        raise TooSoon(f"Too many tries. Wait {max(1, round(left))} seconds, then try again.")


def begin_session(settings: Settings, ledger: Ledger, user_id: int, name: str) -> Session:
    """Sign a person in whom a password, a link or a proxy has made known."""
    token, form_token, now = new_token(), new_token(), utc_now()
    until_at = now + timedelta(hours=settings.desk.session_hours)
    with ledger.begin() as connection:
        _drop_old(connection, now)
        sign_ins.begin_session(connection, digest_of(token), user_id, form_token, now=now, until_at=until_at)
        return Session(token, form_token, account_of(connection, user_id, name))


def _drop_old(connection: Connection, now: datetime) -> None:
    sign_ins.drop_old(connection, sessions_before_at=now - _KEPT_AFTER_THEIR_END, failures_before_at=now - _REMEMBERED)


def session_of(settings: Settings, ledger: Ledger, token: str) -> Session | None:
    """Return who bears this token; None where it ended, or was left alone for too long."""
    now = utc_now()
    idle = timedelta(hours=settings.desk.idle_hours)
    # Every click asks: it must wait for no run that writes.
    with ledger.read() as connection:
        found = sign_ins.open_session(connection, digest_of(token), now=now, seen_after_at=now - idle)
        if found is None:
            return None
        account = account_of(connection, found.user_id, found.name)
    if now - found.seen_at > _SEEN_EVERY:
        with ledger.begin() as connection:
            sign_ins.see_session(connection, digest_of(token), now)
    return Session(token, found.form_token, account)


def session_by_proxy(settings: Settings, ledger: Ledger, name: str, before: Session | None) -> Session | None:
    """Return the session of whom a trusted proxy names; None where nobody here is called so."""
    with ledger.read() as connection:
        found = person_named(connection, name_key(name))
    if found is None:
        return None
    if before is not None and before.account.user_id == found.user_id:
        return before
    return begin_session(settings, ledger, found.user_id, found.name)


def sign_out(ledger: Ledger, session: Session) -> None:
    """End the session; its token is good for nothing any more."""
    with ledger.begin() as connection:
        sign_ins.end_session(connection, digest_of(session.token), utc_now())


def is_form_of(session: Session, form_token: str) -> bool:
    """Return whether a form was made for this session, and not by another site's page."""
    return hmac.compare_digest(session.form_token.encode(), form_token.encode("utf-8", errors="replace"))
