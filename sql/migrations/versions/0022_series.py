"""Which files are the same export of another day, so that what is unusual about one can be told."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

# As files are told apart since (`transforms.arrivals.series`), written down here: what that says later must not change
# what this migration does.
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
_MONTH = re.compile(rf"(?<![a-z])(?:{_MONTHS})(?![a-z])")
_DIGITS = re.compile(r"\d+")


def upgrade() -> None:
    op.add_column("files", sa.Column("series", sa.String(), nullable=True))
    connection = op.get_bind()
    files = sa.table("files", sa.column("file_id"), sa.column("name"), sa.column("series"))
    known = connection.execute(sa.select(files.c.file_id, files.c.name)).all()
    rows = [{"id": file.file_id, "of": _DIGITS.sub("#", _MONTH.sub("@", file.name.lower()))} for file in known]
    if rows:
        of_file = files.update().where(files.c.file_id == sa.bindparam("id")).values(series=sa.bindparam("of"))
        connection.execute(of_file, rows)
    op.create_index("ix_files_series", "files", ["default_site_id", "series", "file_id"])
    op.create_index(op.f("ix_files_registered_at"), "files", ["registered_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_files_registered_at"), "files")
    op.drop_index("ix_files_series", "files")
    op.drop_column("files", "series")
