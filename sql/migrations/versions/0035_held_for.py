"""What an event waits for is a word of its own, and no more guessed from the sentence that a person reads.

A sentence may quote what somebody wrote: with "planned as agreed" for a reason, an entry that takes another back would
have been let go with all of a plan.
"""

from alembic import op

revision = "0035"
down_revision = "0034"

# A column with its checks in one statement: SQLite adds a check in no other way, short of writing the table anew.
_COLUMN = (
    "ALTER TABLE events ADD COLUMN held_for VARCHAR "
    "CONSTRAINT ck_events_held_for_known CHECK (held_for IN ('plan', 'limit')) "
    "CONSTRAINT ck_events_held_for_while_held CHECK (held_for IS NULL OR state IN ('held', 'discarded'))"
)
# What waits, and what was dropped with its plan and may be taken up with it again, is told from its sentence once more.
# What had waited for more than its plan has that behind "it had waited" since it was dropped.
_WAITING = """
    UPDATE events SET held_for = CASE
        WHEN state_reason LIKE 'planned %' THEN 'plan'
        WHEN state_reason LIKE '% than guards.%' THEN 'limit'
    END
    WHERE state = 'held'
"""
_DROPPED = """
    UPDATE events SET held_for = CASE
        WHEN state_reason NOT LIKE '%; it had waited: %' THEN 'plan'
        WHEN state_reason LIKE '%; it had waited: % than guards.%' THEN 'limit'
    END
    WHERE state = 'discarded' AND state_run_id = run_id
"""


def upgrade() -> None:
    op.execute(_COLUMN)
    op.execute(_WAITING)
    op.execute(_DROPPED)


def downgrade() -> None:
    """Refuse: SQLite drops no column that a check names."""
    raise RuntimeError("This migration cannot be undone: what events wait for would be guessed again.")
