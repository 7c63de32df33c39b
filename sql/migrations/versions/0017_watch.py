"""Events of which two requests may have left, and until when they are looked at again."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime

revision = "0017"
down_revision = "0016"

# Grain: one row per attempt whose request may have left. Turned away at the door (401, 429), or never sent at all,
# proves that nothing reached the service; anything else, also a plain no, may still take effect one day.
_POSSIBLE_REQUESTS = """
    CREATE VIEW possible_requests AS
    SELECT attempts.attempt_id, attempts.event_id, attempts.claimed_at, answers.verdict
    FROM attempts LEFT JOIN answers ON answers.attempt_id = attempts.attempt_id
    WHERE answers.attempt_id IS NULL OR (
        coalesce(answers.http_status, 0) NOT IN (401, 429)
        AND NOT (answers.http_status IS NULL AND answers.verdict = 'retry')
    )
"""
# Whatever path a second request takes, it has an attempt: so the watch begins where attempts are written, and no code
# can forget it. It begins anew with every further request.
_SQLITE = (
    """
    CREATE TRIGGER attempts_put_under_watch AFTER INSERT ON attempts
    WHEN EXISTS (
        SELECT 1 FROM possible_requests AS earlier
        WHERE earlier.event_id = NEW.event_id AND earlier.attempt_id < NEW.attempt_id
    )
    BEGIN
        UPDATE events SET watch_from_at = NEW.claimed_at, watch_over_at = NULL WHERE event_id = NEW.event_id;
    END
    """,
    # What a person discards should never take effect, and an earlier request of it still may.
    """
    CREATE TRIGGER events_discarded_under_watch AFTER UPDATE OF state ON events
    WHEN NEW.state = 'discarded' AND EXISTS (
        SELECT 1 FROM possible_requests WHERE possible_requests.event_id = NEW.event_id
    )
    BEGIN
        UPDATE events SET watch_over_at = NULL, watch_from_at = (
            SELECT max(claimed_at) FROM possible_requests WHERE possible_requests.event_id = NEW.event_id
        ) WHERE event_id = NEW.event_id;
    END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION put_under_watch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE events SET watch_from_at = opened.claimed_at, watch_over_at = NULL FROM opened
        WHERE events.event_id = opened.event_id AND EXISTS (
            SELECT 1 FROM possible_requests AS earlier
            WHERE earlier.event_id = opened.event_id AND earlier.attempt_id < opened.attempt_id
        );
        RETURN NULL;
    END $$
    """,
    # Once a statement and not once a row: a turn of posting opens up to a thousand attempts.
    """
    CREATE TRIGGER attempts_put_under_watch AFTER INSERT ON attempts REFERENCING NEW TABLE AS opened
    FOR EACH STATEMENT EXECUTE FUNCTION put_under_watch()
    """,
    """
    CREATE FUNCTION keep_discarded_under_watch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE events SET watch_from_at = sent.latest_at, watch_over_at = NULL FROM (
            SELECT max(claimed_at) AS latest_at FROM possible_requests WHERE event_id = NEW.event_id
        ) AS sent
        WHERE events.event_id = NEW.event_id AND sent.latest_at IS NOT NULL;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER events_discarded_under_watch AFTER UPDATE OF state ON events
    FOR EACH ROW WHEN (NEW.state = 'discarded') EXECUTE FUNCTION keep_discarded_under_watch()
    """,
)
# What this ledger sent twice before it knew of watching is looked at once as well.
_SENT_TWICE_BEFORE = """
    UPDATE events SET watch_from_at = (
        SELECT max(claimed_at) FROM possible_requests WHERE possible_requests.event_id = events.event_id
    )
    WHERE event_id IN (SELECT event_id FROM possible_requests GROUP BY event_id HAVING count(*) > 1)
"""
_UNDER_WATCH = sa.text("watch_from_at IS NOT NULL AND watch_over_at IS NULL")


def upgrade() -> None:
    op.add_column("events", sa.Column("watch_from_at", UtcDateTime(timezone=True), nullable=True))
    # A column with its check in one statement: SQLite adds a check in no other way, short of writing the table anew.
    kind = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    check = "CONSTRAINT ck_events_watch_begun CHECK (watch_over_at IS NULL OR watch_over_at >= watch_from_at)"
    op.execute(f"ALTER TABLE events ADD COLUMN watch_over_at {kind} {check}")
    op.create_index(
        "ix_events_under_watch",
        "events",
        ["target", "site_id", "client_id"],
        sqlite_where=_UNDER_WATCH,
        postgresql_where=_UNDER_WATCH,
    )
    # What a reading found to be nobody's is asked for when an equal event is in doubt.
    op.create_index("ix_breaks_of_client", "breaks", ["site_id", "client_id"])
    op.execute(_POSSIBLE_REQUESTS)
    # What was set back is read again before it is sent again. A new ledger has this from the first migration.
    op.execute(
        "INSERT INTO allowed_transitions (from_state, to_state) VALUES ('ready', 'unknown') ON CONFLICT DO NOTHING"
    )
    op.execute(_SENT_TWICE_BEFORE)
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what is under watch would be forgotten."""
    raise RuntimeError("This migration cannot be undone: it would forget what may have been sent twice.")
