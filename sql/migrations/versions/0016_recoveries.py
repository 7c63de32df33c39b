"""What a recovery makes out of a lost or older ledger: what it has still to look at, and how each event was proved."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0016"
down_revision = "0015"

_WAYS = (("ready", "held"), ("unknown", "held"), ("held", "posted"))


def upgrade() -> None:
    # The first migration writes what the vocabulary says today, so a new ledger has them already.
    for before, after in _WAYS:
        op.execute(
            f"INSERT INTO allowed_transitions (from_state, to_state) VALUES ('{before}', '{after}') "  # noqa: S608
            "ON CONFLICT DO NOTHING"
        )
    op.create_table(
        "recovering",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("has_time", sa.Boolean(), nullable=False),
        sa.Column("around_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("said_state", sa.String(), nullable=True),
        sa.Column("said_reason", sa.String(), nullable=True),
        sa.Column("said_run_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_recovering_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_recovering")),
    )
    op.create_index("ix_recovering_lane", "recovering", ["lane"])
    op.create_index("ix_recovering_site", "recovering", ["target", "site_id", "lane"])
    op.create_table(
        "recoveries",
        sa.Column("recovery_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.CheckConstraint("decided IN ('posted', 'held', 'discarded')", name=op.f("ck_recoveries_decided_known")),
        sa.CheckConstraint(
            "how IN ('service', 'snapshot', 'not_shown', 'ambiguous', 'no_time')", name=op.f("ck_recoveries_how_known")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_recoveries_event_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_recoveries_run_id")),
        sa.PrimaryKeyConstraint("recovery_id", name=op.f("pk_recoveries")),
    )
    op.create_index(op.f("ix_recoveries_event_id"), "recoveries", ["event_id"])
    op.create_index("ix_recoveries_run", "recoveries", ["run_id"])
    op.create_index(
        "ix_events_discarded",
        "events",
        ["state_at"],
        sqlite_where=sa.text("state = 'discarded'"),
        postgresql_where=sa.text("state = 'discarded'"),
    )
    for statement in _statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Keep the proofs: without them the ledger would have events as posted that it cannot account for."""
    raise RuntimeError("This migration cannot be undone: it would drop how recovered events were proved.")


# Each rule: when an event moves so, and what must not be. A recovery alone may hold what was to be sent, and only an
# event that it has put on its list; what it calls posted needs its proof, of the same run; and while an event is on the
# list no person can approve it, nor can anything of its client or reward be sent, since a count could not tell the new
# from the old.
_LISTED = "SELECT 1 FROM recovering WHERE event_id = NEW.event_id"
_LANE_LISTED = "SELECT 1 FROM recovering WHERE lane = NEW.lane"
_PROVED = "SELECT 1 FROM recoveries WHERE event_id = NEW.event_id AND run_id = NEW.state_run_id AND decided = 'posted'"
# But for what a person let be tried again: reading before that may show what speaks against it. This takes the place of
# the trigger `events_held_again`, which knew of nothing else.
_NOT_TO_BE_HELD = f"NOT EXISTS ({_LISTED}) AND (OLD.state <> 'ready' OR OLD.read_run_id IS NULL)"
_RULES = (
    ("held", "OLD.state IN ('ready', 'sending', 'unknown') AND NEW.state = 'held'", _NOT_TO_BE_HELD),
    ("proved", "OLD.state = 'held' AND NEW.state = 'posted'", f"NOT EXISTS ({_PROVED})"),
    ("approved", "OLD.state = 'held' AND NEW.state = 'ready'", f"EXISTS ({_LISTED})"),
    ("sent", "OLD.state = 'ready' AND NEW.state = 'sending'", f"EXISTS ({_LANE_LISTED})"),
)
_SAYS = {
    "held": "transition not allowed: to held, but for what is tried again or recovered",
    "proved": "transition not allowed: held to posted without proof",
    "approved": "a recovery has not looked at it yet",
    "sent": "a recovery has not looked at its client yet",
}
# The attempt that nobody knows is there for what a recovery proved, and for nothing else.
_UNKNOWN_ATTEMPT = "NEW.attempt_id = 0 AND NOT (OLD.state = 'held' AND NEW.state = 'posted')"


def _statements(dialect: str) -> list[str]:
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _sqlite() -> list[str]:
    statements = [_rule_sqlite(*rule) for rule in _RULES]
    statements.append(
        f"CREATE TRIGGER events_attempt_known BEFORE UPDATE OF attempt_id ON events WHEN {_UNKNOWN_ATTEMPT} "
        "BEGIN SELECT RAISE(ABORT, 'no event but a recovered one lacks its attempt'); END"
    )
    statements.append("DROP TRIGGER events_held_again")
    statements += [
        f"CREATE TRIGGER recoveries_no_{verb.lower()} BEFORE {verb} ON recoveries "
        "BEGIN SELECT RAISE(ABORT, 'recoveries is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]
    return statements


def _rule_sqlite(name: str, when: str, wrong: str) -> str:
    return (
        f"CREATE TRIGGER events_recovery_{name} BEFORE UPDATE OF state ON events WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{_SAYS[name]}') WHERE {wrong}; END"
    )


def _postgresql() -> list[str]:
    # refuse_change() was made by the first migration.
    statements = [statement for rule in _RULES for statement in _rule_postgresql(*rule)]
    statements.append(
        "CREATE TRIGGER events_attempt_known BEFORE UPDATE OF attempt_id ON events FOR EACH ROW "
        f"WHEN ({_UNKNOWN_ATTEMPT}) EXECUTE FUNCTION refuse_change('lack their attempt only where recovered')"
    )
    statements.append("DROP TRIGGER events_held_again ON events")
    statements.append(
        "CREATE TRIGGER recoveries_append_only BEFORE UPDATE OR DELETE ON recoveries "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    return statements


def _rule_postgresql(name: str, when: str, wrong: str) -> tuple[str, str]:
    function = f"""
        CREATE FUNCTION refuse_recovery_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {wrong} THEN
                RAISE EXCEPTION '{_SAYS[name]}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
    """
    trigger = (
        f"CREATE TRIGGER events_recovery_{name} BEFORE UPDATE OF state ON events "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_recovery_{name}()"
    )
    return function, trigger
