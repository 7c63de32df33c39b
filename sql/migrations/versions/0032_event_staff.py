"""Who is named beside the rows of events; of events from before, nobody knows it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "event_staff",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.CheckConstraint("staff <> ''", name=op.f("ck_event_staff_of_someone")),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_event_staff_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_staff")),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what the sheets named stays kept."""
    raise RuntimeError("This migration cannot be undone: it would drop whom the rows of events name.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER event_staff_no_{verb.lower()} BEFORE {verb} ON event_staff "
            "BEGIN SELECT RAISE(ABORT, 'event_staff is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER event_staff_append_only BEFORE UPDATE OR DELETE ON event_staff "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
