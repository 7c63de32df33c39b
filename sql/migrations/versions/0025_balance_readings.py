"""Readings of balances, and what answers must hold for a balance to be reckoned from them."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0025"
down_revision = "0024"

_TABLE = "balance_readings"


def upgrade() -> None:
    # Null for all that is there: what was sent before is nobody's link, so every client is read once more.
    op.add_column("attempts", sa.Column("lane", sa.String(), nullable=True))
    op.add_column("answers", sa.Column("is_echo", sa.Boolean(), nullable=True))
    _index("ix_attempts_lane", "attempts", ["lane", "attempt_id"], "lane IS NOT NULL")
    _create_table()
    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: without them a balance would prove what nobody has read."""
    raise RuntimeError("This migration cannot be undone: it would drop what balances were read.")


def _create_table() -> None:
    op.create_table(
        _TABLE,
        sa.Column("reading_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("is_base", sa.Boolean(), nullable=False),
        sa.Column("last_attempt_id", sa.Integer(), nullable=False),
        sa.Column("links_count", sa.Integer(), nullable=False),
        sa.Column("chain_balance", sa.BigInteger(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.CheckConstraint("NOT is_base OR balance IS NOT NULL", name=op.f("ck_balance_readings_base_told")),
        sa.CheckConstraint("agrees IS NULL OR links_count > 0", name=op.f("ck_balance_readings_compared")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_balance_readings_run_id")),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_balance_readings")),
    )
    _index("ix_balance_readings_client", _TABLE, ["site_id", "client_id", "reading_id"], None)
    _index("ix_balance_readings_agreed", _TABLE, ["site_id", "reading_id"], "agrees")
    _index("ix_balance_readings_disagreed", _TABLE, ["site_id", "reading_id"], "NOT agrees")


def _index(name: str, table: str, columns: list[str], where: str | None) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def _append_only(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {_TABLE}_no_{verb.lower()} BEFORE {verb} ON {_TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = f"CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE ON {_TABLE} "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
