"""Sign in, stay signed in, sign out; guessing gets slower with every try, whether there is such a person or not."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.people.accounts import Account, account_of, name_key
from flows.people.links import digest_of, new_token
from flows.people.passwords import hash_password, is_right, is_weaker_than_now
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from sql import sign_ins
from sql.people import person_named, renew_password_hash

WRONG = "That name and password do not go together."
_FREE_TRIES = 5  # by one name
_FREE_TRIES_OF_ADDRESS = 30  # behind one address may sit a whole studio
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


def sign_in(settings: Settings, ledger: Ledger, name: str, password: str, address: str) -> Session:
    """Return a new session; `WrongUsage` where name and password do not go together, in the same words and time."""
    name_digest = digest_of(name_key(name))
    with ledger.read() as connection:
        now = utc_now()
        of_name, from_address = sign_ins.failures_of(connection, name_digest, address, now - _REMEMBERED)
        found = person_named(connection, name_key(name))
    _refuse_too_soon(of_name.failures_count - _FREE_TRIES, of_name.last_at, now)
    _refuse_too_soon(from_address.failures_count - _FREE_TRIES_OF_ADDRESS, from_address.last_at, now)
    # Outside of a transaction: it takes its time, on purpose.
    if not is_right(password, None if found is None else found.password_hash) or found is None:
        with ledger.begin() as connection:
            sign_ins.note_failure(connection, name_digest, address, now)
            _drop_old(connection, now)
        raise WrongUsage(WRONG)
    with ledger.begin() as connection:
        sign_ins.forget_failures(connection, name_digest)
        if is_weaker_than_now(found.password_hash):
            renew_password_hash(connection, found.user_id, hash_password(password))
    return begin_session(settings, ledger, found.user_id, found.name)


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
