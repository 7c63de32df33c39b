"""An event that was taken for not landed, and whose service confirms it after all."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Nothing is posted without having been on its way, but for an event whose last attempt is confirmed after the event was
# set back to ready: that proof, and nothing else, makes it posted without another request.
_PROOF = """
    SELECT 1 FROM answers
    WHERE attempt_id = OLD.attempt_id AND attempt_id = NEW.attempt_id AND verdict = 'posted'
"""
_SQLITE = (
    f"""
    CREATE TRIGGER events_posted_by_proof BEFORE UPDATE OF state ON events
    WHEN OLD.state = 'ready' AND NEW.state = 'posted'
    BEGIN
        SELECT RAISE(ABORT, 'transition not allowed: ready to posted without proof') WHERE NOT EXISTS ({_PROOF});
    END
    """,
)
_POSTGRESQL = (
    f"""
    CREATE FUNCTION require_proof() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS ({_PROOF}) THEN
            RAISE EXCEPTION 'transition not allowed: ready to posted without proof'
            USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER events_posted_by_proof BEFORE UPDATE OF state ON events
    FOR EACH ROW WHEN (OLD.state = 'ready' AND NEW.state = 'posted') EXECUTE FUNCTION require_proof()
    """,
)


def upgrade() -> None:
    # The first migration writes what the vocabulary says today, so a new ledger has it already.
    op.execute(
        "INSERT INTO allowed_transitions (from_state, to_state) VALUES ('ready', 'posted') ON CONFLICT DO NOTHING"
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER events_posted_by_proof")
    else:
        op.execute("DROP TRIGGER events_posted_by_proof ON events")
        op.execute("DROP FUNCTION require_proof()")
    op.execute("DELETE FROM allowed_transitions WHERE from_state = 'ready' AND to_state = 'posted'")
