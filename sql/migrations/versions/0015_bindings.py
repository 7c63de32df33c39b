"""Which services the ledger's events were sent to, by their addresses."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "service_bindings",
        sa.Column("binding_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("bound_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("bound_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("target IN ('mindbody', 'referral_rock')", name=op.f("ck_service_bindings_target_known")),
        sa.CheckConstraint("bound_by <> '' AND reason <> ''", name=op.f("ck_service_bindings_said_by_someone")),
        sa.PrimaryKeyConstraint("binding_id", name=op.f("pk_service_bindings")),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was bound, by whom and why, stays said."""
    raise RuntimeError("This migration cannot be undone: it would drop which services the ledger was used against.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER service_bindings_no_{verb.lower()} BEFORE {verb} ON service_bindings "
            "BEGIN SELECT RAISE(ABORT, 'service_bindings is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER service_bindings_append_only BEFORE UPDATE OR DELETE ON service_bindings "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
