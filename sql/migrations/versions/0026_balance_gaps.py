"""What each side of a break has, how a balance moved that nothing explained, and the entries that explain it since.

Breaks about balances of before get their direction back from their words; what each side of a break has comes with the
next reading that shows it.
"""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0026"
down_revision = "0025"

_APPEND_ONLY = ("balance_gaps", "balance_parts")
_COLUMNS = (
    sa.Column("points_ledger", sa.BigInteger(), nullable=True),
    sa.Column("points_service", sa.BigInteger(), nullable=True),
    sa.Column("amount_ledger", sa.String(), nullable=True),
    sa.Column("amount_service", sa.String(), nullable=True),
    sa.Column("more", sa.BigInteger(), nullable=True),
)
# A break about a balance has neither an event nor a time, and says in its words which way the balance was off.
_DIRECTION = """
UPDATE breaks SET more = CASE WHEN detail LIKE '%from what is known: +%' THEN points ELSE -points END
WHERE target = 'mindbody' AND event_id IS NULL AND action_at IS NULL AND points > 0 AND detail IS NOT NULL
"""
# What was known: of the client's events those that were posted before the run, and until it ended.
_GAPS = """
INSERT INTO balance_gaps (break_id, more, since_at, until_at, known_from_at, known_to_at)
SELECT breaks.break_id, breaks.more, runs.started_at, coalesce(runs.finished_at, runs.started_at),
    (
        SELECT max(events.action_at) FROM events WHERE events.state = 'posted'
        AND events.lane = 'mindbody:' || breaks.site_id || ':' || breaks.client_id
        AND events.state_at <= runs.started_at
    ),
    (
        SELECT max(events.action_at) FROM events WHERE events.state = 'posted'
        AND events.lane = 'mindbody:' || breaks.site_id || ':' || breaks.client_id
        AND events.state_at <= coalesce(runs.finished_at, runs.started_at)
    )
FROM breaks JOIN runs ON runs.run_id = breaks.opened_run_id
WHERE breaks.more <> 0
"""


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("breaks", column)
    op.create_table(
        "balance_gaps",
        sa.Column("break_id", sa.String(), nullable=False),
        sa.Column("more", sa.BigInteger(), nullable=False),
        sa.Column("since_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("until_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("known_from_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("known_to_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("more <> 0", name=op.f("ck_balance_gaps_of_something")),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"], name=op.f("fk_balance_gaps_break_id")),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_balance_gaps")),
    )
    op.create_table(
        "balance_parts",
        sa.Column("break_id", sa.String(), nullable=False),
        sa.Column("gap_id", sa.String(), nullable=True),
        sa.Column("more", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"], name=op.f("fk_balance_parts_break_id")),
        sa.ForeignKeyConstraint(["gap_id"], ["balance_gaps.break_id"], name=op.f("fk_balance_parts_gap_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_balance_parts_run_id")),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_balance_parts")),
    )
    op.create_index(op.f("ix_balance_parts_gap_id"), "balance_parts", ["gap_id"], unique=False)
    op.execute(_DIRECTION)
    op.execute(_GAPS)
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what is told once would be told twice."""
    raise RuntimeError("This migration cannot be undone: it would drop which differences are one.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in _APPEND_ONLY
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in _APPEND_ONLY
    ]
