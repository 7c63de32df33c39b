from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

from flows.ledger.connection import Ledger, connect_ledger, ledger_revision, open_ledger, upgrade_ledger
from flows.settings.sections import Settings
from sql import migrate
from sql.revision import head_revision
from sql.tables import metadata


def test_the_revision_that_is_needed_is_the_end_of_the_one_chain() -> None:
    chain = ScriptDirectory(str(Path(migrate.__file__).with_name("migrations")))
    assert [head_revision()] == chain.get_heads()
    assert len(list(chain.walk_revisions())) == int(head_revision())


def test_open_ledger_brings_an_empty_database_to_this_versions_tables(bare_settings: Settings) -> None:
    with open_ledger(bare_settings) as ledger:
        assert ledger_revision(ledger) == head_revision()


def test_connect_ledger_leaves_an_empty_database_empty(bare_settings: Settings) -> None:
    with connect_ledger(bare_settings) as ledger:
        assert ledger_revision(ledger) is None


def test_upgrade_ledger_twice_changes_nothing(ledger: Ledger) -> None:
    assert upgrade_ledger(ledger) == head_revision()


def test_open_ledger_finds_what_another_process_made(ledger: Ledger, ledger_settings: Settings) -> None:
    with open_ledger(ledger_settings) as again:
        assert ledger_revision(again) == head_revision()


def test_migrations_make_the_tables_that_the_code_describes(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_make_the_checks_that_the_code_describes(ledger: Ledger) -> None:
    # Alembic's comparison leaves checks out.
    described = {check.name for table in metadata.tables.values() for check in table.constraints if is_check(check)}
    with ledger.begin() as connection:
        made = inspect(connection).get_multi_check_constraints().values()
    assert {check["name"] for checks in made for check in checks} == described


def is_check(constraint: object) -> bool:
    return isinstance(constraint, CheckConstraint)
