"""Word what a database says that cannot do its work: one line for the person who runs it, and whether it is the values.

Drivers sort their errors otherwise than a person would: a server that only reads since it took over from another one,
and a time-out between two statements, are "internal errors" to them. So the code decides: PostgreSQL's SQLSTATE, or the
name that SQLite gives. No driver repeats a password; what stands in an address is told by nobody here.
"""

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError

from flows.runtime.errors import CouldNotRun, LedgerRefused, LedgerUnavailable

_NOTHING_LOST = "Nothing was lost: run again when it is mended."
# By the SQLSTATE, or by its first two digits.
_POSTGRESQL: Mapping[str, str] = {
    "25006": "the server is read-only, as one is that waits to take over: point database_url at the one that writes",
    "25P03": "the server ended a transaction that waited (idle_in_transaction_session_timeout): raise that limit",
    "25P04": "the server ended a transaction that took too long (transaction_timeout): raise that limit",
    "57014": "the server ended a statement that took too long (statement_timeout): raise that limit for this user",
    "57P05": "the server ended a connection that was idle (idle_session_timeout): raise that limit",
    "55P03": "another program holds a lock on it: see what runs beside tieout, and end that",
    "40P01": "another program holds a lock on it: see what runs beside tieout, and end that",
    "53300": "the server has no connection left: raise max_connections, or close other programs",
    "53100": "the disk of the server is full: make room there",
    "28": "the server refuses the user or the password of database_url: mend them",
    "3D": "there is no such database: make it, or mend the name at the end of database_url",
    "3F": "the user of database_url has no schema to work in: give it one (search_path)",
    "42501": "the user of database_url lacks a right there: make it the owner of the database",
    "42P01": "it lacks a table that it had: restore the database from a backup",
    "42703": "it lacks a column that it had: restore the database from a backup",
}
# What a server says before there is a connection comes without a code.
_POSTGRESQL_WORDS: Mapping[str, str] = {
    "password authentication failed": "28",
    "no password supplied": "28",
    "no pg_hba.conf entry": "28",
    "too many clients": "53300",
    "too many connections": "53300",
    "remaining connection slots": "53300",
    'role "': "28",
    'database "': "3D",
}
_SQLITE: Mapping[str, str] = {
    "SQLITE_READONLY": "its file, or the folder of the file, is read-only for this user: give the right to write there",
    "SQLITE_CANTOPEN": "its file cannot be opened: see that database_url names a file and no folder, in a folder that "
    "this user may write to",
    "SQLITE_NOTADB": "its file is no SQLite database: mend database_url, or put the right file there from a backup",
    "SQLITE_CORRUPT": "its file is damaged: restore it from a backup",
    "SQLITE_FULL": "its disk is full: make room there",
    "SQLITE_IOERR": "its disk cannot be read or written: look at the disk",
    "SQLITE_BUSY": "another program holds its file locked: end that program",
    "SQLITE_LOCKED": "another program holds its file locked: end that program",
    "SQLITE_PERM": "this user may not open its file: give the right to read and write it",
    "SQLITE_AUTH": "this user may not open its file: give the right to read and write it",
}
_SQLITE_TABLE_LOST = "no such table"
# Values that a column cannot hold, and texts that an index cannot: the database is there, and takes others.
_OF_VALUES = ("22", "54")


def trouble_of(error: DBAPIError) -> CouldNotRun | None:
    """Return what to tell a person; None for a constraint that held, or a fault of this program."""
    orig = error.orig
    said = _one_line(orig)
    state = getattr(orig, "sqlstate", None) or _state_by_words(said)
    name = getattr(orig, "sqlite_errorname", "")
    if state[:2] in _OF_VALUES or name in ("SQLITE_TOOBIG", "SQLITE_MISMATCH"):
        return LedgerRefused(f"The ledger cannot hold a value that it was given: {said}.")
    known = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]) or _sqlite_words(name, said)
    if known:
        return LedgerUnavailable(f"The ledger is out of reach: {known} ({said}). {_NOTHING_LOST}")
    if _is_outside(error, state):
        return LedgerUnavailable(
            f"The ledger is out of reach: {said}. Nothing was lost: see that database_url is right, and run again."
        )
    return None


def _is_outside(error: DBAPIError, state: str) -> bool:
    """Return whether the database failed, and not a statement of this program."""
    # 08, 53, 57, 58, XX: no connection, no resources, an operator, the system, a defect of the server.
    if state[:2] in ("08", "53", "57", "58", "XX"):
        return True
    return type(error).__name__ in ("OperationalError", "InterfaceError", "InternalError", "DatabaseError")


def _state_by_words(said: str) -> str:
    if "FATAL" not in said and "fe_sendauth" not in said:
        return ""
    return next((state for words, state in _POSTGRESQL_WORDS.items() if words in said), "")


def _sqlite_words(name: str, said: str) -> str | None:
    if _SQLITE_TABLE_LOST in said:
        return _POSTGRESQL["42P01"]
    # An extended code such as SQLITE_READONLY_DBMOVED says more of the same.
    return next((words for known, words in _SQLITE.items() if name.startswith(known)), None)


def _one_line(error: BaseException | None) -> str:
    return " ".join(str(error).split()).rstrip(".")
