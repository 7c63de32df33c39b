"""Events, one current row each, how they may move from state to state, and their history."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    text,
)

from sql.tables.base import UtcDateTime, metadata, one_of
from transforms.vocabulary import HeldFor, Kind, State, Target

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
    # Null: it does not wait, or waits for a reason of its own. What was dropped with its plan keeps it, for the day on
    # which the plan is taken up again.
    Column("held_for", String),
    # Why it had waited before its plan was dropped, where that was more than the plan; null otherwise.
    Column("own_reason", String),
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
    one_of("kind", Kind),
    one_of("target", Target),
    one_of("state", State),
    one_of("held_for", HeldFor),
    # What was let go is not let go with a plan later, should it wait once more: that is for a reason of its own.
    CheckConstraint("held_for IS NULL OR state IN ('held', 'discarded')", name="held_for_while_held"),
    CheckConstraint("own_reason IS NULL OR state IN ('held', 'discarded')", name="own_reason_while_dropped"),
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
