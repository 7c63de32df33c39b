"""What people decide about events: who, when and why; a refused event tried again, and a ready one discarded."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0011"
down_revision = "0010"

_TABLES = ("event_decisions", "decided_events", "corrections")


def upgrade() -> None:
    _create_tables()
    _extend_tables()
    # The first migration writes what the vocabulary says today, so a new ledger has them already.
    op.execute(
        "INSERT INTO allowed_transitions (from_state, to_state) VALUES "
        "('refused', 'ready'), ('ready', 'discarded'), ('ready', 'held') ON CONFLICT DO NOTHING"
    )
    dialect = op.get_bind().dialect.name
    for statement in _APPEND_ONLY[dialect]:
        op.execute(statement)
    for statement in _SQLITE if dialect == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Decisions of people are not dropped by a command."""
    raise RuntimeError("This migration cannot be undone: it would drop what people decided.")


def _create_tables() -> None:
    op.create_table(
        "event_decisions",
        sa.Column("decision_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("events_count", sa.Integer(), nullable=False),
        sa.Column("events_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "verb IN ('approve', 'discard', 'retry', 'reverse', 'rule_posted', 'rule_not_posted')",
            name=op.f("ck_event_decisions_verb_known"),
        ),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_event_decisions_said_by_someone")),
        sa.CheckConstraint("reason <> '' OR verb IN ('approve', 'discard')", name=op.f("ck_event_decisions_says_why")),
        sa.CheckConstraint("events_count >= 1", name=op.f("ck_event_decisions_about_something")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_event_decisions")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_event_decisions_previous_hash")),
    )
    op.create_table(
        "decided_events",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["event_decisions.decision_id"], name=op.f("fk_decided_events_decision_id")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_decided_events_event_id")),
        sa.PrimaryKeyConstraint("decision_id", "event_id", name=op.f("pk_decided_events")),
    )
    op.create_index(op.f("ix_decided_events_event_id"), "decided_events", ["event_id"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("corrected_event_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corrected_event_id"], ["events.event_id"], name=op.f("fk_corrections_corrected_event_id")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_corrections_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_corrected_event_id"), "corrections", ["corrected_event_id"], unique=False)


def _extend_tables() -> None:
    # As part of the column: SQLite adds no constraint to a table that is there, and a copy of a large one takes long.
    check = "state <> 'sending' OR read_run_id IS NULL OR read_run_id = state_run_id"
    op.execute(
        "ALTER TABLE events ADD COLUMN read_run_id VARCHAR "
        f"CONSTRAINT ck_events_read_before_another_try CHECK ({check})"
    )
    op.add_column("snapshots", sa.Column("last_decision_id", sa.Integer(), nullable=True))
    refused = sa.text("state = 'refused'")
    op.create_index(
        "ix_events_refused", "events", ["file_id"], sqlite_where=refused, postgresql_where=refused, unique=False
    )
    to_try_again = sa.text("state = 'ready' AND read_run_id IS NOT NULL")
    op.create_index(
        "ix_events_to_try_again",
        "events",
        ["target", "site_id"],
        sqlite_where=to_try_again,
        postgresql_where=to_try_again,
        unique=False,
    )


def _append_only_sqlite(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


# refuse_change() was made by the first migration.
_APPEND_ONLY = {
    "sqlite": [_append_only_sqlite(table, verb) for table in _TABLES for verb in ("UPDATE", "DELETE")],
    "postgresql": [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in _TABLES
    ],
}

# A refused event is tried again by a person's word alone, and one word is good for one refusal: it names the attempt
# that was refused, so an event that is refused again needs another one.
_DECIDED = """
    SELECT 1 FROM decided_events JOIN event_decisions ON event_decisions.decision_id = decided_events.decision_id
    WHERE decided_events.event_id = OLD.event_id AND decided_events.attempt_id = OLD.attempt_id
    AND event_decisions.verb = 'retry'
"""
# An entry that takes another back, and was refused, may have had a successor since: both would take it back twice.
_TAKEN_BACK_BY_ANOTHER = """
    SELECT 1 FROM reversals AS mine
    JOIN reversals AS other ON other.event_id <> mine.event_id
        AND (other.reversed_event_id = mine.reversed_event_id OR other.break_id = mine.break_id)
    JOIN events AS rival ON rival.event_id = other.event_id
    WHERE mine.event_id = OLD.event_id AND rival.state NOT IN ('discarded', 'refused')
"""
# That a run has read before another try is said by the reading itself.
_HAS_READ = """
    SELECT 1 FROM settlements
    WHERE settlements.event_id = OLD.event_id AND settlements.run_id = NEW.read_run_id AND settlements.decided = 'ready'
"""
# Its time and its place in order are fixed when an event is accepted; one that is not to be sent after all gives up the
# place that an update has in its reward's history, and nothing else.
_GIVES_UP_ITS_PLACE = "NEW.state IN ('held', 'discarded') AND NEW.reward_version IS NULL"
_SAME = {"sqlite": "IS", "postgresql": "IS NOT DISTINCT FROM"}


def _is_fixed(dialect: str) -> str:
    same = _SAME[dialect]
    keeps_its_time = f"NEW.action_at {same} OLD.action_at AND NEW.order_at {same} OLD.order_at"
    return f"OLD.state <> 'held' AND NOT ({_GIVES_UP_ITS_PLACE} AND {keeps_its_time})"


_RETRIED_WHEN = "OLD.state = 'refused' AND NEW.state = 'ready'"
_HELD_WHEN = "OLD.state = 'ready' AND NEW.state = 'held' AND OLD.read_run_id IS NULL"
_FIXED_COLUMNS = "action_at, order_at, reward_version"
_SQLITE = (
    "DROP TRIGGER events_fixed_once_accepted",
    f"""
    CREATE TRIGGER events_fixed_once_accepted BEFORE UPDATE OF {_FIXED_COLUMNS} ON events WHEN {_is_fixed("sqlite")}
    BEGIN
        SELECT RAISE(ABORT, 'events cannot be rewritten');
    END
    """,
    f"""
    CREATE TRIGGER events_retried_by_a_person BEFORE UPDATE OF state ON events WHEN {_RETRIED_WHEN}
    BEGIN
        SELECT RAISE(ABORT, 'transition not allowed: refused to ready without a person''s decision')
        WHERE NEW.read_run_id IS NOT '' OR NOT EXISTS ({_DECIDED});
        SELECT RAISE(ABORT, 'it is taken back already') WHERE EXISTS ({_TAKEN_BACK_BY_ANOTHER});
    END
    """,
    f"""
    CREATE TRIGGER events_held_again BEFORE UPDATE OF state ON events WHEN {_HELD_WHEN}
    BEGIN
        SELECT RAISE(ABORT, 'transition not allowed: ready to held, but for what is tried again');
    END
    """,
    f"""
    CREATE TRIGGER events_read_before BEFORE UPDATE OF read_run_id ON events
    WHEN NEW.read_run_id IS NOT OLD.read_run_id
    BEGIN
        SELECT RAISE(ABORT, 'events are read again before another try') WHERE NEW.read_run_id IS NULL;
        SELECT RAISE(ABORT, 'events are read again before another try')
        WHERE NEW.read_run_id <> '' AND NOT EXISTS ({_HAS_READ});
    END
    """,
)
_POSTGRESQL = (
    "DROP TRIGGER events_fixed_once_accepted ON events",
    f"""
    CREATE TRIGGER events_fixed_once_accepted BEFORE UPDATE OF {_FIXED_COLUMNS} ON events
    FOR EACH ROW WHEN ({_is_fixed("postgresql")}) EXECUTE FUNCTION refuse_change('cannot be rewritten')
    """,
    f"""
    CREATE FUNCTION require_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.read_run_id IS DISTINCT FROM '' OR NOT EXISTS ({_DECIDED}) THEN
            RAISE EXCEPTION 'transition not allowed: refused to ready without a person''s decision'
            USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS ({_TAKEN_BACK_BY_ANOTHER}) THEN
            RAISE EXCEPTION 'it is taken back already' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE TRIGGER events_retried_by_a_person BEFORE UPDATE OF state ON events
    FOR EACH ROW WHEN ({_RETRIED_WHEN}) EXECUTE FUNCTION require_decision()
    """,
    f"""
    CREATE TRIGGER events_held_again BEFORE UPDATE OF state ON events
    FOR EACH ROW WHEN ({_HELD_WHEN})
    EXECUTE FUNCTION refuse_change('transition not allowed: ready to held, but for what is tried again')
    """,
    f"""
    CREATE FUNCTION require_reading() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.read_run_id IS NULL OR (NEW.read_run_id <> '' AND NOT EXISTS ({_HAS_READ})) THEN
            RAISE EXCEPTION 'events are read again before another try'
            USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER events_read_before BEFORE UPDATE OF read_run_id ON events
    FOR EACH ROW WHEN (NEW.read_run_id IS DISTINCT FROM OLD.read_run_id) EXECUTE FUNCTION require_reading()
    """,
)
