"""Who signed a period, and what was signed of it."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "signatures",
        sa.Column("signature_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("last_event_decision_id", sa.Integer(), nullable=False),
        sa.Column("last_break_decision_id", sa.Integer(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("role IN ('preparer', 'approver')", name=op.f("ck_signatures_role_known")),
        sa.CheckConstraint("actor <> '' AND by_name <> ''", name=op.f("ck_signatures_signed_by_someone")),
        sa.CheckConstraint("since_on <= until_on", name=op.f("ck_signatures_of_a_period")),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_signatures_previous_hash")),
    )
    op.create_index("ix_signatures_period", "signatures", ["since_on", "until_on"])
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was signed stays signed."""
    raise RuntimeError("This migration cannot be undone: it would drop who signed which period.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER signatures_no_{verb.lower()} BEFORE {verb} ON signatures "
            "BEGIN SELECT RAISE(ABORT, 'signatures is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER signatures_append_only BEFORE UPDATE OR DELETE ON signatures "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
