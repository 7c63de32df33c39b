"""The first tables of the ledger."""

import sqlalchemy as sa
from alembic import op

from sql.tables import UtcDateTime
from transforms.vocabulary import TRANSITIONS

revision = "0001"
down_revision = None


def upgrade() -> None:
    allowed = op.create_table(
        "allowed_transitions",
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f("pk_allowed_transitions")),
    )
    op.create_table(
        "call_counts",
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("target", "day_on", name=op.f("pk_call_counts")),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
    )
    op.create_table(
        "transitions",
        sa.Column("transition_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("transition_id", name=op.f("pk_transitions")),
    )
    op.create_index(op.f("ix_transitions_event_id"), "transitions", ["event_id"], unique=False)
    op.create_table(
        "files",
        sa.Column("file_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("default_site_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("registered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.CheckConstraint("rows_read = accepted + duplicate + held + rejected", name=op.f("ck_files_rows_tie")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_files_run_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_files")),
        sa.UniqueConstraint("sha256", "default_site_id", name=op.f("uq_files_sha256_default_site_id")),
        sa.UniqueConstraint("file_id", "run_id", name=op.f("uq_files_file_id_run_id")),
    )
    op.create_table(
        "batches",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('earned', 'redeemed', 'reward_update')", name=op.f("ck_batches_kind_known")),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name=op.f("fk_batches_file_id")),
        sa.PrimaryKeyConstraint("file_id", "kind", "site_id", name=op.f("pk_batches")),
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("content_key", sa.String(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("action_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("is_dated", sa.Boolean(), nullable=False),
        sa.Column("reward_id", sa.String(), nullable=True),
        sa.Column("payout_id", sa.String(), nullable=True),
        sa.Column("amount", sa.String(), nullable=True),
        sa.Column("eligibility_on", sa.Date(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("reward_version", sa.Integer(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("registered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("order_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("first_state", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state_run_id", sa.String(), nullable=True),
        sa.Column("state_reason", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("settle_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(target = 'mindbody' AND client_id IS NOT NULL AND action IN ('Earned', 'Redeemed') AND points IS NOT NULL"
            " AND action_at IS NOT NULL AND site_id <> '' AND reward_id IS NULL)"
            " OR (target = 'referral_rock' AND reward_id IS NOT NULL AND payout_id IS NOT NULL AND client_id IS NULL"
            " AND points IS NULL)",
            name=op.f("ck_events_shape"),
        ),
        sa.CheckConstraint("kind IN ('earned', 'redeemed', 'reward_update')", name=op.f("ck_events_kind_known")),
        sa.CheckConstraint("first_state IN ('held', 'ready')", name=op.f("ck_events_first_state_known")),
        sa.CheckConstraint(
            "state IN ('held', 'ready', 'sending', 'discarded') OR attempt_id IS NOT NULL",
            name=op.f("ck_events_attempted"),
        ),
        sa.CheckConstraint(
            "(reward_version IS NOT NULL) = (reward_id IS NOT NULL AND state NOT IN ('held', 'discarded'))",
            name=op.f("ck_events_versioned"),
        ),
        sa.CheckConstraint("source IS NULL OR action = 'Earned'", name=op.f("ck_events_source_only_when_earned")),
        sa.CheckConstraint(
            "state <> 'sending' OR (attempt_id IS NOT NULL AND lease_until IS NOT NULL)", name=op.f("ck_events_claimed")
        ),
        sa.CheckConstraint(
            "state IN ('held', 'ready', 'sending', 'posted', 'refused', 'unknown', 'discarded')",
            name=op.f("ck_events_state_known"),
        ),
        sa.CheckConstraint("target IN ('mindbody', 'referral_rock')", name=op.f("ck_events_target_known")),
        sa.CheckConstraint("points IS NULL OR points >= 1", name=op.f("ck_events_points_positive")),
        sa.ForeignKeyConstraint(
            ["file_id", "run_id"], ["files.file_id", "files.run_id"], name=op.f("fk_events_file_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_by_run", "events", ["run_id"], unique=False)
    op.create_index(
        "ix_events_ready",
        "events",
        ["target", "site_id", "order_at", "file_id", "ordinal"],
        unique=False,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index("ix_events_in_lane", "events", ["lane", "state", "order_at", "file_id", "ordinal"], unique=False)
    op.create_index(
        "ix_events_undated",
        "events",
        ["content_key"],
        unique=False,
        sqlite_where=sa.text("NOT is_dated"),
        postgresql_where=sa.text("NOT is_dated"),
    )
    op.create_index(
        "uq_events_one_in_flight_per_lane",
        "events",
        ["lane"],
        unique=True,
        sqlite_where=sa.text("state IN ('sending', 'unknown')"),
        postgresql_where=sa.text("state IN ('sending', 'unknown')"),
    )
    op.create_index(
        "uq_events_reward_version",
        "events",
        ["lane", "reward_version"],
        unique=True,
        sqlite_where=sa.text("reward_version IS NOT NULL"),
        postgresql_where=sa.text("reward_version IS NOT NULL"),
    )
    op.create_table(
        "rejections",
        sa.Column("rejection_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("column_heading", sa.String(), nullable=True),
        sa.Column("cell", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("suggestion", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name=op.f("fk_rejections_file_id")),
        sa.PrimaryKeyConstraint("rejection_id", name=op.f("pk_rejections")),
    )
    op.create_index(op.f("ix_rejections_file_id"), "rejections", ["file_id"], unique=False)
    op.create_table(
        "skipped_rows",
        sa.Column("skipped_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name=op.f("fk_skipped_rows_file_id")),
        sa.PrimaryKeyConstraint("skipped_id", name=op.f("pk_skipped_rows")),
    )
    op.create_index(op.f("ix_skipped_rows_file_id"), "skipped_rows", ["file_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_attempts_event_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_attempts_run_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_event_id"), "attempts", ["event_id"], unique=False)
    op.create_table(
        "breaks",
        sa.Column("break_id", sa.String(), nullable=False),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=True),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("reward_id", sa.String(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.String(), nullable=True),
        sa.Column("action_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_run_id", sa.String(), nullable=False),
        sa.Column("closed_run_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("state <> 'closed' OR closed_run_id IS NOT NULL", name=op.f("ck_breaks_closed_by_a_run")),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'resolved', 'closed')", name=op.f("ck_breaks_state_known")
        ),
        sa.ForeignKeyConstraint(["closed_run_id"], ["runs.run_id"], name=op.f("fk_breaks_closed_run_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_breaks_event_id")),
        sa.ForeignKeyConstraint(["opened_run_id"], ["runs.run_id"], name=op.f("fk_breaks_opened_run_id")),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_breaks")),
    )
    op.create_table(
        "duplicates",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=True),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_duplicates_event_id")),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name=op.f("fk_duplicates_file_id")),
        sa.PrimaryKeyConstraint("file_id", "ordinal", name=op.f("pk_duplicates")),
    )
    op.create_table(
        "run_carried",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_run_carried_event_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_run_carried_run_id")),
        sa.PrimaryKeyConstraint("run_id", "event_id", name=op.f("pk_run_carried")),
    )
    op.create_table(
        "settlements",
        sa.Column("settlement_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("decided", sa.String(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.attempt_id"], name=op.f("fk_settlements_attempt_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_settlements_event_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_settlements_run_id")),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settlements")),
    )
    op.create_index(op.f("ix_settlements_event_id"), "settlements", ["event_id"], unique=False)
    op.create_table(
        "answers",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("duration_ms", sa.Float(), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("returned", sa.String(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('posted', 'refused', 'retry', 'unknown', 'unauthorized')",
            name=op.f("ck_answers_verdict_known"),
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.attempt_id"], name=op.f("fk_answers_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_answers")),
    )
    op.bulk_insert(
        allowed,
        [{"from_state": str(before), "to_state": str(after)} for before, after in sorted(TRANSITIONS)],
    )
    _create_triggers()


def downgrade() -> None:
    """There is nothing before the first tables; a ledger is not taken back to nothing by a command."""
    raise RuntimeError("The first migration cannot be undone: it would drop the ledger's history.")


# Every change of an event's state goes through these triggers: one that is not among the allowed transitions is
# refused, and one that is leaves its row of history, so that no code path can do the first or forget the second.
_SQLITE = (
    """
    CREATE TRIGGER events_transition_allowed BEFORE UPDATE OF state ON events WHEN OLD.state <> NEW.state
    BEGIN
        SELECT RAISE(ABORT, 'transition not allowed')
        WHERE NOT EXISTS (
            SELECT 1 FROM allowed_transitions WHERE from_state = OLD.state AND to_state = NEW.state
        );
    END
    """,
    """
    CREATE TRIGGER events_transition_recorded AFTER UPDATE OF state ON events WHEN OLD.state <> NEW.state
    BEGIN
        INSERT INTO transitions (event_id, from_state, to_state, at, run_id, reason, attempt_id)
        VALUES (NEW.event_id, OLD.state, NEW.state, NEW.state_at, NEW.state_run_id, NEW.state_reason, NEW.attempt_id);
    END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION record_transition() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT 1 FROM allowed_transitions WHERE from_state = OLD.state AND to_state = NEW.state
        ) THEN
            RAISE EXCEPTION 'transition not allowed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        INSERT INTO transitions (event_id, from_state, to_state, at, run_id, reason, attempt_id)
        VALUES (NEW.event_id, OLD.state, NEW.state, NEW.state_at, NEW.state_run_id, NEW.state_reason, NEW.attempt_id);
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER events_transition_recorded AFTER UPDATE OF state ON events
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION record_transition()
    """,
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% %', TG_TABLE_NAME, coalesce(TG_ARGV[0], 'is append-only')
        USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
)
# What an event says is fixed when it is registered; its time and its place in order, when it is accepted.
_FIXED = (
    "event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points, source, source_id, "
    "is_dated, reward_id, payout_id, amount, eligibility_on, description, file_id, ordinal, sheet, row_number, run_id, "
    "registered_at, first_state"
)
_FIXED_ONCE_ACCEPTED = "action_at, order_at, reward_version"
# What happened stays as it was written.
_APPEND_ONLY = (
    "transitions",
    "attempts",
    "answers",
    "settlements",
    "duplicates",
    "rejections",
    "skipped_rows",
    "batches",
)


def _create_triggers() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRESQL:
        op.execute(statement)
    for statement in _fixed_sqlite() if is_sqlite else _fixed_postgresql():
        op.execute(statement)
    for table in _APPEND_ONLY:
        for statement in _append_only_sqlite(table) if is_sqlite else _append_only_postgresql(table):
            op.execute(statement)


def _append_only_sqlite(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    )


def _append_only_postgresql(table: str) -> tuple[str, ...]:
    when = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    return (f"CREATE TRIGGER {table}_append_only {when} EXECUTE FUNCTION refuse_change()",)


def _fixed_sqlite() -> tuple[str, ...]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'events cannot be rewritten'); END"
    once = f"BEFORE UPDATE OF {_FIXED_ONCE_ACCEPTED} ON events WHEN OLD.state <> 'held'"
    return (
        f"CREATE TRIGGER events_fixed BEFORE UPDATE OF {_FIXED} ON events {refuse}",
        f"CREATE TRIGGER events_fixed_once_accepted {once} {refuse}",
        f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events {refuse}",
    )


def _fixed_postgresql() -> tuple[str, ...]:
    refuse = "EXECUTE FUNCTION refuse_change('cannot be rewritten')"
    once = f"BEFORE UPDATE OF {_FIXED_ONCE_ACCEPTED} ON events FOR EACH ROW WHEN (OLD.state <> 'held')"
    return (
        f"CREATE TRIGGER events_fixed BEFORE UPDATE OF {_FIXED} ON events FOR EACH ROW {refuse}",
        f"CREATE TRIGGER events_fixed_once_accepted {once} {refuse}",
        f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events FOR EACH ROW {refuse}",
    )
