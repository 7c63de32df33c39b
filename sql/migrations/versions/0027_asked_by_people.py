"""Indexes of files by their names, by which people ask for rows, and of breaks by the events that they are about."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_index(op.f("ix_files_name"), "files", ["name"])
    op.create_index(op.f("ix_breaks_event_id"), "breaks", ["event_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_breaks_event_id"), table_name="breaks")
    op.drop_index(op.f("ix_files_name"), table_name="files")
