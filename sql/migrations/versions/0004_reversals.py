"""Entries that take others back, and events that come back after their plan was dropped."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0004"
down_revision = "0003"


# The first migration writes what the vocabulary says today, so a new ledger has it already.
_BACK_TO_HELD = """
    INSERT INTO allowed_transitions (from_state, to_state) VALUES ('discarded', 'held') ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.execute(
        "INSERT INTO allowed_transitions (from_state, to_state) VALUES ('discarded', 'held') ON CONFLICT DO NOTHING"
    )
    op.create_table(
        "reversals",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("reversed_event_id", sa.String(), nullable=True),
        sa.Column("break_id", sa.String(), nullable=True),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(reversed_event_id IS NULL) <> (break_id IS NULL)", name=op.f("ck_reversals_of_event_or_break")
        ),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.break_id"], name=op.f("fk_reversals_break_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_reversals_event_id")),
        sa.ForeignKeyConstraint(
            ["reversed_event_id"], ["events.event_id"], name=op.f("fk_reversals_reversed_event_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_reversals")),
        sa.UniqueConstraint("break_id", "nth", name=op.f("uq_reversals_break_id_nth")),
        sa.UniqueConstraint("reversed_event_id", "nth", name=op.f("uq_reversals_reversed_event_id_nth")),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Keep what people asked for: it is not dropped by a command."""
    raise RuntimeError("This migration cannot be undone: it would drop what was taken back, and why.")


# Two entries never take the same one back: a next one only where the one before it came to nothing.
_LIVE = """
    SELECT 1 FROM reversals AS earlier JOIN events ON events.event_id = earlier.event_id
    WHERE events.state NOT IN ('discarded', 'refused')
    AND (earlier.reversed_event_id = NEW.reversed_event_id OR earlier.break_id = NEW.break_id)
"""
_SQLITE = (
    f"""
    CREATE TRIGGER reversals_once BEFORE INSERT ON reversals
    BEGIN
        SELECT RAISE(ABORT, 'it is taken back already') WHERE EXISTS ({_LIVE});
    END
    """,
    *(
        f"CREATE TRIGGER reversals_no_{verb.lower()} BEFORE {verb} ON reversals "
        "BEGIN SELECT RAISE(ABORT, 'reversals is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION refuse_second_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS ({_LIVE}) THEN
            RAISE EXCEPTION 'it is taken back already' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER reversals_once BEFORE INSERT ON reversals FOR EACH ROW EXECUTE FUNCTION refuse_second_reversal()",
    """
    CREATE TRIGGER reversals_append_only BEFORE UPDATE OR DELETE ON reversals
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
)
