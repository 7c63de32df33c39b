"""What the service says clients have, by reading and by answer."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, text

from sql.tables.base import UtcDateTime, metadata

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
