"""The code of the reason of a decision, from a closed list."""

from alembic import op

revision = "0007"
down_revision = "0006"

_CODES = (
    "accepted_difference", "corrected_at_service", "duplicate_of_other", "entered_by_hand", "mistake", "service_error",
    "timing", "other",
)  # fmt: skip


def upgrade() -> None:
    # A column with its check in one statement: SQLite adds a check in no other way, short of writing the table anew.
    listed = ", ".join(f"'{code}'" for code in _CODES)
    check = f"CONSTRAINT ck_break_decisions_reason_code_known CHECK (reason_code IN ({listed}))"
    op.execute(f"ALTER TABLE break_decisions ADD COLUMN reason_code VARCHAR {check}")


def downgrade() -> None:
    """Keep what people decided: it is not dropped by a command."""
    raise RuntimeError("This migration cannot be undone: it would drop what people decided.")
