"""Accounts: who is let in, what they may do where, and the link by which they choose their password."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlalchemy import Connection

from flows.ledger.connection import Ledger
from flows.people.links import digest_of, new_token
from flows.people.passwords import hash_password
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import UNSEEN
from flows.settings.sections import Settings
from sql import people as kept_people
from sql.people import Grant
from sql.sign_ins import end_invitations, end_sessions_of, invite, open_invitation, use_invitation
from transforms.vocabulary import Role

ALL_SITES = ""
_LONGEST_NAME = 80
_LINK_GOOD_FOR = timedelta(days=3)
_FIRST_LINK_GOOD_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Account:
    """Somebody who may use the desk."""

    user_id: int
    name: str
    grants: frozenset[Grant]
    has_password: bool = True

    def may(self, role: Role, site_id: str) -> bool:
        """Return whether they have this role at the site. An administrator has them all, and with any one may look."""
        here = {granted for at, granted in self.grants if at in (ALL_SITES, site_id)}
        if role is Role.VIEWER:
            return bool(here)
        return role in here or Role.ADMINISTRATOR in here

    def sites(self, role: Role, known: Iterable[str]) -> list[str]:
        """Return at which of these sites they have it."""
        return [site_id for site_id in known if self.may(role, site_id)]


def name_key(name: str) -> str:
    """Return what two spellings of one name have in common."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def account_of(connection: Connection, user_id: int, name: str) -> Account:
    """Return a person with what they may do."""
    return Account(user_id, name, kept_people.roles_of(connection, user_id))


def list_accounts(ledger: Ledger) -> list[Account]:
    """Return everybody, by name."""
    with ledger.read() as connection:
        rows = kept_people.people(connection)
    accounts = []
    for user_id, group in groupby(rows, key=lambda row: row.user_id):
        of_person = list(group)
        grants = frozenset((row.site_id, Role(row.role)) for row in of_person if row.role is not None)
        first = of_person[0]
        accounts.append(Account(user_id, first.name, grants, first.password_hash is not None))
    return accounts


def add_account(settings: Settings, ledger: Ledger, name: str, grants: Collection[Grant], *, by: str) -> str:
    """Let somebody in and return the link's token; `WrongUsage` where the name is taken or is none."""
    name = _fitting_name(name)
    _refuse_unknown_sites(settings, grants)
    with ledger.begin() as connection:
        now = utc_now()
        before = kept_people.person_ever_named(connection, name_key(name))
        if before is None:
            user_id = kept_people.add_person(connection, name, name_key(name), password_hash=None, by=by, now=now)
        elif before.removed_at is not None:
            user_id = before.user_id
            kept_people.bring_back(connection, user_id, name, by=by, now=now)
        else:
            raise WrongUsage(f"There is somebody called {before.name} already: choose another name.")
        kept_people.set_roles(connection, user_id, grants, by=by, now=now)
        return _invite(connection, user_id, _LINK_GOOD_FOR)


def change_roles(settings: Settings, ledger: Ledger, name: str, grants: Collection[Grant], *, by: str) -> None:
    """Let a person do this and nothing else, from their next click on; somebody has to stay administrator."""
    _refuse_unknown_sites(settings, grants)
    with ledger.begin() as connection:
        user_id = _known(connection, name)
        had_one = kept_people.administrators_count(connection) > 0
        kept_people.set_roles(connection, user_id, grants, by=by, now=utc_now())
        _refuse_nobody_left(connection, had_one=had_one)


def remove_account(ledger: Ledger, name: str, *, by: str) -> None:
    """Let a person go: their sessions end at once."""
    with ledger.begin() as connection:
        user_id = _known(connection, name)
        had_one = kept_people.administrators_count(connection) > 0
        now = utc_now()
        kept_people.remove_person(connection, user_id, by=by, now=now)
        end_sessions_of(connection, user_id, now)
        end_invitations(connection, user_id, now)
        _refuse_nobody_left(connection, had_one=had_one)


def new_link(ledger: Ledger, name: str) -> str:
    """Return the token of a link by which a person chooses a new password; one from before is good no more."""
    with ledger.begin() as connection:
        return _invite(connection, _known(connection, name), _LINK_GOOD_FOR)


def end_all_sessions(ledger: Ledger, name: str) -> int:
    """Sign a person out everywhere; return of how many sessions."""
    with ledger.begin() as connection:
        return end_sessions_of(connection, _known(connection, name), utc_now())


def first_link(ledger: Ledger) -> str | None:
    """Return the token of a link for the first administrator; None where there is somebody already."""
    with ledger.begin() as connection:
        if kept_people.people(connection):
            return None
        return _invite(connection, None, _FIRST_LINK_GOOD_FOR)


def whose_link(ledger: Ledger, token: str) -> tuple[bool, str | None]:
    """Return whether a link is still good, and whose it is; the first administrator has no name yet."""
    with ledger.read() as connection:
        found = open_invitation(connection, digest_of(token), utc_now())
    return (False, None) if found is None else (True, found.name)


def choose_password(ledger: Ledger, token: str, name: str, password: str) -> Account:
    """Use a link: keep the password of its person, or make the first administrator, and return who it is.

    Whoever was signed in as this person is signed out. `WrongUsage` where the link is good no more.
    """
    hashed = hash_password(password)
    with ledger.begin() as connection:
        now = utc_now()
        found = open_invitation(connection, digest_of(token), now)
        if found is None or not use_invitation(connection, digest_of(token), now):
            raise WrongUsage("This link was used already, or is too old: ask for another one.")
        if found.user_id is None:
            return _first_administrator(connection, _fitting_name(name), hashed)
        kept_people.set_password_hash(connection, found.user_id, hashed, by=found.name, now=now)
        end_sessions_of(connection, found.user_id, now)
        return account_of(connection, found.user_id, found.name)


def _first_administrator(connection: Connection, name: str, hashed: str) -> Account:
    if kept_people.people(connection):
        raise WrongUsage("Somebody was let in meanwhile: ask them for a link.")
    now = utc_now()
    user_id = kept_people.add_person(connection, name, name_key(name), password_hash=hashed, by=name, now=now)
    kept_people.set_roles(connection, user_id, [(ALL_SITES, Role.ADMINISTRATOR)], by=name, now=now)
    return account_of(connection, user_id, name)


def _invite(connection: Connection, user_id: int | None, good_for: timedelta) -> str:
    token, now = new_token(), utc_now()
    invite(connection, digest_of(token), user_id, now=now, until_at=now + good_for)
    return token


def _known(connection: Connection, name: str) -> int:
    found = kept_people.person_named(connection, name_key(name))
    if found is None:
        raise WrongUsage(f"Nobody is called {name}: `tieout user list` names everybody.")
    user_id: int = found.user_id
    return user_id


def _fitting_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > _LONGEST_NAME or UNSEEN.search(name):
        raise WrongUsage(f"A name has 1 to {_LONGEST_NAME} signs that can be seen.")
    return name


def _refuse_unknown_sites(settings: Settings, grants: Collection[Grant]) -> None:
    known = {ALL_SITES, *settings.mindbody.site_ids}
    unknown: Sequence[str] = sorted({site_id for site_id, _ in grants} - known)
    if unknown:
        raise WrongUsage(f"No [[mindbody.sites]] of the settings has site_id {unknown[0]}.")


def _refuse_nobody_left(connection: Connection, *, had_one: bool) -> None:
    # Raised within the transaction, which is then rolled back.
    if had_one and not kept_people.administrators_count(connection):
        raise WrongUsage("Nobody would be left who may let people in: make somebody else an administrator first.")
