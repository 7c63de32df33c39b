"""Bring a ledger to this version's tables, and say where it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from sql.lock import take_turn

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection) -> None:
    """Run every migration that the ledger lacks, in the caller's transaction.

    A second process that does the same waits, and finds it done.
    """
    take_turn(connection)
    command.upgrade(_config(connection), "head")


def current_revision(connection: Connection) -> str | None:
    """Return the ledger's revision, None where it has no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """Return the revision that this version of the code needs."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert head is not None  # noqa: S101 - the package always holds at least one migration
    return head


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
