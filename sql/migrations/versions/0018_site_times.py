"""What times without an offset have been read as, by site: as UTC where something of the site was posted before."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "site_times",
        sa.Column("site_times_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("times", sa.String(), nullable=False),
        sa.Column("since_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("times IN ('utc', 'site')", name=op.f("ck_site_times_times_known")),
        sa.PrimaryKeyConstraint("site_times_id", name=op.f("pk_site_times")),
    )
    # Until now nobody was asked, and all times without an offset were UTC: what comes again must read the same.
    posted = sa.text(
        "INSERT INTO site_times (site_id, times, since_at) "
        "SELECT DISTINCT site_id, 'utc', :now FROM events WHERE target = 'mindbody' AND state = 'posted'"
    )
    op.get_bind().execute(posted.bindparams(sa.bindparam("now", datetime.now(UTC), UtcDateTime(timezone=True))))
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what a site's times were read as stays said."""
    raise RuntimeError("This migration cannot be undone: it would drop what times without an offset were read as.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER site_times_no_{verb.lower()} BEFORE {verb} ON site_times "
            "BEGIN SELECT RAISE(ABORT, 'site_times is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER site_times_append_only BEFORE UPDATE OR DELETE ON site_times "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
