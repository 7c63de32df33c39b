"""Who may use the desk, and how they sign in."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from sql.tables.base import UtcDateTime, metadata, one_of
from transforms.vocabulary import Role

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
    one_of("role", Role),
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
    Column("address", String, nullable=False),  # of whoever asked; of a known browser, what that one is known by
    Column("failed_at", UtcDateTime, nullable=False),
    Column("is_known_browser", Boolean),  # its person has signed in there before
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
