"""Files, what became of their rows, and what their rows look like."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from sql.tables.base import UtcDateTime, metadata, one_of, past_64_bits
from transforms.vocabulary import Kind

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
    past_64_bits(),
    one_of("kind", Kind),
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
    past_64_bits(),
    CheckConstraint("fate IN ('read', 'accepted', 'duplicate', 'held', 'rejected')", name="fate_known"),
    CheckConstraint("row_count >= 1", name="counts_something"),
)

# Raw rows that brought an event beside its own row: a known event in another spelling, and rows of files that were
# registered before there were fingerprints. Append-only.
known_rows = Table(
    "known_rows",
    metadata,
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
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

duplicates = Table(
    "duplicates",
    metadata,
    Column("file_id", ForeignKey("files.file_id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("sheet", String),
    Column("row_number", Integer, nullable=False),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    Column("reason", String, nullable=False),
    # The row bears the receipt of its event, so that it says by itself which one it is.
    Column("by_receipt", Boolean),
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
