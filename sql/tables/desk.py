"""Sheets that came by the desk."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from sql.tables.base import UtcDateTime, metadata, one_of
from transforms.vocabulary import Stage

# Sheets that came by the desk. Their content lies in the workspace; what became of their rows, with the events.
desk_sheets = Table(
    "desk_sheets",
    metadata,
    Column("sheet_id", String, primary_key=True),  # random: nobody comes upon one by counting
    Column("name", String, nullable=False),
    Column("site_id", String, nullable=False),  # whose people may see it; "" where there are no sites
    Column("default_site_id", String, nullable=False),  # of rows that name none; "" as in `files`
    Column("sha256", String(64), nullable=False),  # with what was mended
    Column("uploaded_sha256", String(64), nullable=False),  # as it came
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("uploaded_by", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("stage_at", UtcDateTime, nullable=False),
    Column("is_read_well", Boolean, nullable=False),  # a person has seen how it is read
    Column("wanted_by", String),  # who said that it is to be posted
    Column("wanted_seen", String),  # the code of what they were shown
    Column("needs_another", Boolean, nullable=False),  # somebody else has to agree
    Column("plan_id", String),
    Column("undo_plan_id", String),  # what was planned last to take it, or a row of it, back
    Column("run_id", String),  # the last one that posted
    Column("trouble", String),  # why it is stuck, or open again; in words
    Column("tries_count", Integer, nullable=False),
    one_of("stage", Stage),
    Index("ix_desk_sheets_site", "site_id", "uploaded_at"),
    Index("ix_desk_sheets_stage", "stage", "stage_at"),
    Index("ix_desk_sheets_content", "sha256", "default_site_id"),
)

# What a person changed in a sheet at the desk before it was posted, cell by cell. Append-only.
desk_mends = Table(
    "desk_mends",
    metadata,
    Column("mend_id", Integer, primary_key=True, autoincrement=True),
    Column("sheet_id", ForeignKey("desk_sheets.sheet_id"), nullable=False),
    Column("sheet", String),
    Column("row_number", Integer, nullable=False),
    Column("column_heading", String, nullable=False),
    Column("before", String),
    Column("after", String, nullable=False),
    Column("mended_at", UtcDateTime, nullable=False),
    Column("mended_by", String, nullable=False),
    CheckConstraint("mended_by <> ''", name="said_by_someone"),
    Index("ix_desk_mends_sheet", "sheet_id", "mend_id"),
)
