"""When nights are due, whether a run is alive, and why one could not start."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("runs", sa.Column("seen_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("failure", sa.String(), nullable=True))
    op.create_table(
        "schedules",
        sa.Column("schedule_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("since_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_schedules")),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was said of a run stays said."""
    raise RuntimeError("This migration cannot be undone: it would drop when nights were due.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER schedules_no_{verb.lower()} BEFORE {verb} ON schedules "
            "BEGIN SELECT RAISE(ABORT, 'schedules is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER schedules_append_only BEFORE UPDATE OR DELETE ON schedules "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
