"""What the rows of each file came to by fate, kind and site; of files that were registered before, nobody knows it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "sheet_totals",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("points_quintillions", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "fate IN ('read', 'accepted', 'duplicate', 'held', 'rejected')", name=op.f("ck_sheet_totals_fate_known")
        ),
        sa.CheckConstraint("row_count >= 1", name=op.f("ck_sheet_totals_counts_something")),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name=op.f("fk_sheet_totals_file_id")),
        sa.PrimaryKeyConstraint("file_id", "fate", "kind", "site_id", name=op.f("pk_sheet_totals")),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what the sheets came to stays said."""
    raise RuntimeError("This migration cannot be undone: it would drop what the rows of each file came to.")


def _triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER sheet_totals_no_{verb.lower()} BEFORE {verb} ON sheet_totals "
            "BEGIN SELECT RAISE(ABORT, 'sheet_totals is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER sheet_totals_append_only BEFORE UPDATE OR DELETE ON sheet_totals "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
