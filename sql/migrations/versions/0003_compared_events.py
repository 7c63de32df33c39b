"""When an event was last compared with what its service shows."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0003"
down_revision = "0002"

_NOT_COMPARED = sa.text("state = 'posted' AND compared_at IS NULL")


def upgrade() -> None:
    op.add_column("events", sa.Column("compared_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_events_not_compared",
        "events",
        ["site_id", "client_id"],
        sqlite_where=_NOT_COMPARED,
        postgresql_where=_NOT_COMPARED,
    )


def downgrade() -> None:
    op.drop_index("ix_events_not_compared", "events")
    op.drop_column("events", "compared_at")
