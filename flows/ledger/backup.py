"""Copies of the ledger: one by hand wherever it is asked for, and a bounded number kept after runs.

A copy is a whole ledger as of one moment, taken while others read and write. On SQLite it is made by SQLite's own
backup, never by copying files, which would miss what still lies beside them. A PostgreSQL ledger is the server's to
back up: by hand `pg_dump` is called where it is installed, and after runs nothing is done.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from sqlalchemy.engine import URL, make_url

from flows.ledger.connection import Ledger, sqlite_file
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings
from sql.identity import Position, ledger_position

# Up to here a copy costs a run next to nothing, and is made after every one. A copy is the one thing that costs by all
# that a ledger holds: of a larger one it is made by the clock.
SMALL_BYTES = 64 * 1024**2
_ROOM = 1.2  # of a copy's size must be free: a disk that a copy fills would stop the next night
_BUSY_SECONDS = 60
_NO_COPY = "All else was done, and no copy of the ledger was kept: "


def back_up(settings: Settings, ledger: Ledger, path: Path) -> None:
    """Write a copy of the ledger, as of now, to a file that is not there yet; `CouldNotRun` says what is in the way."""
    ledger.check_file()
    if path.exists():
        raise CouldNotRun(f"{path} is there already: name a file that is not, so that no older copy is lost.")
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        raise CouldNotRun(f"There is no ledger {file}, so there is nothing to copy.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path, durably=True) as part:
            if file is None:
                _dump_postgresql(make_url(settings.ledger_url), part)
            else:
                _copy_sqlite(file, part)
    except sqlite3.Error as error:
        raise CouldNotRun(f"The ledger cannot be copied to {path}: {error}. The ledger itself is as it was.") from None
    except OSError as error:
        raise CouldNotRun(f"The copy {path} cannot be written: {error.strerror}.") from None


def _copy_sqlite(file: Path, part: Path) -> None:
    with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as source, closing(sqlite3.connect(part)) as target:
        # In one go: it reads one state of the ledger, and writers go on meanwhile. In steps it would begin anew with
        # every commit of a run at work, and never end.
        source.backup(target, pages=-1)


def _dump_postgresql(url: URL, part: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise CouldNotRun(
            "A ledger on PostgreSQL is copied by pg_dump, which is not installed here: install PostgreSQL's client "
            f"programs, or run `pg_dump --format=custom --file=FILE {url.database}` where they are."
        )
    # The password goes by the environment: arguments are shown to everybody by `ps`.
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    address = url.set(drivername="postgresql", password=None).render_as_string()
    command = [program, "--format=custom", f"--file={part}", f"--dbname={address}"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        said = " ".join(ended.stderr.split()).rstrip(".")
        raise CouldNotRun(f"pg_dump could not copy the ledger: {said}.")


def keep_copy(settings: Settings, ledger: Ledger) -> str | None:
    """Keep a copy in `backups/` after a run, and drop the oldest; return what is in the way, None where nothing is.

    Past `SMALL_BYTES` one is made only where the last one is older than ``backups.every_hours``.
    """
    file = sqlite_file(settings)
    if file is None or not settings.backups.keep:
        return None
    try:
        with ledger.begin() as connection:
            position = ledger_position(connection)
        if _is_due(settings, file, position):
            _refuse_full_disk(settings.backups_folder, file)
            back_up(settings, ledger, _copy_path(settings, position))
            _drop_oldest(settings, position)
    except CouldNotRun as error:
        return f"{_NO_COPY}{error}"
    except OSError as error:  # of a folder that nobody foresaw: the night itself has ended well
        return f"{_NO_COPY}{settings.backups_folder}: {error.strerror}."
    return None


def _copy_path(settings: Settings, position: Position) -> Path:
    # By number, so that the names sort as the runs did. The rest is chance: two may end at once, and a ledger that was
    # put back counts on from a number that it had before.
    number = f"{position.run_number:06}"
    at = f"{utc_now():%Y%m%dT%H%M%S}"
    name = f"{_prefix(position)}{number}-{at}-{uuid4().hex[:8]}.db"
    return settings.backups_folder / name


def _prefix(position: Position) -> str:
    return f"ledger-{position.ledger_id[:8]}-"


def kept_copies(settings: Settings, position: Position) -> list[Path]:
    """Return the copies that were kept of this ledger, the oldest first."""
    # Of this ledger alone: another one that had its place before is nothing to go back to.
    named = re.compile(re.escape(_prefix(position)) + r"\d{6,}-\d{8}T\d{6}-[0-9a-f]+\.db")
    found = settings.backups_folder.glob("ledger-*.db")
    return sorted(path for path in found if named.fullmatch(path.name))


def _is_due(settings: Settings, file: Path, position: Position) -> bool:
    if file.stat().st_size <= SMALL_BYTES:
        return True
    copies = kept_copies(settings, position)
    if not copies:
        return True
    age_hours = (utc_now().timestamp() - copies[-1].stat().st_mtime) / 3600
    return age_hours >= settings.backups.every_hours


def _refuse_full_disk(folder: Path, file: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # A copy that ends half way through leaves a full disk, and the ledger itself could not be written to any more.
    needed = int(file.stat().st_size * _ROOM)
    free = shutil.disk_usage(folder).free
    if free < needed:
        has = f"{free / 1024**2:,.0f} MiB"
        needs = f"{needed / 1024**2:,.0f}"
        raise CouldNotRun(f"{folder} has {has} free, and a copy needs {needs}.")


def _drop_oldest(settings: Settings, position: Position) -> None:
    for path in kept_copies(settings, position)[: -settings.backups.keep]:
        path.unlink(missing_ok=True)
