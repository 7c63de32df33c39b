"""Old attempts may leave the ledger for files, whose names and hashes stay; nothing else of them can be deleted."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0024"
down_revision = "0023"

# Of each table that attempts leave: the column by which it is known what a file has.
_LEAVING = {"attempts": "attempt_id", "answers": "attempt_id", "transitions": "event_id"}


def upgrade() -> None:
    op.create_table(
        "attempt_archives",
        sa.Column("archive_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("before_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("attempts_count", sa.Integer(), nullable=False),
        sa.Column("first_attempt_id", sa.Integer(), nullable=False),
        sa.Column("last_attempt_id", sa.Integer(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "attempts_count >= 1 AND first_attempt_id <= last_attempt_id",
            name=op.f("ck_attempt_archives_holds_something"),
        ),
        sa.PrimaryKeyConstraint("archive_id", name=op.f("pk_attempt_archives")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_attempt_archives_previous_hash")),
    )
    op.create_table(
        "moving_out",
        sa.Column("attempt_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("archive_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["archive_id"], ["attempt_archives.archive_id"], name=op.f("fk_moving_out_archive_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_moving_out")),
        sa.UniqueConstraint("event_id", name=op.f("uq_moving_out_event_id")),
    )
    op.create_index(op.f("ix_settlements_attempt_id"), "settlements", ["attempt_id"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if is_sqlite else _postgresql():
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was moved out could not be told any more."""
    raise RuntimeError("This migration cannot be undone: it would drop where old attempts were moved to.")


def _sqlite() -> list[str]:
    statements = [_append_only_sqlite(verb) for verb in ("UPDATE", "DELETE")]
    for table, column in _LEAVING.items():
        statements += [f"DROP TRIGGER {table}_no_delete", _not_lost_sqlite(table, column)]
    return statements


def _append_only_sqlite(verb: str) -> str:
    refuse = "BEGIN SELECT RAISE(ABORT, 'attempt_archives is append-only'); END"
    return f"CREATE TRIGGER attempt_archives_no_{verb.lower()} BEFORE {verb} ON attempt_archives {refuse}"


def _not_lost_sqlite(table: str, column: str) -> str:
    leaves = f"SELECT 1 FROM moving_out WHERE moving_out.{column} = OLD.{column}"  # noqa: S608 - names of ours
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT EXISTS ({leaves}) {refuse}"


def _postgresql() -> list[str]:
    # refuse_change() was made by the first migration.
    refuse_change = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    statements = [
        f"CREATE TRIGGER attempt_archives_append_only BEFORE UPDATE OR DELETE ON attempt_archives {refuse_change}"
    ]
    for table, column in _LEAVING.items():
        statements += [
            f"DROP TRIGGER {table}_append_only ON {table}",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table} {refuse_change}",
            _refuse_to_lose(table, column),
            _not_lost(table),
        ]
    return statements


def _not_lost(table: str) -> str:
    refuse = f"FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_{table}()"
    return f"CREATE TRIGGER {table}_not_lost BEFORE DELETE ON {table} {refuse}"


def _refuse_to_lose(table: str, column: str) -> str:
    leaves = f"SELECT 1 FROM moving_out WHERE moving_out.{column} = OLD.{column}"  # noqa: S608 - names of ours
    return f"""
        CREATE FUNCTION refuse_to_lose_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS ({leaves}) THEN
                RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$
    """
