"""Rows that look like rows of the file before, corrected, and what a person lets take their place."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_TABLES = ("lookalikes", "replacements")
_VERBS = "'approve', 'discard', 'retry', 'reverse', 'rule_posted', 'rule_not_posted'"
_VERBS_NOW = "'approve', 'discard', 'retry', 'reverse', 'replace', 'rule_posted', 'rule_not_posted'"


def upgrade() -> None:
    _create_tables()
    op.create_index("ix_duplicates_event", "duplicates", ["event_id", "file_id"])
    dialect = op.get_bind().dialect.name
    _let_verbs_be_known(dialect)
    for statement in _APPEND_ONLY[dialect]:
        op.execute(statement)
    for statement in _SQLITE if dialect == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: without them, a corrected row would be paid beside the row that it corrects."""
    raise RuntimeError("This migration cannot be undone: it would forget which rows take the place of others.")


def _create_tables() -> None:
    op.create_table(
        "lookalikes",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("earlier_event_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_lookalikes_event_id")),
        sa.ForeignKeyConstraint(["earlier_event_id"], ["events.event_id"], name=op.f("fk_lookalikes_earlier_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_lookalikes")),
    )
    op.create_index(op.f("ix_lookalikes_earlier_event_id"), "lookalikes", ["earlier_event_id"])
    op.create_table(
        "replacements",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("replaced_event_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_replacements_event_id")),
        sa.ForeignKeyConstraint(
            ["replaced_event_id"], ["events.event_id"], name=op.f("fk_replacements_replaced_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["event_decisions.decision_id"], name=op.f("fk_replacements_decision_id")
        ),
        sa.PrimaryKeyConstraint("event_id", "replaced_event_id", "decision_id", name=op.f("pk_replacements")),
    )
    op.create_index(op.f("ix_replacements_replaced_event_id"), "replacements", ["replaced_event_id"])


def _let_verbs_be_known(dialect: str) -> None:
    name = "ck_event_decisions_verb_known"
    if dialect == "postgresql":
        op.execute(f"ALTER TABLE event_decisions DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE event_decisions ADD CONSTRAINT {name} CHECK (verb IN ({_VERBS_NOW}))")
        return
    # SQLite changes no check of a table that is there, and to write this one anew would drop what refers to it. Its own
    # manual changes the text of the table in such a case: nothing that is stored depends on it.
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'event_decisions'",
        (_VERBS, _VERBS_NOW),
    )
    # With another version every connection reads the tables anew.
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


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
# What takes the place of another leaves only when that one is taken back, or surely never took effect. A person who
# approves it later says that both are right after all.
_STILL_IN_PLACE = """
    SELECT 1 FROM replacements JOIN events AS replaced ON replaced.event_id = replacements.replaced_event_id
    WHERE replacements.event_id = NEW.event_id AND replaced.state NOT IN ('discarded', 'refused')
    AND NOT EXISTS (
        SELECT 1 FROM reversals JOIN events AS offsetting ON offsetting.event_id = reversals.event_id
        WHERE reversals.reversed_event_id = replaced.event_id AND offsetting.state = 'posted'
    )
    AND NOT EXISTS (
        SELECT 1 FROM decided_events JOIN event_decisions ON event_decisions.decision_id = decided_events.decision_id
        WHERE decided_events.event_id = NEW.event_id AND event_decisions.verb = 'approve'
        AND event_decisions.decision_id > replacements.decision_id
    )
"""
_LEAVES = "OLD.state = 'held' AND NEW.state = 'ready'"
_SAID = "what it takes the place of is not taken back yet"
_SQLITE = (
    f"""
    CREATE TRIGGER events_replace_in_order BEFORE UPDATE OF state ON events WHEN {_LEAVES}
    BEGIN
        SELECT RAISE(ABORT, '{_SAID}') WHERE EXISTS ({_STILL_IN_PLACE});
    END
    """,
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION require_offset() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS ({_STILL_IN_PLACE}) THEN
            RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE TRIGGER events_replace_in_order BEFORE UPDATE OF state ON events
    FOR EACH ROW WHEN ({_LEAVES}) EXECUTE FUNCTION require_offset()
    """,
)
