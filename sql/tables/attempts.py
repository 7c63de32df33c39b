"""Requests that were made, what was answered, what was read where it was in doubt, and what a recovery found."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from sql.tables.base import UtcDateTime, metadata, one_of
from transforms.vocabulary import How, Verdict

# One row per claim, committed before the request leaves. Append-only.
attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
    Column("fingerprint", String(64), nullable=False),  # sha256 of the event's part of the request body
    # The client's, of Mindbody; null: of a reward, or of a version without. Written with the claim, so that no request
    # leaves that a balance reckoned from answers would not miss.
    Column("lane", String),
    Index(
        "ix_attempts_lane",
        "lane",
        "attempt_id",
        sqlite_where=text("lane IS NOT NULL"),
        postgresql_where=text("lane IS NOT NULL"),
    ),
)

# One row per attempt whose end this side saw, whatever it was. Append-only.
answers = Table(
    "answers",
    metadata,
    Column("attempt_id", ForeignKey("attempts.attempt_id"), primary_key=True),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("verdict", String, nullable=False),
    Column("http_status", Integer),  # null: no answer came
    Column("code", String),
    Column("message", String),
    Column("duration_ms", Float),
    Column("balance", BigInteger),  # Mindbody: points of the client after the event
    Column("returned", String),  # JSON: the reward, or the transaction and balance, as they came back
    one_of("verdict", Verdict),
    # Mindbody: the answer lists the event alone, and every field of it as it was sent; null: of a version without.
    Column("is_echo", Boolean),
)

# Files that attempts were moved to, with their answers and the moves of their events. Append-only, and each row's hash
# covers the one before it: what left the ledger is held to account by what it was then.
attempt_archives = Table(
    "attempt_archives",
    metadata,
    Column("archive_id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("before_at", UtcDateTime, nullable=False),  # what was asked for
    Column("name", String, nullable=False),  # in the workspace's folder of old attempts
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("attempts_count", Integer, nullable=False),
    Column("first_attempt_id", Integer, nullable=False),
    Column("last_attempt_id", Integer, nullable=False),
    Column("previous_hash", String(64), nullable=False),  # "" for the first
    Column("hash", String(64), nullable=False),
    CheckConstraint("attempts_count >= 1 AND first_attempt_id <= last_attempt_id", name="holds_something"),
    UniqueConstraint("previous_hash"),
)

# What leaves the ledger in this very transaction: triggers let nothing else be deleted of attempts, answers and moves.
# Empty at any other time.
moving_out = Table(
    "moving_out",
    metadata,
    Column("attempt_id", Integer, primary_key=True, autoincrement=False),
    Column("event_id", String, nullable=False, unique=True),
    Column("archive_id", ForeignKey("attempt_archives.archive_id"), nullable=False),
)

# One row per read-back of a doubtful event, and of a refused one before it is tried again. Append-only.
settlements = Table(
    "settlements",
    metadata,
    Column("settlement_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    # The one that was in doubt. By its index an attempt is found to have none before it may leave.
    Column("attempt_id", ForeignKey("attempts.attempt_id"), nullable=False, index=True),
    Column("decided", String, nullable=False),  # posted, ready or unknown; held where it speaks against another try
    Column("balance", BigInteger),  # Mindbody: points of the client when it was read
    Column("evidence", String, nullable=False),  # JSON: what was counted, expected, and the balance
    Column("ruled_by", String),  # who ruled, where a person did; null: it was read back
)

# What `tieout recover` has still to make out: events of a lost or older ledger of which nobody knows whether they were
# sent. While an event stands here, nothing of its client or reward is sent and no person can approve it.
recovering = Table(
    "recovering",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("target", String, nullable=False),
    Column("site_id", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("has_time", Boolean, nullable=False),  # False: nobody knows which time it was given
    Column("around_at", UtcDateTime, nullable=False),  # about when it happened, so that the right days are read
    # What the latest snapshot that knew it says; null where none does.
    Column("said_state", String),
    Column("said_reason", String),
    Column("said_run_id", String),
    Index("ix_recovering_lane", "lane"),
    Index("ix_recovering_site", "target", "site_id", "lane"),
)

# How it was made out where an event stands, and by what: what makes an event posted that this ledger never sent.
# Append-only.
recoveries = Table(
    "recoveries",
    metadata,
    Column("recovery_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", ForeignKey("events.event_id"), nullable=False, index=True),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("decided", String, nullable=False),  # posted, held or discarded
    Column("how", String, nullable=False),  # `transforms.vocabulary.How`
    Column("reason", String, nullable=False),
    Column("evidence", String, nullable=False),  # JSON: what was counted, and what a snapshot says
    CheckConstraint("decided IN ('posted', 'held', 'discarded')", name="decided_known"),
    one_of("how", How),
    Index("ix_recoveries_run", "run_id"),
)
