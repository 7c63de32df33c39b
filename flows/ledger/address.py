"""The address of the ledger's database, and what is told of one that is none."""

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flows.runtime.errors import SettingsError


def database_address(address: str) -> URL:
    """Return the parts of a database address; `SettingsError`, which shows none of them, where it has not these parts.

    A sign such as @ or / that stands unescaped in a password makes an address that reads otherwise than it was meant:
    half of the password would be taken for the name of a machine, and told in every line about it.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise no_address() from None
    has_odd_host = url.host is not None and any(sign in url.host for sign in "@ /?#")
    if has_odd_host or not address.isprintable():
        raise no_address()
    return url


def no_address() -> SettingsError:
    """Say what an address looks like, and nothing of the one that was given."""
    return SettingsError(
        'database_url is no database address: write "sqlite:///tieout.db" or "postgresql+psycopg://user@host/name", '
        "and signs such as @ : / in a user or password as %40 %3A %2F."
    )
