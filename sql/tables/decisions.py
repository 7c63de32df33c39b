"""What people decided about events and periods, what they were shown, and which entry takes which back."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from sql.tables.base import UtcDateTime, metadata, one_of
from transforms.vocabulary import EventVerb, SignedAs

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
    one_of("verb", EventVerb),
    CheckConstraint("actor <> ''", name="said_by_someone"),
    # To send a refused event again, and to take one back, are decisions that somebody else will have to understand.
    CheckConstraint("reason <> '' OR verb IN ('approve', 'discard')", name="says_why"),
    CheckConstraint("events_count >= 1", name="about_something"),
    # Two decisions never follow the same one: the chain has no branches.
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
    one_of("role", SignedAs),
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
