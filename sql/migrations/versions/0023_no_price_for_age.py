"""Indexes for what a night looks up, so that it costs the same on a ledger of any age."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

# Table, name, columns, and which rows: few of them are open at any time.
_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("runs", "ix_runs_by_kind", ["kind", "started_at", "run_id"], None),
    ("runs", "ix_runs_unfinished", ["run_id"], "finished_at IS NULL"),
    ("files", "ix_files_run", ["run_id"], None),
    ("files", "ix_files_registered", ["registered_at"], None),
    ("files", "ix_files_row_rule", ["row_rule"], None),
    ("events", "ix_events_held", ["run_id"], "state = 'held'"),
    ("events", "ix_events_taking_back", ["state_at"], "content_key = event_id"),
    ("run_carried", "ix_run_carried_event_id", ["event_id"], None),
    ("breaks", "ix_breaks_not_closed", ["site_id", "client_id"], "state <> 'closed'"),
    ("breaks", "ix_breaks_open", ["opened_on", "break_id"], "state IN ('open', 'acknowledged')"),
    ("snapshots", "ix_snapshots_taken", ["taken_at", "run_id"], None),
    ("snapshots", "ix_snapshots_told", ["last_decision_id"], None),
)


def upgrade() -> None:
    for table, name, columns, where in _INDEXES:
        rows = None if where is None else sa.text(where)
        op.create_index(op.f(name), table, columns, sqlite_where=rows, postgresql_where=rows)


def downgrade() -> None:
    """Drop them; nights cost by the ledger's age again."""
    for table, name, _, _ in reversed(_INDEXES):
        op.drop_index(op.f(name), table_name=table)
