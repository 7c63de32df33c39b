"""Open breaks are counted and listed by one index, and a person may give one to somebody, until a day."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_OPEN = sa.text("state IN ('open', 'acknowledged')")
_LISTED = ["opened_on", "break_id", "site_id", "client_id", "class", "points", "opened_run_id", "state"]


def upgrade() -> None:
    op.add_column("breaks", sa.Column("given_to", sa.String(), nullable=True))
    op.add_column("breaks", sa.Column("due_on", sa.Date(), nullable=True))
    _index(_LISTED)


def downgrade() -> None:
    _index(_LISTED[:2])
    op.drop_column("breaks", "due_on")
    op.drop_column("breaks", "given_to")


def _index(columns: list[str]) -> None:
    op.drop_index("ix_breaks_open", "breaks")
    op.create_index("ix_breaks_open", "breaks", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
