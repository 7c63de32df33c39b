"""Open the ledger: SQLite in one file by default, PostgreSQL where several machines share it.

Every change is one transaction of `Ledger.begin`, durable when it returns. On SQLite a writer takes the file's lock
at once (``BEGIN IMMEDIATE``), so two processes on one file queue up instead of failing half way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from flows.ledger.engine import ONLY_READS, keep_caches_small, make_engine, prepare, refusing_writes
from flows.ledger.file_there import LedgerFile
from flows.ledger.marker import ledger_address, read_marker
from flows.ledger.recognize import Traces, Trouble, compare, find_trouble, used_folder
from flows.ledger.trouble import trouble_of
from flows.runtime.clock import steady_seconds, utc_now
from flows.runtime.errors import LedgerUnavailable, SettingsError, WrongLedger
from flows.settings.sections import DEFAULT_LEDGER, Settings
from sql.probe import database_clock, is_read_only
from sql.revision import current_revision, head_revision

_BUSY_TIMEOUT_SECONDS = 60  # how long a SQLite writer waits for another process's transaction
MOST_SKEW_SECONDS = 5  # between this machine's clock and a shared ledger's


class Ledger:
    """A database engine and its transactions; close it, or use it in a ``with``."""

    def __init__(self, engine: Engine, file: LedgerFile | None = None) -> None:
        self._engine = engine
        self._file = file  # None: a server's, which minds its own files
        # SQLite has one writer. Threads that queue up here wait for each other alone; queued up at its file, each would
        # sleep and look again, and the last one might come too late.
        self._turn: AbstractContextManager[object] = nullcontext() if file is None else threading.Lock()
        self._opened_at = utc_now()
        self._opened_seconds = steady_seconds()

    @property
    def file(self) -> Path | None:
        """The file of a ledger that is one; None where it is a server's."""
        path = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or not path:
            return None
        return Path(path)

    def go_by(self, database_clock: datetime) -> None:
        """Reckon from what the clock shows that all who share the ledger have in common."""
        self._opened_at = database_clock
        self._opened_seconds = steady_seconds()

    def now(self) -> datetime:
        """Return the time for claims, leases and waits: that of a shared ledger's own clock, else of this machine.

        It goes on from when the ledger was opened, whatever is done to this machine's clock meanwhile: a clock that is
        set in mid-run ends no lease and shortens no wait.
        """
        return self._opened_at + timedelta(seconds=steady_seconds() - self._opened_seconds)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a connection in a transaction that is committed at the end, or rolled back on an error.

        `WrongLedger` where the file that is open is not the one that is there any more.
        """
        with self._transaction(self._turn, self._engine.connect) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees the ledger as it is at this moment, and cannot change it.

        It waits for nobody who writes, and nobody waits for it: a page is shown while a long file is registered.
        `WrongLedger` as `begin`.
        """
        with self._transaction(nullcontext(), self._connect_to_read) as connection:
            yield connection

    @contextmanager
    def _connect_to_read(self) -> Iterator[Connection]:
        is_sqlite = self._engine.dialect.name == "sqlite"
        option = ONLY_READS if is_sqlite else "postgresql_readonly"
        with self._engine.connect() as connection, refusing_writes(connection, is_sqlite=is_sqlite):
            yield connection.execution_options(**{option: True})

    @contextmanager
    def _transaction(
        self,
        turn: AbstractContextManager[object],
        connect: Callable[[], AbstractContextManager[Connection]],
    ) -> Iterator[Connection]:
        self.check_file()
        try:
            with turn, connect() as connection, connection.begin():
                yield connection
        except PoolTimeoutError:
            raise LedgerUnavailable(
                "The ledger is out of reach: every connection to it is in use. Nothing was lost: run again, with fewer "
                "sites at once (loader.sites_at_once)."
            ) from None
        except DBAPIError as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            raise trouble from None

        if self._file is not None:
            self._file.note_beside()

    def keep_caches_small(self) -> None:
        """Let connections remember less of the ledger, for a process that has many of them at once."""
        keep_caches_small(self._engine)

    def check_file(self) -> None:
        """Raise `WrongLedger` where the file that is open is not the one that is there any more; one look."""
        if self._file is not None:
            self._file.check()

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_ledger(settings: Settings) -> Ledger:
    """Open the configured ledger at this version's tables; an empty one is given them.

    A ledger of an older version is left alone and `LedgerUnavailable` says how to bring it up: a person decides
    when the tables of a ledger that is in use change. Nor is a shared ledger opened where the clocks disagree.
    `WrongLedger` where it is not the one that the workspace knows: whoever reads it would be told wrong, too.
    """
    # Before a file is made: an empty one in its place would be taken for the ledger by whoever looks.
    _refuse(missing_file_trouble(settings))
    ledger = connect_ledger(settings)
    try:
        check_writing(ledger)
        _check_clock(ledger)
        _refuse(ledger_trouble(settings, ledger))
        return _at_this_version(ledger)
    except BaseException:
        ledger.close()
        raise


