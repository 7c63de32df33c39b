"""Differences, what people decided about them, how balances explain them, and what each run closed with."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from sql.tables.base import UtcDateTime, metadata, one_of, past_64_bits
from transforms.vocabulary import ReasonCode

breaks = Table(
    "breaks",
    metadata,
    Column("break_id", String, primary_key=True),
    Column("class", String, nullable=False),
    Column("target", String, nullable=False),
    Column("site_id", String),
    Column("client_id", String),
    Column("reward_id", String),
    Column("points", BigInteger),
    Column("amount", String),
    Column("action_at", UtcDateTime),  # of the entry, so that a later reading knows whether it looked there
    Column("event_id", ForeignKey("events.event_id"), index=True),
    Column("opened_on", Date, nullable=False),
    Column("opened_run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("closed_run_id", ForeignKey("runs.run_id")),
    Column("state", String, nullable=False),
    Column("owner", String),
    Column("reason", String),
    Column("reason_code", String),  # of the decision that the reason is of; null without one
    Column("detail", String),  # what the two sides say, for a person
    # What each side has; `points` and `amount` are what the break counts for, of two that differ the difference.
    Column("points_ledger", BigInteger),
    Column("points_service", BigInteger),
    Column("amount_ledger", String),
    Column("amount_service", String),
    Column("more", BigInteger),  # Mindbody: points that the service has more than the ledger; null: it is not known
    # Whose it is, and until when, where a person said so; the comments tell who. Else the rules of the settings say.
    Column("given_to", String),
    Column("due_on", Date),
    CheckConstraint("state IN ('open', 'acknowledged', 'resolved', 'closed')", name="state_known"),
    one_of("reason_code", ReasonCode),
    # A break that closed by itself says which run saw it gone.
    CheckConstraint("state <> 'closed' OR closed_run_id IS NOT NULL", name="closed_by_a_run"),
)

Index("ix_breaks_of_client", breaks.c.site_id, breaks.c.client_id)

Index(
    "ix_breaks_not_closed",
    breaks.c.site_id,
    breaks.c.client_id,
    sqlite_where=text("state <> 'closed'"),
    postgresql_where=text("state <> 'closed'"),
)

# What is open, whatever was closed since the ledger began; with all that a list is narrowed down by and counts, so that
# no row of the table is looked at for what is not shown.
Index(
    "ix_breaks_open",
    breaks.c.opened_on,
    breaks.c.break_id,
    breaks.c.site_id,
    breaks.c.client_id,
    breaks.c["class"],
    breaks.c.points,
    breaks.c.opened_run_id,
    # SQLite would look at the row for it, though the condition says what it is.
    breaks.c.state,
    sqlite_where=text("state IN ('open', 'acknowledged')"),
    postgresql_where=text("state IN ('open', 'acknowledged')"),
)

# What people decided about breaks. Append-only, and each row's hash covers the one before it, so that a history that
# was changed outside of tieout shows.
break_decisions = Table(
    "break_decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("break_id", ForeignKey("breaks.break_id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("previous_hash", String(64), nullable=False),  # "" for the first
    Column("hash", String(64), nullable=False),
    Column("reason_code", String),  # null: decided before there were codes
    CheckConstraint("verb IN ('acknowledge', 'resolve', 'reopen')", name="verb_known"),
    one_of("reason_code", ReasonCode),
    CheckConstraint("actor <> '' AND reason <> ''", name="said_by_someone"),
    # Two decisions never follow the same one: the chain has no branches.
    UniqueConstraint("previous_hash"),
)

# What people said about a break beside what they decided, each with a file where one was given, which lies in the
# workspace under its hash. Append-only and chained by hashes, as decisions are.
break_comments = Table(
    "break_comments",
    metadata,
    Column("comment_id", Integer, primary_key=True, autoincrement=True),
    Column("break_id", ForeignKey("breaks.break_id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("comment", String, nullable=False),
    Column("file_name", String),  # null: without a file
    Column("file_sha256", String(64)),
    Column("previous_hash", String(64), nullable=False),  # "" for the first
    Column("hash", String(64), nullable=False),
    CheckConstraint("actor <> '' AND comment <> ''", name="said_by_someone"),
    CheckConstraint("(file_name IS NULL) = (file_sha256 IS NULL)", name="file_by_hash"),
    # Two comments never follow the same one: the chain has no branches.
    UniqueConstraint("previous_hash"),
)

# Every time a break came to the open ones or left them. Append-only: with the last closing it says what must be open.
break_moves = Table(
    "break_moves",
    metadata,
    Column("move_id", Integer, primary_key=True, autoincrement=True),
    Column("break_id", ForeignKey("breaks.break_id"), nullable=False, index=True),
    Column("move", String, nullable=False),
    Column("moved_at", UtcDateTime, nullable=False),
    Column("run_id", ForeignKey("runs.run_id")),  # null: a person decided
    Column("class", String, nullable=False),
    Column("target", String, nullable=False),
    Column("site_id", String, nullable=False),  # "" for rewards
    Column("points", BigInteger, nullable=False),
    Column("amount", String, nullable=False),  # exact decimal
    CheckConstraint("move IN ('new', 'reopened', 'closed', 'resolved')", name="move_known"),
)

# Breaks about a balance alone, as they were found: between two readings of the client something moved the balance that
# nobody had read. Append-only; what is left of one by now stands in its break.
balance_gaps = Table(
    "balance_gaps",
    metadata,
    Column("break_id", ForeignKey("breaks.break_id"), primary_key=True),
    Column("more", BigInteger, nullable=False),  # signed: what the service had more than the ledger
    Column("since_at", UtcDateTime, nullable=False),  # of the reading before, whose balance came out right
    Column("until_at", UtcDateTime, nullable=False),  # when it was found
    # The latest time of an event of ours that was known at either: an entry that bears a time between them was made
    # between the readings, though it may have been dated back. Null: there was none.
    Column("known_from_at", UtcDateTime),
    Column("known_to_at", UtcDateTime),
    CheckConstraint("more <> 0", name="of_something"),
)

# Breaks of entries that explain how a balance moved: one difference is told once. Append-only.
balance_parts = Table(
    "balance_parts",
    metadata,
    Column("break_id", ForeignKey("breaks.break_id"), primary_key=True),  # of the entry
    # The break about the balance that was; null: the balance of the very reading that showed the entry.
    Column("gap_id", ForeignKey("balance_gaps.break_id"), index=True),
    Column("more", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
)

# What a run saw open when it ended: the opening of the next one. Append-only.
closings = Table(
    "closings",
    metadata,
    Column("closing_id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("last_move_id", Integer, nullable=False),  # the moves after it belong to the next run
)

closing_lines = Table(
    "closing_lines",
    metadata,
    Column("closing_id", ForeignKey("closings.closing_id"), primary_key=True),
    Column("class", String, primary_key=True),
    Column("target", String, primary_key=True),
    Column("site_id", String, primary_key=True),
    Column("open_count", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount", String, nullable=False),
    past_64_bits(),
)
