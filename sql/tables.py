"""The ledger's tables: one current row per event, append-only history beside it.

Grain, unit and zone: times are UTC; points are whole and positive; amounts are decimals kept as text, since SQLite
has no exact decimal. What cannot happen is said by a constraint, a partial unique index or a trigger (the triggers
stand in ``sql/migrations``), each with a comment here.
"""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from transforms.vocabulary import EventVerb, How, Kind, ReasonCode, Role, SignedAs, Stage, State, Target, Times, Verdict

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it without its zone, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, which could be of any zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone; the ledger takes aware times only")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _past_64_bits() -> Column[int]:
    """Return the column beside a sum of points that holds what is past a quintillion of them (`sql.sums`)."""
    return Column("points_quintillions", BigInteger, nullable=False, server_default="0")


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
    _one_of("target", Target),
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
    _one_of("times", Times),
)

# A file is registered whole or not at all; the same content for the same site is a file that is known.
files = Table(
    "files",
    metadata,
    Column("file_id", Integer, primary_key=True, autoincrement=True),
    Column("sha256", String(64), nullable=False),
    Column("default_site_id", String, nullable=False),  # "" where no folder or option named one
    Column("name", String, nullable=False),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("row_rule", String),  # by which the fingerprints of its rows were made; null: of a version without
    Column("series", String),  # what the names of one export have in common; null: nobody said
    UniqueConstraint("sha256", "default_site_id"),
    UniqueConstraint("file_id", "run_id"),  # what events refer to
    # What came before a file, and what came of late, whatever the ledger's age.
    Index("ix_files_series", "default_site_id", "series", "file_id"),
    Index("ix_files_registered_at", "registered_at"),
    # No row is lost between reading and the ledger.
    CheckConstraint("rows_read = accepted + duplicate + held + rejected", name="rows_tie"),
    Index("ix_files_run", "run_id"),
    Index("ix_files_name", "name"),
    Index("ix_files_registered", "registered_at"),
    Index("ix_files_row_rule", "row_rule"),
)