def open_any_ledger(settings: Settings) -> Ledger:
    """Open the configured ledger as `open_ledger` does, whoever it is: for `tieout recover` alone."""
    ledger = connect_ledger(settings)
    try:
        check_writing(ledger)
        _check_clock(ledger)
        return _at_this_version(ledger)
    except BaseException:
        ledger.close()
        raise


def ledger_trouble(settings: Settings, ledger: Ledger) -> Trouble | None:
    """Return in what way the ledger is not the one that the workspace knows; None where it is.

    A ledger of an older version is not judged: it is brought up first.
    """
    revision = ledger_revision(ledger)
    if revision not in (None, head_revision()):
        return None
    with ledger.begin() as connection:
        return find_trouble(settings, connection, has_tables=revision is not None)


def missing_file_trouble(settings: Settings) -> Trouble | None:
    """Return what is wrong where the ledger's file is gone; None where it is there, or a new one may be made."""
    file = sqlite_file(settings)
    if file is None or file.exists():
        return None
    traces = Traces(content=used_folder(settings), run_id=None)
    return compare(None, read_marker(settings), ledger_address(settings), traces, known_run_id=None)


def _refuse(trouble: Trouble | None) -> None:
    if trouble is not None:
        raise WrongLedger(trouble.message)


def _at_this_version(ledger: Ledger) -> Ledger:
    revision = ledger_revision(ledger)
    if revision is None:
        upgrade_ledger(ledger)
    elif revision != head_revision():
        raise LedgerUnavailable(other_version(revision) or _say_older(revision))
    return ledger


def _say_older(revision: str) -> str:
    return f"The ledger is at migration {revision}, this version needs {head_revision()}: run `tieout db upgrade`."


def other_version(revision: str | None) -> str | None:
    """Say that a newer version has used the ledger, which this one must not touch; None where none has."""
    # Revisions are numbers of four digits, so they compare as texts do.
    if revision is None or revision <= head_revision():
        return None
    return (
        f"The ledger is at migration {revision}, and this version knows them up to {head_revision()}: a newer tieout "
        "has used it. Install that version, or a later one; nothing was changed."
    )


def check_writing(ledger: Ledger) -> None:
    """Refuse a server that only reads, before anything is worked out that could not be kept."""
    with ledger.begin() as connection:
        only_reads = is_read_only(connection)
    if only_reads:
        ledger.close()
        raise LedgerUnavailable(
            "The ledger is out of reach: the server is read-only, as one is that waits to take over: point "
            "database_url at the one that writes. Nothing was lost."
        )


def _check_clock(ledger: Ledger) -> None:
    """Refuse to work on a shared ledger with a clock that is off: claims and waits are told by the clock.

    A machine that is a minute ahead would take the claims of another for dead while their requests are under way.
    """
    with ledger.begin() as connection:
        theirs = database_clock(connection)
    if theirs is None:
        return
    skew_seconds = (utc_now() - theirs).total_seconds()
    if abs(skew_seconds) > MOST_SKEW_SECONDS:
        raise LedgerUnavailable(
            f"This machine's clock and the ledger's differ by {abs(skew_seconds):.0f} s: set the clock and run again."
        )
    # Two machines of which one is seconds ahead would not agree on when a claim is dead.
    ledger.go_by(theirs)


def connect_ledger(settings: Settings, patience_seconds: float = _BUSY_TIMEOUT_SECONDS) -> Ledger:
    """Connect to the configured database, whatever tables it has; wait so long where another one holds its file.

    `SettingsError` where nothing says which ledger, or which services, and there is none here.
    """
    refuse_wrong_folder(settings)
    engine = make_engine(settings.ledger_url, patience_seconds)
    return Ledger(engine, prepare(engine))


def refuse_wrong_folder(settings: Settings) -> None:
    """Raise `SettingsError` where nothing says which ledger, or which services, and there is no ledger here."""
    # Whoever stands in another folder than their own would get an empty ledger there, and be told that nothing waits.
    if settings.is_of_no_place and not Path(settings.root, DEFAULT_LEDGER).exists():
        raise SettingsError(
            f"There is no tieout.toml in {settings.root}, no ledger, and no service in the environment: go to the "
            "folder where they are, name the settings with --config, or begin here by `tieout init`."
        )


def sqlite_file(settings: Settings) -> Path | None:
    """Return the file of a ledger in SQLite; None for a database elsewhere."""
    prefix = "sqlite:///"
    url = settings.ledger_url
    return Path(url.removeprefix(prefix)) if url.startswith(prefix) else None


def ledger_revision(ledger: Ledger) -> str | None:
    """Return the migration that the ledger is at, None where it has no tables."""
    with ledger.begin() as connection:
        return current_revision(connection)


def upgrade_ledger(ledger: Ledger) -> str:
    """Run the migrations that the ledger lacks and return the revision it is at now."""
    # Late, since it takes a while to import, and most commands find the tables as they must be.
    from sql.migrate import upgrade

    newer = other_version(ledger_revision(ledger))
    if newer is not None:
        raise LedgerUnavailable(newer)
    try:
        with ledger.begin() as connection:
            upgrade(connection)
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        raise LedgerUnavailable(f"The ledger cannot be migrated: {said}.") from None
    return head_revision()
