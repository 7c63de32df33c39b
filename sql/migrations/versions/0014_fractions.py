"""The fraction of the second that a row shows; events of before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_HAS_FRACTION = sa.text("action_fraction IS NOT NULL")


def upgrade() -> None:
    op.add_column("events", sa.Column("action_fraction", sa.String(), nullable=True))
    op.create_index(
        "ix_events_fraction",
        "events",
        ["content_key"],
        sqlite_where=_HAS_FRACTION,
        postgresql_where=_HAS_FRACTION,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    fixed = "CREATE TRIGGER events_fraction_fixed BEFORE UPDATE OF action_fraction ON events "
    refuse = (
        "BEGIN SELECT RAISE(ABORT, 'events cannot be rewritten'); END"
        if is_sqlite
        else "FOR EACH ROW EXECUTE FUNCTION refuse_change('cannot be rewritten')"
    )
    op.execute(fixed + refuse)


def downgrade() -> None:
    """Refuse: what was sent could not be told any more."""
    raise RuntimeError("This migration cannot be undone: it would drop a part of what was sent.")