# Control totals of what a file brought, by kind and site, over accepted rows only.
batches = Table(
    "batches",
    metadata,
    Column("file_id", ForeignKey("files.file_id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("site_id", String, primary_key=True),  # "" for reward updates
    Column("event_count", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount", String, nullable=False),  # exact decimal
    _past_64_bits(),
    _one_of("kind", Kind),
)

# What the rows of a file came to, by fate, kind and site: as the sheets have them ("read"), and as each fate takes of
# them. A walk from the sheets to the service begins with these, and never goes through the rows again. Append-only.
sheet_totals = Table(
    "sheet_totals",
    metadata,
    Column("file_id", ForeignKey("files.file_id"), primary_key=True),
    Column("fate", String, primary_key=True),
    Column("kind", String, primary_key=True),  # "" where a bad row does not tell it
    Column("site_id", String, primary_key=True),  # "" for rewards, and where none is known
    Column("row_count", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),  # of those that can be read
    Column("amount", String, nullable=False),  # exact decimal
    _past_64_bits(),
    CheckConstraint("fate IN ('read', 'accepted', 'duplicate', 'held', 'rejected')", name="fate_known"),
    CheckConstraint("row_count >= 1", name="counts_something"),
)

events = Table(
    "events",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("target", String, nullable=False),
    Column("site_id", String, nullable=False),  # "" for reward updates
    Column("lane", String, nullable=False),  # what must go in order: one client, or one reward
    Column("content_key", String, nullable=False),  # identity without the occurrence
    Column("occurrence", Integer, nullable=False),
    Column("client_id", String),
    Column("action", String),
    Column("points", BigInteger),
    Column("source", String),
    Column("source_id", BigInteger),
    Column("action_at", UtcDateTime),  # pinned at acceptance where the row had none
    Column("is_dated", Boolean, nullable=False),  # the row itself had a time
    Column("action_fraction", String),  # digits after its second, as shown; null: none shown, or of a version without
    Column("reward_id", String),
    Column("payout_id", String),
    Column("amount", String),
    Column("eligibility_on", Date),
    Column("description", String),
    Column("reward_version", Integer),  # nth accepted update of this reward; null while held
    Column("file_id", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),  # place in the file
    Column("sheet", String),
    Column("row_number", Integer, nullable=False),
    Column("run_id", String, nullable=False),  # the run that registered it
    Column("registered_at", UtcDateTime, nullable=False),
    Column("order_at", UtcDateTime, nullable=False),  # events of a lane are posted in this order
    Column("first_state", String, nullable=False),
    Column("state", String, nullable=False),
    Column("state_at", UtcDateTime, nullable=False),
    Column("state_run_id", String),
    Column("state_reason", String),
    # The attempt that holds the claim, or the last one that did; 0: a ledger that is lost knew it, see `recoveries`.
    Column("attempt_id", Integer),
    Column("lease_until", UtcDateTime),  # while sending: the claim is dead after it
    Column("settle_at", UtcDateTime),  # while unknown: not to be read back before
    # An event came in a file, in the run that registered the file. One key and not two: each costs a look-up per row.
    ForeignKeyConstraint(["file_id", "run_id"], ["files.file_id", "files.run_id"]),
    Column("fingerprint", BigInteger),  # of its row's raw cells; null: of a version without, or no row of a file
    Column("compared_at", UtcDateTime),  # when reading back last compared it with what the service shows
    # Null: never refused and let go again. Otherwise the run that read its client or reward and found nothing that
    # speaks against another try; "" until one has.
    Column("read_run_id", String),
    # When the last request of several left, where two or more may have: each of them may still take effect. A trigger
    # on attempts sets it. The watch is over when a reading that began after the grace time has looked.
    Column("watch_from_at", UtcDateTime),
    Column("watch_over_at", UtcDateTime),  # when that reading began
    CheckConstraint("watch_over_at IS NULL OR watch_over_at >= watch_from_at", name="watch_begun"),
    _one_of("kind", Kind),
    _one_of("target", Target),
    _one_of("state", State),
    # Nothing enters the ledger as if it had been sent.
    CheckConstraint("first_state IN ('held', 'ready')", name="first_state_known"),
    CheckConstraint("points IS NULL OR points >= 1", name="points_positive"),
    # An event is a whole earn or redeem, or a whole reward update, never a mixture.
    CheckConstraint(
        "(target = 'mindbody' AND client_id IS NOT NULL AND action IN ('Earned', 'Redeemed') AND points IS NOT NULL"
        " AND action_at IS NOT NULL AND site_id <> '' AND reward_id IS NULL)"
        " OR (target = 'referral_rock' AND reward_id IS NOT NULL AND payout_id IS NOT NULL AND client_id IS NULL"
        " AND points IS NULL)",
        name="shape",
    ),
    CheckConstraint("source IS NULL OR action = 'Earned'", name="source_only_when_earned"),
    # Nothing is on its way without a claim that says until when.
    CheckConstraint("state <> 'sending' OR (attempt_id IS NOT NULL AND lease_until IS NOT NULL)", name="claimed"),
    # What was refused once is sent again only by the run that has looked before.
    CheckConstraint(
        "state <> 'sending' OR read_run_id IS NULL OR read_run_id = state_run_id", name="read_before_another_try"
    ),
    # Nothing was posted, refused or lost without an attempt to send it.
    CheckConstraint("state IN ('held', 'ready', 'sending', 'discarded') OR attempt_id IS NOT NULL", name="attempted"),
    # An update has its place in the reward's history when it is accepted, and not before.
    CheckConstraint(
        "(reward_version IS NOT NULL) = (reward_id IS NOT NULL AND state NOT IN ('held', 'discarded'))",
        name="versioned",
    ),
)

# One client or reward never has two requests in flight, nor a new one while an older one is in doubt: otherwise a
# count could not decide whether the doubtful one took effect.
Index(
    "uq_events_one_in_flight_per_lane",
    events.c.lane,
    unique=True,
    sqlite_where=text("state IN ('sending', 'unknown')"),
    postgresql_where=text("state IN ('sending', 'unknown')"),
)
# Two accepted updates of one reward never claim the same place in its history.
Index(
    "uq_events_reward_version",
    events.c.lane,
    events.c.reward_version,
    unique=True,
    sqlite_where=text("reward_version IS NOT NULL"),
    postgresql_where=text("reward_version IS NOT NULL"),
)
Index(
    "ix_events_ready",
    events.c.target,
    events.c.site_id,
    events.c.order_at,
    events.c.file_id,
    events.c.ordinal,
    sqlite_where=text("state = 'ready'"),
    postgresql_where=text("state = 'ready'"),
)
# What one client or reward has in each state, in the order of posting: the head of a lane, and what was confirmed.
Index(
    "ix_events_in_lane",
    events.c.lane,
    events.c.state,
    events.c.order_at,
    events.c.file_id,
    events.c.ordinal,
)
Index(
    "ix_events_undated",
    events.c.content_key,
    sqlite_where=text("NOT is_dated"),
    postgresql_where=text("NOT is_dated"),
)
Index(
    "ix_events_not_compared",
    events.c.site_id,
    events.c.client_id,
    sqlite_where=text("state = 'posted' AND compared_at IS NULL"),
    postgresql_where=text("state = 'posted' AND compared_at IS NULL"),
)
Index("ix_events_by_run", events.c.run_id)
# What a person may let be tried again, and what a run has to read before it does: both are few, in a ledger of any age.
Index(
    "ix_events_refused",
    events.c.file_id,
    sqlite_where=text("state = 'refused'"),
    postgresql_where=text("state = 'refused'"),
)
Index(
    "ix_events_to_try_again",
    events.c.target,
    events.c.site_id,
    sqlite_where=text("state = 'ready' AND read_run_id IS NOT NULL"),
    postgresql_where=text("state = 'ready' AND read_run_id IS NOT NULL"),
)
# A raw row that is known, whatever it reads as now.
Index(
    "ix_events_fingerprint",
    events.c.fingerprint,
    sqlite_where=text("fingerprint IS NOT NULL"),
    postgresql_where=text("fingerprint IS NOT NULL"),
)
# What was discarded of late, to be kept in a snapshot.
Index(
    "ix_events_discarded",
    events.c.state_at,
    sqlite_where=text("state = 'discarded'"),
    postgresql_where=text("state = 'discarded'"),
)
# Whether the ledger has a fraction of a second at all, for rows that show another one.
Index(
    "ix_events_fraction",
    events.c.content_key,
    sqlite_where=text("action_fraction IS NOT NULL"),
    postgresql_where=text("action_fraction IS NOT NULL"),
)
# What waits for a person.
Index(
    "ix_events_held",
    events.c.run_id,
    sqlite_where=text("state = 'held'"),
    postgresql_where=text("state = 'held'"),
)
# Entries that take others back, which are equal to no row of a file, by when they were moved last.
Index(
    "ix_events_taking_back",
    events.c.state_at,
    sqlite_where=text("content_key = event_id"),
    postgresql_where=text("content_key = event_id"),
)
# Few at any time: what the nights look at again, whatever the ledger's age.
Index(
    "ix_events_under_watch",
    events.c.target,
    events.c.site_id,
    events.c.client_id,
    sqlite_where=text("watch_from_at IS NOT NULL AND watch_over_at IS NULL"),
    postgresql_where=text("watch_from_at IS NOT NULL AND watch_over_at IS NULL"),
)

# Raw rows that brought an event beside its own row: a known event in another spelling, and rows of files that were
# registered before there were fingerprints. Append-only.
known_rows = Table(
    "known_rows",
    metadata,
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
)

# Who is named beside the rows of events, where a column of the sheet names staff: for totals, never sent. Append-only.
event_staff = Table(
    "event_staff",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("staff", String, nullable=False),
    CheckConstraint("staff <> ''", name="of_someone"),
)

# Everything that a run answers for: what it accepted, what was open when it began, what it sent.
run_carried = Table(
    "run_carried",
    metadata,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    # Which runs have told an event.
    Column("event_id", ForeignKey("events.event_id"), primary_key=True, index=True),
)

allowed_transitions = Table(
    "allowed_transitions",
    metadata,
    Column("from_state", String, primary_key=True),
    Column("to_state", String, primary_key=True),
)

# Written by a trigger on events, so that no change of state can go unrecorded. Append-only.
transitions = Table(
    "transitions",
    metadata,
    Column("transition_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String, nullable=False, index=True),
    Column("from_state", String, nullable=False),
    Column("to_state", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("run_id", String),
    Column("reason", String),
    Column("attempt_id", Integer),
)

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
    _one_of("verdict", Verdict),
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
)

# Rows that were corrected after their event was refused or discarded, as their receipts say: the corrected one is
# another event, and the first one must not be tried again beside it. Append-only.
corrections = Table(
    "corrections",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),  # of the corrected row
    Column("corrected_event_id", ForeignKey("events.event_id"), nullable=False, index=True),
)

# Events whose row looks like a row of the file before, corrected: which event that one brought. Append-only.
lookalikes = Table(
    "lookalikes",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("earlier_event_id", ForeignKey("events.event_id"), nullable=False, index=True),
)

# Events that a person lets take the place of others. Until each of those is taken back, or will never be sent, the
# event stays held: a trigger sees to it, unless a person approves it after all. Append-only.
replacements = Table(
    "replacements",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("replaced_event_id", ForeignKey("events.event_id"), primary_key=True, index=True),
    Column("decision_id", ForeignKey("event_decisions.decision_id"), primary_key=True),
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
    _one_of("how", How),
    Index("ix_recoveries_run", "run_id"),
)

duplicates = Table(
    "duplicates",
    metadata,
    Column("file_id", ForeignKey("files.file_id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("sheet", String),
    Column("row_number", Integer, nullable=False),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("reason", String, nullable=False),
    # Which files brought an event, the latest first: so the file before is found.
    Index("ix_duplicates_event", "event_id", "file_id"),
)

rejections = Table(
    "rejections",
    metadata,
    Column("rejection_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", ForeignKey("files.file_id"), nullable=False, index=True),
    Column("sheet", String),
    Column("row_number", Integer, nullable=False),
    Column("column_heading", String),
    Column("cell", String),
    Column("code", String, nullable=False),
    Column("value", String),
    Column("message", String, nullable=False),
    Column("suggestion", String),
)

skipped_rows = Table(
    "skipped_rows",
    metadata,
    Column("skipped_id", Integer, primary_key=True, autoincrement=True),
    Column("file_id", ForeignKey("files.file_id"), nullable=False, index=True),
    Column("sheet", String),
    Column("row_number", Integer),  # null: the whole sheet
    Column("reason", String, nullable=False),
)

# Calls made, reads included, so that a budget holds across runs and crashes.
call_counts = Table(
    "call_counts",
    metadata,
    Column("target", String, primary_key=True),
    Column("day_on", Date, primary_key=True),  # UTC
    Column("calls", Integer, nullable=False),
)

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
    Column("detail", String),  # what the two sides say, for a person
    # What each side has; `points` and `amount` are what the break counts for, of two that differ the difference.
    Column("points_ledger", BigInteger),
    Column("points_service", BigInteger),
    Column("amount_ledger", String),
    Column("amount_service", String),
    Column("more", BigInteger),  # Mindbody: points that the service has more than the ledger; null: it is not known
    CheckConstraint("state IN ('open', 'acknowledged', 'resolved', 'closed')", name="state_known"),
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
# What is open, whatever was closed since the ledger began.
Index(
    "ix_breaks_open",
    breaks.c.opened_on,
    breaks.c.break_id,
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
    _one_of("reason_code", ReasonCode),
    CheckConstraint("actor <> '' AND reason <> ''", name="said_by_someone"),
    # Two decisions never follow the same one: the chain has no branches.
    UniqueConstraint("previous_hash"),
)

# What people decided about events: one row for each time, however many events it was about. Append-only and chained by
# hashes, as decisions about breaks are.
event_decisions = Table(
    "event_decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("reason", String, nullable=False),  # "" where none was given
    Column("about", String, nullable=False),  # as it was asked for: an event, a plan, a file, a code, a site
    Column("events_count", Integer, nullable=False),
    Column(
        "events_hash", String(64), nullable=False
    ),  # sha256 of the events as they stood, so that these are chained too
    Column("previous_hash", String(64), nullable=False),  # "" for the first
    Column("hash", String(64), nullable=False),
    Column("seen", String(64)),  # fingerprint of what an approval was shown; null: another decision, or of before
    _one_of("verb", EventVerb),
    CheckConstraint("actor <> ''", name="said_by_someone"),
    # To send a refused event again, and to take one back, are decisions that somebody else will have to understand.
    CheckConstraint("reason <> '' OR verb IN ('approve', 'discard')", name="says_why"),
    CheckConstraint("events_count >= 1", name="about_something"),
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

# Who signed a period, over all sites, and what was signed. Append-only and chained by hashes, as decisions are.
signatures = Table(
    "signatures",
    metadata,
    Column("signature_id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),  # whom the system, or the desk, knows
    Column("by_name", String, nullable=False),  # as was said
    Column("role", String, nullable=False),
    Column("since_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    Column("content", String, nullable=False),  # JSON: the walk and the differences, as they stood
    Column("fingerprint", String(64), nullable=False),  # sha256 of it
    Column("reason", String, nullable=False),  # "" where none was given
    # What people had decided by then: later decisions are told as changes.
    Column("last_event_decision_id", Integer, nullable=False),
    Column("last_break_decision_id", Integer, nullable=False),
    Column("previous_hash", String(64), nullable=False),  # "" for the first
    Column("hash", String(64), nullable=False),
    _one_of("role", SignedAs),
    CheckConstraint("actor <> '' AND by_name <> ''", name="signed_by_someone"),
    CheckConstraint("since_on <= until_on", name="of_a_period"),
    # Two signatures never follow the same one: the chain has no branches.
    UniqueConstraint("previous_hash"),
    Index("ix_signatures_period", "since_on", "until_on"),
)

# What people were shown of what a run holds, so that an approval is about just that. Append-only.
showings = Table(
    "showings",
    metadata,
    Column("showing_id", Integer, primary_key=True, autoincrement=True),
    Column("plan_id", ForeignKey("runs.run_id"), nullable=False, index=True),
    Column("shown_at", UtcDateTime, nullable=False),
    Column("shown_to", String, nullable=False),  # "" for whoever reads the run's report
    Column("fingerprint", String(64), nullable=False),  # of rows, ledger and settings
    Column("settings", String, nullable=False),  # JSON: of each setting that matters, a hash
    Column("files", String, nullable=False),  # JSON: of each file on a person's disk, its sha256 then
)

# The events of each decision, as they stood when it was taken. Append-only.
decided_events = Table(
    "decided_events",
    metadata,
    Column("decision_id", ForeignKey("event_decisions.decision_id"), primary_key=True),
    Column("event_id", ForeignKey("events.event_id"), primary_key=True, index=True),
    Column("state", String, nullable=False),
    Column("attempt_id", Integer),  # null: never sent until then
)

# Sites that left the settings and whose unsent work a person keeps: nobody asks for it until they are back. Who said so
# stands among the decisions, and stays there when the site is back and its row is gone.
kept_sites = Table(
    "kept_sites",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("decision_id", ForeignKey("event_decisions.decision_id"), nullable=False),
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
    _past_64_bits(),
)

# The balance that the service last reported of a client, where nothing about the client was in doubt.
client_balances = Table(
    "client_balances",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("client_id", String, primary_key=True),
    Column("balance", BigInteger, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
)

# Every reading of a client's balance, and whether the balance that answers had told since the one before agreed. The
# latest of a client is what its next answers are reckoned from, if it is a base: nothing was in doubt when it was read,
# and no request was made meanwhile. Append-only.
balance_readings = Table(
    "balance_readings",
    metadata,
    Column("reading_id", Integer, primary_key=True, autoincrement=True),
    Column("site_id", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("read_at", UtcDateTime, nullable=False),  # when reading began
    Column("why", String, nullable=False),  # it was read, in words
    Column("balance", BigInteger),  # null: the service told none
    Column("is_base", Boolean, nullable=False),
    Column("last_attempt_id", Integer, nullable=False),  # the client's last request before; 0: none
    Column("links_count", Integer, nullable=False),  # answers in a row that held until then; 0: nothing to compare
    Column("chain_balance", BigInteger),  # that followed from them; null: nothing to compare
    Column("agrees", Boolean),  # null: nothing to compare, or it could not be told
    CheckConstraint("NOT is_base OR balance IS NOT NULL", name="base_told"),
    CheckConstraint("agrees IS NULL OR links_count > 0", name="compared"),
    Index("ix_balance_readings_client", "site_id", "client_id", "reading_id"),
    Index(
        "ix_balance_readings_agreed",
        "site_id",
        "reading_id",
        sqlite_where=text("agrees"),
        postgresql_where=text("agrees"),
    ),
    Index(
        "ix_balance_readings_disagreed",
        "site_id",
        "reading_id",
        sqlite_where=text("NOT agrees"),
        postgresql_where=text("NOT agrees"),
    ),
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

# Which entry takes which back: an event of ours, or an entry that a break is about. Append-only; a trigger refuses a
# second one as long as the first has not come to nothing.
reversals = Table(
    "reversals",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),  # the entry that takes back
    Column("reversed_event_id", ForeignKey("events.event_id")),
    Column("break_id", ForeignKey("breaks.break_id")),
    Column("nth", Integer, nullable=False),  # try; a next one only after the one before was discarded or refused
    Column("requested_by", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    CheckConstraint("(reversed_event_id IS NULL) <> (break_id IS NULL)", name="of_event_or_break"),
    UniqueConstraint("reversed_event_id", "nth"),
    UniqueConstraint("break_id", "nth"),
)

# What the service was asked for and answered: whose visit, sale or referral an id is. Dropped when it is not fresh.
reference_facts = Table(
    "reference_facts",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("named", String, primary_key=True),  # appointment, visit, sale, referred
    Column("item_id", String, primary_key=True),  # the id as text; of a referral that of the referred client
    Column("client_id", String, primary_key=True),  # whose it is; "" where there is no such thing
    Column("fetched_at", UtcDateTime, nullable=False),
)

# Clients of whom everything was read: an id that is not among the facts does not exist.
reference_reads = Table(
    "reference_reads",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("subject", String, primary_key=True),  # visits, referrals
    Column("client_id", String, primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False),
)

# How many rows of a file had their SourceId confirmed, rejected or left to the service, and why.
source_id_checks = Table(
    "source_id_checks",
    metadata,
    Column("file_id", ForeignKey("files.file_id"), primary_key=True),
    Column("subject", String, primary_key=True),  # visits, sales, referrals
    Column("finding", String, primary_key=True),  # `transforms.vocabulary.Finding`, or the code of the rejection
    Column("row_count", Integer, nullable=False),
    CheckConstraint("row_count >= 1", name="counts_something"),
)

# Who may use the desk. A person who has left stays, since what they did bears their name.
users = Table(
    "users",
    metadata,
    Column("user_id", Integer, primary_key=True, autoincrement=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False, unique=True),  # without regard to case, so that no two look alike
    Column("password_hash", String),  # argon2id; null: none chosen yet, or a proxy says who it is
    Column("added_at", UtcDateTime, nullable=False),
    Column("added_by", String, nullable=False),
    Column("removed_at", UtcDateTime),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", ForeignKey("users.user_id"), primary_key=True),
    Column("site_id", String, primary_key=True),  # "" at all sites
    Column("role", String, primary_key=True),
    _one_of("role", Role),
)

# Links by which a person chooses a password, once. Only a digest is kept: whoever reads the ledger cannot use one.
invitations = Table(
    "invitations",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.user_id")),  # null: for the first administrator, who has no name yet
    Column("made_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_invitations_user_id", "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.user_id"), nullable=False),
    Column("form_token", String, nullable=False),  # every form of the session bears it
    Column("began_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_until_at", "until_at"),
)

# Tries to sign in that failed, of late: by the name that was typed, whether there is one or not, and by the address.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("failure_id", Integer, primary_key=True, autoincrement=True),
    Column("name_digest", String(64), nullable=False),
    Column("address", String, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False),
    Index("ix_sign_in_failures_name", "name_digest", "failed_at"),
    Index("ix_sign_in_failures_address", "address", "failed_at"),
)

# Who let whom in, and changed what they may. Append-only.
user_changes = Table(
    "user_changes",
    metadata,
    Column("change_id", Integer, primary_key=True, autoincrement=True),
    Column("user_id", ForeignKey("users.user_id"), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("what", String, nullable=False),
    CheckConstraint("changed_by <> '' AND what <> ''", name="said_by_someone"),
)

# Sheets that came by the desk. Their content lies in the workspace; what became of their rows, with the events.
desk_sheets = Table(
    "desk_sheets",
    metadata,
    Column("sheet_id", String, primary_key=True),  # random: nobody comes upon one by counting
    Column("name", String, nullable=False),
    Column("site_id", String, nullable=False),  # whose people may see it; "" where there are no sites
    Column("default_site_id", String, nullable=False),  # of rows that name none; "" as in `files`
    Column("sha256", String(64), nullable=False),  # with what was mended
    Column("uploaded_sha256", String(64), nullable=False),  # as it came
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("uploaded_by", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("stage_at", UtcDateTime, nullable=False),
    Column("is_read_well", Boolean, nullable=False),  # a person has seen how it is read
    Column("wanted_by", String),  # who said that it is to be posted
    Column("wanted_seen", String),  # the code of what they were shown
    Column("needs_another", Boolean, nullable=False),  # somebody else has to agree
    Column("plan_id", String),
    Column("undo_plan_id", String),  # what was planned last to take it, or a row of it, back
    Column("run_id", String),  # the last one that posted
    Column("trouble", String),  # why it is stuck, or open again; in words
    Column("tries_count", Integer, nullable=False),
    _one_of("stage", Stage),
    Index("ix_desk_sheets_site", "site_id", "uploaded_at"),
    Index("ix_desk_sheets_stage", "stage", "stage_at"),
    Index("ix_desk_sheets_content", "sha256", "default_site_id"),
)

# What a person changed in a sheet at the desk before it was posted, cell by cell. Append-only.
desk_mends = Table(
    "desk_mends",
    metadata,
    Column("mend_id", Integer, primary_key=True, autoincrement=True),
    Column("sheet_id", ForeignKey("desk_sheets.sheet_id"), nullable=False),
    Column("sheet", String),
    Column("row_number", Integer, nullable=False),
    Column("column_heading", String, nullable=False),
    Column("before", String),
    Column("after", String, nullable=False),
    Column("mended_at", UtcDateTime, nullable=False),
    Column("mended_by", String, nullable=False),
    CheckConstraint("mended_by <> ''", name="said_by_someone"),
    Index("ix_desk_mends_sheet", "sheet_id", "mend_id"),
)
