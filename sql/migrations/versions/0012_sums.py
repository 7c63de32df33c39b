"""Sums of points past 64 bits: two events of the largest size that the service takes are one."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table in ("batches", "closing_lines"):
        column = sa.Column("points_quintillions", sa.BigInteger(), nullable=False, server_default="0")
        op.add_column(table, column)


def downgrade() -> None:
    """Refuse: a sum would lose its upper digits."""
    raise RuntimeError("This migration cannot be undone: it would drop the upper digits of sums.")
