"""Who a ledger is, and its runs numbered, so that a copy of before can be told from the ledger itself."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0010"
down_revision = "0009"

_APPEND_ONLY = ("ledger_identity", "run_numbers")


def upgrade() -> None:
    op.create_table(
        "ledger_identity",
        sa.Column("only_row", sa.Integer(), nullable=False),
        sa.Column("ledger_id", sa.String(), nullable=False),
        sa.CheckConstraint("only_row = 1", name=op.f("ck_ledger_identity_only_one")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_ledger_identity")),
    )
    op.create_table(
        "run_numbers",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("numbered_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_run_numbers_run_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_run_numbers")),
        sa.UniqueConstraint("run_id", name=op.f("uq_run_numbers_run_id")),
    )
    # Random, and made here once: two ledgers that begin on one day from one version are two all the same.
    op.execute(
        sa.text("INSERT INTO ledger_identity (only_row, ledger_id) VALUES (1, :ledger_id)").bindparams(
            ledger_id=uuid4().hex
        )
    )
    # Without a time: these runs were counted by no marker.
    op.execute("INSERT INTO run_numbers (run_id) SELECT run_id FROM runs ORDER BY started_at, run_id")
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a ledger that has forgotten who it is could not be told from a copy of it."""
    raise RuntimeError("This migration cannot be undone: it would drop the numbers that markers remember.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in _APPEND_ONLY
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in _APPEND_ONLY
    ]
