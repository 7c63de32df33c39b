"""What people said about a break, with a file that is kept by its hash."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "break_comments",
        sa.Column("comment_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("break_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("actor <> '' AND comment <> ''", name=op.f("ck_break_comments_said_by_someone")),
        sa.CheckConstraint("(file_name IS NULL) = (file_sha256 IS NULL)", name=op.f("ck_break_comments_file_by_hash")),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"], name=op.f("fk_break_comments_break_id_breaks")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_break_comments")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_break_comments_previous_hash")),
    )
    op.create_index(op.f("ix_break_comments_break_id"), "break_comments", ["break_id"])
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was said stays said."""
    raise RuntimeError("This migration cannot be undone: it would drop what people said about differences.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER break_comments_no_{verb.lower()} BEFORE {verb} ON break_comments "
            "BEGIN SELECT RAISE(ABORT, 'break_comments is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER break_comments_append_only BEFORE UPDATE OR DELETE ON break_comments "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
