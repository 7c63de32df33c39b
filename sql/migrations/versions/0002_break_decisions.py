"""What people decided about breaks."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "break_decisions",
        sa.Column("decision_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("break_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("verb IN ('acknowledge', 'resolve', 'reopen')", name=op.f("ck_break_decisions_verb_known")),
        sa.CheckConstraint("actor <> '' AND reason <> ''", name=op.f("ck_break_decisions_said_by_someone")),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"], name=op.f("fk_break_decisions_break_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_break_decisions")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_break_decisions_previous_hash")),
    )
    op.create_index(op.f("ix_break_decisions_break_id"), "break_decisions", ["break_id"], unique=False)
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Decisions of people are not dropped by a command."""
    raise RuntimeError("This migration cannot be undone: it would drop what people decided.")


def _append_only_sqlite(verb: str) -> str:
    name = f"break_decisions_no_{verb.lower()}"
    return (
        f"CREATE TRIGGER {name} BEFORE {verb} ON break_decisions "
        "BEGIN SELECT RAISE(ABORT, 'break_decisions is append-only'); END"
    )


# refuse_change() was made by the first migration.
_POSTGRESQL = (
    "CREATE TRIGGER break_decisions_append_only BEFORE UPDATE OR DELETE ON break_decisions "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
)
_APPEND_ONLY = {
    "sqlite": (_append_only_sqlite("UPDATE"), _append_only_sqlite("DELETE")),
    "postgresql": (_POSTGRESQL,),
}
