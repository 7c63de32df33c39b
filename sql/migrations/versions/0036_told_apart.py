"""Facts that were told apart by the text of a sentence are columns: a sentence may quote what somebody wrote.

Which row was known by its receipt, which settlement a person ruled, why an event had waited before its plan was
dropped, in which browser somebody tried to sign in, and the code of a difference's reason.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_CODES = (
    "accepted_difference", "corrected_at_service", "duplicate_of_other", "entered_by_hand", "mistake", "service_error",
    "timing", "other",
)  # fmt: skip
_LISTED = ", ".join(f"'{code}'" for code in _CODES)
# A column with its check in one statement: SQLite adds a check in no other way, short of writing the table anew.
_OWN_REASON = (
    "ALTER TABLE events ADD COLUMN own_reason VARCHAR "
    "CONSTRAINT ck_events_own_reason_while_dropped CHECK (own_reason IS NULL OR state IN ('held', 'discarded'))"
)
_CODE = (
    "ALTER TABLE breaks ADD COLUMN reason_code VARCHAR "
    f"CONSTRAINT ck_breaks_reason_code_known CHECK (reason_code IN ({_LISTED}))"
)
_APPEND_ONLY = ("duplicates", "settlements")
_BY_RECEIPT = "UPDATE duplicates SET by_receipt = (reason LIKE 'bears its receipt%')"
# A ruling is written by this program alone, as JSON with this key of its own; a value may say the same.
_RULED = {
    "sqlite": "UPDATE settlements SET ruled_by = json_extract(evidence, '$.ruled_by') WHERE evidence LIKE '%ruled_by%'",
    "postgresql": (
        "UPDATE settlements SET ruled_by = CAST(evidence AS json) ->> 'ruled_by' WHERE evidence LIKE '%ruled_by%'"
    ),
}
# Of two places that read alike the first counts, as it did until now: then nothing of the reason itself is lost.
_BEFORE_IT = "; it had waited: "
_PLACE = {"sqlite": f"instr(state_reason, '{_BEFORE_IT}')", "postgresql": f"strpos(state_reason, '{_BEFORE_IT}')"}
_IN_A_KNOWN_BROWSER = "UPDATE sign_in_failures SET is_known_browser = (address LIKE 'browser %')"
# Decisions of before there were codes have none.
_REASON_CODE = """
    UPDATE breaks SET reason_code = coalesce((
        SELECT break_decisions.reason_code FROM break_decisions WHERE break_decisions.break_id = breaks.break_id
        ORDER BY break_decisions.decision_id DESC LIMIT 1
    ), 'other') WHERE reason IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("duplicates", sa.Column("by_receipt", sa.Boolean(), nullable=True))
    op.add_column("settlements", sa.Column("ruled_by", sa.String(), nullable=True))
    op.add_column("sign_in_failures", sa.Column("is_known_browser", sa.Boolean(), nullable=True))
    op.execute(_OWN_REASON)
    op.execute(_CODE)
    dialect = op.get_bind().dialect.name
    is_sqlite = dialect == "sqlite"
    _let_be_rewritten(is_sqlite=is_sqlite)
    op.execute(_BY_RECEIPT)
    op.execute(_RULED[dialect])
    _append_only_again(is_sqlite=is_sqlite)
    op.execute(_own_reasons(_PLACE[dialect]))
    op.execute(_IN_A_KNOWN_BROWSER)
    op.execute(_REASON_CODE)


def downgrade() -> None:
    """Refuse: SQLite drops no column that a check names."""
    raise RuntimeError("This migration cannot be undone: what it tells apart would be guessed from sentences again.")


def _own_reasons(place: str) -> str:
    return (
        f"UPDATE events SET own_reason = substr(state_reason, {place} + {len(_BEFORE_IT)}) "  # noqa: S608 - of ours
        f"WHERE state = 'discarded' AND state_run_id = run_id AND coalesce(held_for, '') <> 'plan' AND {place} > 0"
    )


def _let_be_rewritten(*, is_sqlite: bool) -> None:
    for table in _APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_no_update" if is_sqlite else f"DROP TRIGGER {table}_append_only ON {table}")


def _append_only_again(*, is_sqlite: bool) -> None:
    """Make the triggers of the first migration once more."""
    for table in _APPEND_ONLY:
        if is_sqlite:
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        else:
            when = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            op.execute(f"CREATE TRIGGER {table}_append_only {when} EXECUTE FUNCTION refuse_change()")
