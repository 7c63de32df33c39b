"""What a service was asked about SourceIds. Dropped when it is no longer fresh."""

from sqlalchemy import Column, String, Table

from sql.tables.base import UtcDateTime, metadata

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
