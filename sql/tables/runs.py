"""Runs, what they are numbered and known by, what holds for a site or a service, and what is kept of them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, text

from sql.tables.base import UtcDateTime, metadata, one_of
from transforms.vocabulary import Target, Times

_UNFINISHED = text("finished_at IS NULL")

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("kind", String, nullable=False),  # nightly, upload, settle, reconcile
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),  # null: running, or it died
    Column("summary", String),  # the JSON that the command printed; null with finished_at: it could not start
    # A run at work says so again and again; one that is neither finished nor seen of late has died.
    Column("seen_at", UtcDateTime),  # null: of a version that did not say
    Column("failure", String),  # in words, what could not be done
    # The nights of late; what told an event of a run that died; and those that died.
    Index("ix_runs_by_kind", "kind", "started_at", "run_id"),
    Index("ix_runs_finished", "finished_at"),
    Index("ix_runs_unfinished", "run_id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
)

# Who this ledger is, for good: a copy of it says the same, another one does not. Append-only, one row.
ledger_identity = Table(
    "ledger_identity",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("ledger_id", String, nullable=False),  # random
    CheckConstraint("only_row = 1", name="only_one"),
)

# The runs, counted. A marker outside the ledger remembers the highest number that was seen, so that a ledger of before
# shows. PostgreSQL leaves gaps where a transaction was rolled back. Append-only.
run_numbers = Table(
    "run_numbers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False, unique=True),
    Column("numbered_at", UtcDateTime),  # null: of a version that kept no marker
)

# Which service, by its address, events are sent to: what was posted at another one was never paid at this one. The last
# row of a target is in force. Append-only.
service_bindings = Table(
    "service_bindings",
    metadata,
    Column("binding_id", Integer, primary_key=True, autoincrement=True),
    Column("target", String, nullable=False),
    Column("address", String, nullable=False),
    Column("bound_at", UtcDateTime, nullable=False),
    Column("bound_by", String, nullable=False),
    Column("reason", String, nullable=False),
    one_of("target", Target),
    CheckConstraint("bound_by <> '' AND reason <> ''", name="said_by_someone"),
)

# When nights are due, each time that it changed. Without it nobody could tell a night that did not run from none that
# was meant to. The last row is in force.
schedules = Table(
    "schedules",
    metadata,
    Column("schedule_id", Integer, primary_key=True, autoincrement=True),
    Column("cron", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("since_at", UtcDateTime, nullable=False),  # nights before are nobody's
)

# What times without an offset have been read as in a site's sheets, each time that it changed: where nobody says so any
# more, they are not read otherwise. The last row of a site is in force. Append-only.
site_times = Table(
    "site_times",
    metadata,
    Column("site_times_id", Integer, primary_key=True, autoincrement=True),
    Column("site_id", String, nullable=False),
    Column("times", String, nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
    one_of("times", Times),
)

# Calls made, reads included, so that a budget holds across runs and crashes.
call_counts = Table(
    "call_counts",
    metadata,
    Column("target", String, primary_key=True),
    Column("day_on", Date, primary_key=True),  # UTC
    Column("calls", Integer, nullable=False),
)

# Sites that left the settings and whose unsent work a person keeps: nobody asks for it until they are back. Who said so
# stands among the decisions, and stays there when the site is back and its row is gone.
kept_sites = Table(
    "kept_sites",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("decision_id", ForeignKey("event_decisions.decision_id"), nullable=False),
)

# Where everything that a run's report was made of is kept: the file lies in the workspace, its hash here. Append-only.
snapshots = Table(
    "snapshots",
    metadata,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("name", String, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    # The last decision about events that this report or one before it has told; null: it told none.
    Column("last_decision_id", Integer),
    Index("ix_snapshots_taken", "taken_at", "run_id"),
    Index("ix_snapshots_told", "last_decision_id"),
)
