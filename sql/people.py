"""People of the desk: who they are, what they may do where, and who let them in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, update

from sql.queries import query, rows_query
from sql.tables.people import user_changes, user_roles, users
from transforms.vocabulary import Role

Grant = tuple[str, Role]  # at a site, "" for all of them


def people(connection: Connection) -> Sequence[Row[Any]]:
    """Return everybody who has not left: a row per role, or one without."""
    return connection.execute(rows_query("people")).all()


def person_named(connection: Connection, name_key: str) -> Row[Any] | None:
    """Return user_id, name and password_hash of whoever has not left and is called so."""
    return connection.execute(rows_query("person_named"), {"name_key": name_key}).one_or_none()


def person_ever_named(connection: Connection, name_key: str) -> Row[Any] | None:
    """Return user_id, name and removed_at of whoever is or was called so."""
    return connection.execute(rows_query("person_ever_named"), {"name_key": name_key}).one_or_none()


def roles_of(connection: Connection, user_id: int) -> frozenset[Grant]:
    """Return what a person may do, and where."""
    found = connection.execute(query("roles_of_person"), {"user_id": user_id})
    return frozenset((row.site_id, Role(row.role)) for row in found)


def administrators_count(connection: Connection) -> int:
    """Count those who can sign in and may say who else may, at all sites."""
    return int(connection.execute(query("administrators_count")).scalar_one())


def add_person(
    connection: Connection, name: str, name_key: str, *, password_hash: str | None, by: str, now: datetime
) -> int:
    """Add somebody; return their number."""
    row = {"name": name, "name_key": name_key, "password_hash": password_hash, "added_at": now, "added_by": by}
    new = insert(users).values(row).returning(users.c.user_id)
    user_id: int = connection.execute(new).scalar_one()
    _note(connection, user_id, by=by, what="added", now=now)
    return user_id


def bring_back(connection: Connection, user_id: int, name: str, *, by: str, now: datetime) -> None:
    """Let somebody in again who had left; what they had may is gone, and so is their password."""
    _change(connection, user_id, name=name, removed_at=None, password_hash=None)
    _note(connection, user_id, by=by, what="added again", now=now)


def remove_person(connection: Connection, user_id: int, *, by: str, now: datetime) -> None:
    """Let somebody go: they cannot sign in any more, and what they did keeps their name."""
    _change(connection, user_id, removed_at=now, password_hash=None)
    # Whoever is let in again later begins with nothing.
    _take_roles(connection, user_id)
    _note(connection, user_id, by=by, what="removed", now=now)


def set_roles(connection: Connection, user_id: int, grants: Iterable[Grant], *, by: str, now: datetime) -> None:
    """Let a person do this, and nothing else."""
    # All at once: between two changes nobody may more, or less, than was said.
    given = sorted(set(grants))
    _take_roles(connection, user_id)
    if given:
        rows = [{"user_id": user_id, "site_id": site_id, "role": role.value} for site_id, role in given]
        connection.execute(insert(user_roles), rows)
    told = ", ".join(f"{role} at {site_id or 'all sites'}" for site_id, role in given)
    _note(connection, user_id, by=by, what=f"may now be {told or 'nothing'}", now=now)


def set_password_hash(connection: Connection, user_id: int, password_hash: str, *, by: str, now: datetime) -> None:
    """Keep what a person's password is checked against."""
    _change(connection, user_id, password_hash=password_hash)
    _note(connection, user_id, by=by, what="chose a password", now=now)


def renew_password_hash(connection: Connection, user_id: int, password_hash: str) -> None:
    """Keep the same password by a stronger hash: nothing that a person did, so that no change is noted."""
    _change(connection, user_id, password_hash=password_hash)


def _change(connection: Connection, user_id: int, **values: Any) -> None:
    of_person = update(users).where(users.c.user_id == user_id)
    connection.execute(of_person.values(values))


def _take_roles(connection: Connection, user_id: int) -> None:
    of_person = delete(user_roles).where(user_roles.c.user_id == user_id)
    connection.execute(of_person)


def _note(connection: Connection, user_id: int, *, by: str, what: str, now: datetime) -> None:
    values = {"user_id": user_id, "changed_at": now, "changed_by": by, "what": what}
    connection.execute(insert(user_changes).values(values))
