"""Reference data that was read from the service, and how the SourceIds of files came out."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "reference_facts",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("named", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "named", "item_id", "client_id", name=op.f("pk_reference_facts")),
    )
    op.create_table(
        "reference_reads",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "subject", "client_id", name=op.f("pk_reference_reads")),
    )
    op.create_table(
        "source_id_checks",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("row_count >= 1", name=op.f("ck_source_id_checks_counts_something")),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name=op.f("fk_source_id_checks_file_id")),
        sa.PrimaryKeyConstraint("file_id", "subject", "finding", name=op.f("pk_source_id_checks")),
    )


def downgrade() -> None:
    for table in ("source_id_checks", "reference_reads", "reference_facts"):
        op.drop_table(table)
