"""What people were shown before they approved: an approval is about just that."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "showings",
        sa.Column("showing_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("shown_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("shown_to", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["runs.run_id"], name=op.f("fk_showings_plan_id")),
        sa.PrimaryKeyConstraint("showing_id", name=op.f("pk_showings")),
    )
    op.create_index(op.f("ix_showings_plan_id"), "showings", ["plan_id"])
    # Decisions of before were about what stood in the ledger when they were taken.
    op.execute("ALTER TABLE event_decisions ADD COLUMN seen VARCHAR(64)")
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: the hashes of decisions cover what was seen."""
    raise RuntimeError("This migration cannot be undone: it would forget what approvals were about.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER showings_no_{verb.lower()} BEFORE {verb} ON showings "
            "BEGIN SELECT RAISE(ABORT, 'showings is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER showings_append_only BEFORE UPDATE OR DELETE ON showings "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
