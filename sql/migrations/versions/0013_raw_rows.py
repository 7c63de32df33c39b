"""The fingerprint of each row's raw cells, by which a row is known again that now reads as another event."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_HAS_FINGERPRINT = sa.text("fingerprint IS NOT NULL")


def upgrade() -> None:
    op.add_column("events", sa.Column("fingerprint", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_events_fingerprint",
        "events",
        ["fingerprint"],
        sqlite_where=_HAS_FINGERPRINT,
        postgresql_where=_HAS_FINGERPRINT,
    )
    op.create_table(
        "known_rows",
        sa.Column("fingerprint", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_known_rows_event_id")),
        sa.PrimaryKeyConstraint("fingerprint", "event_id", name=op.f("pk_known_rows")),
    )
    # Files of before have none: their rows are read once more from the archive.
    op.add_column("files", sa.Column("row_rule", sa.String(), nullable=True))
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: without them, a row that reads otherwise would be paid again."""
    raise RuntimeError("This migration cannot be undone: it would drop by what rows are known again.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        fixed = (
            "CREATE TRIGGER events_fingerprint_fixed BEFORE UPDATE OF fingerprint ON events "
            "BEGIN SELECT RAISE(ABORT, 'events cannot be rewritten'); END"
        )
        return [
            fixed,
            *(
                f"CREATE TRIGGER known_rows_no_{verb.lower()} BEFORE {verb} ON known_rows "
                "BEGIN SELECT RAISE(ABORT, 'known_rows is append-only'); END"
                for verb in ("UPDATE", "DELETE")
            ),
        ]
    # refuse_change() was made by the first migration.
    fixed = "CREATE TRIGGER events_fingerprint_fixed BEFORE UPDATE OF fingerprint ON events "
    append_only = "CREATE TRIGGER known_rows_append_only BEFORE UPDATE OR DELETE ON known_rows "
    return [
        fixed + "FOR EACH ROW EXECUTE FUNCTION refuse_change('cannot be rewritten')",
        append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ]
