"""What the open breaks came to at the end of each run, every move since, balances read, and where snapshots lie."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0008"
down_revision = "0007"

_APPEND_ONLY = ("break_moves", "closings", "closing_lines", "snapshots")


def upgrade() -> None:
    op.add_column("breaks", sa.Column("detail", sa.String(), nullable=True))
    _create_roll_forward()
    op.create_table(
        "client_balances",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_client_balances_run_id")),
        sa.PrimaryKeyConstraint("site_id", "client_id", name=op.f("pk_client_balances")),
    )
    op.create_table(
        "snapshots",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("taken_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_snapshots_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_snapshots")),
    )
    # The breaks that a ledger of before has open are new to the first closing.
    op.execute(
        "INSERT INTO break_moves (break_id, move, moved_at, run_id, class, target, site_id, points, amount) "
        "SELECT breaks.break_id, 'new', runs.started_at, runs.run_id, breaks.class, breaks.target, "
        "coalesce(breaks.site_id, ''), coalesce(breaks.points, 0), coalesce(breaks.amount, '0') "
        "FROM breaks JOIN runs ON runs.run_id = breaks.opened_run_id WHERE breaks.state IN ('open', 'acknowledged')"
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def _create_roll_forward() -> None:
    op.create_table(
        "break_moves",
        sa.Column("move_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("break_id", sa.String(), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("moved_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.CheckConstraint("move IN ('new', 'reopened', 'closed', 'resolved')", name=op.f("ck_break_moves_move_known")),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"], name=op.f("fk_break_moves_break_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_break_moves_run_id")),
        sa.PrimaryKeyConstraint("move_id", name=op.f("pk_break_moves")),
    )
    op.create_index(op.f("ix_break_moves_break_id"), "break_moves", ["break_id"], unique=False)
    op.create_table(
        "closings",
        sa.Column("closing_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_move_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_closings_run_id")),
        sa.PrimaryKeyConstraint("closing_id", name=op.f("pk_closings")),
    )
    op.create_table(
        "closing_lines",
        sa.Column("closing_id", sa.Integer(), nullable=False),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("open_count", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["closing_id"], ["closings.closing_id"], name=op.f("fk_closing_lines_closing_id")),
        sa.PrimaryKeyConstraint("closing_id", "class", "target", "site_id", name=op.f("pk_closing_lines")),
    )


def downgrade() -> None:
    """Refuse: what was closed stays closed."""
    raise RuntimeError("This migration cannot be undone: it would drop the closings that later ones start from.")


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
