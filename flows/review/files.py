"""Find the file that a person means: by its path, its name or its content."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from flows.readers.files import sha256_of
from flows.runtime.errors import WrongUsage
from sql.reversals import files_known_as

_EXAMPLES = 5


def find_file(connection: Connection, named: str, site_id: str | None) -> Row[Any]:
    """Return the one file of the ledger that is named; `WrongUsage` where it is none, or several.

    ``named`` is a path, a name or a hash that the ledger knows; ``site_id`` chooses among files of several sites.
    """
    path = Path(named)
    content = sha256_of(path) if path.is_file() else ""
    known = files_known_as(connection, path.name, content)
    # The content says it more surely than a name does: every month's export may be called "march.xlsx".
    meant = [file for file in known if file.sha256 == content] or known
    if site_id is not None:
        meant = [file for file in meant if file.default_site_id == site_id]
    if not meant:
        raise WrongUsage(
            f"No file {named} was ever taken in: give its path, its name, or the fingerprint of its content (sha256)."
        )
    # The file was edited after it was sent. What went out stands in the ledger alone, so it has to be named.
    if content and meant[0].sha256 != content:
        raise WrongUsage(
            f"{named} was changed since one of that name was sent: give the fingerprint of the one that was sent "
            f"(its sha256), {_list_files(meant)}."
        )
    if len(meant) > 1:
        raise WrongUsage(
            f"Several files are known as {named}: give --site, or the fingerprint of one (its sha256), "
            f"{_list_files(meant)}."
        )
    return meant[0]


def _list_files(files: Sequence[Row[Any]]) -> str:
    return ", ".join(_describe_file(file) for file in files[:_EXAMPLES])


def _describe_file(file: Row[Any]) -> str:
    site = f"site {file.default_site_id}, " if file.default_site_id else ""
    return f"{file.sha256[:16]} ({site}{file.registered_at:%Y-%m-%d %H:%M}Z)"
