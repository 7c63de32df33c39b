"""Sites that left the settings and whose work a person keeps until they are back."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_VERBS = "'approve', 'discard', 'retry', 'reverse', 'replace', 'rule_posted', 'rule_not_posted'"
_VERBS_NOW = "'approve', 'discard', 'retry', 'reverse', 'replace', 'keep', 'rule_posted', 'rule_not_posted'"


def upgrade() -> None:
    op.create_table(
        "kept_sites",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["event_decisions.decision_id"], name=op.f("fk_kept_sites_decision_id")
        ),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_kept_sites")),
    )
    name = "ck_event_decisions_verb_known"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE event_decisions DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE event_decisions ADD CONSTRAINT {name} CHECK (verb IN ({_VERBS_NOW}))")
    else:
        _let_sqlite_know_verbs()


def downgrade() -> None:
    """Refuse: what a person decided to keep would be asked for again, and the decision would be none."""
    raise RuntimeError("This migration cannot be undone: it would forget whose work is kept, and who said so.")


def _let_sqlite_know_verbs() -> None:
    # SQLite changes no check of a table that is there: the text of the table is changed, as its manual has it.
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
