"""Sheets that come by the desk, where they stand, and what was mended in them."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "desk_sheets",
        sa.Column("sheet_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("default_site_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("stage_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_read_well", sa.Boolean(), nullable=False),
        sa.Column("wanted_by", sa.String(), nullable=True),
        sa.Column("wanted_seen", sa.String(), nullable=True),
        sa.Column("needs_another", sa.Boolean(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=True),
        sa.Column("undo_plan_id", sa.String(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("tries_count", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('open', 'posting', 'waiting', 'stuck', 'done', 'dropped')",
            name=op.f("ck_desk_sheets_stage_known"),
        ),
        sa.PrimaryKeyConstraint("sheet_id", name=op.f("pk_desk_sheets")),
    )
    op.create_index("ix_desk_sheets_content", "desk_sheets", ["sha256", "default_site_id"], unique=False)
    op.create_index("ix_desk_sheets_site", "desk_sheets", ["site_id", "uploaded_at"], unique=False)
    op.create_index("ix_desk_sheets_stage", "desk_sheets", ["stage", "stage_at"], unique=False)
    op.create_table(
        "desk_mends",
        sa.Column("mend_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sheet_id", sa.String(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("column_heading", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("mended_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("mended_by", sa.String(), nullable=False),
        sa.CheckConstraint("mended_by <> ''", name=op.f("ck_desk_mends_said_by_someone")),
        sa.ForeignKeyConstraint(["sheet_id"], ["desk_sheets.sheet_id"], name=op.f("fk_desk_mends_sheet_id")),
        sa.PrimaryKeyConstraint("mend_id", name=op.f("pk_desk_mends")),
    )
    op.create_index("ix_desk_mends_sheet", "desk_mends", ["sheet_id", "mend_id"], unique=False)
    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what was mended stays said."""
    raise RuntimeError("This migration cannot be undone: it would drop what was mended in sheets.")


def _append_only(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER desk_mends_no_{verb.lower()} BEFORE {verb} ON desk_mends "
            "BEGIN SELECT RAISE(ABORT, 'desk_mends is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    # refuse_change() was made by the first migration.
    append_only = "CREATE TRIGGER desk_mends_append_only BEFORE UPDATE OR DELETE ON desk_mends "
    return [append_only + "FOR EACH ROW EXECUTE FUNCTION refuse_change()"]
