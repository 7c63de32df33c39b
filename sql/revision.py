"""Say which migration a ledger is at, and which one this version needs.

Told without the library that migrates: every command asks, and hardly any has to wait for it.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
# Alembic's own table, of one row.
_VERSION = table("alembic_version", column("version_num"))


def current_revision(connection: Connection) -> str | None:
    """Return the ledger's revision, None where it has no tables yet."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    revision: str | None = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    return revision


@cache
def head_revision() -> str:
    """Return the revision that this version of the code needs: the highest of the numbers that its files begin with."""
    return max(path.name.partition("_")[0] for path in _MIGRATIONS.glob("[0-9]*.py"))
