"""Let a run say that it lives: in the ledger, for people, and by a lock of the system, for other runs.

A process that is killed says nothing any more, and no process has to look: whoever asks for the status sees how long
it has been silent (`transforms.nights`). Whether a claim is dead is another matter, where seconds count: its lease says
so by the clock, and a clock can be set. On one machine the system knows better: it holds a lock for a process, and
gives it back however the process ends. A server's ledger has a clock of its own, which all its machines go by.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.ledger.connection import Ledger
from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.errors import LedgerUnavailable
from sql.runs import see_run

# Nine signs fit into the time after which a run counts as dead (`transforms.nights.DEAD_AFTER`).
EVERY_SECONDS = 20.0


@contextmanager
def showing_life(ledger: Ledger, run_id: str) -> Iterator[None]:
    """Within the block the run is seen every 20 s, by a thread that goes with the process, and holds its lock."""
    ended = threading.Event()
    thread = threading.Thread(target=_show, args=(ledger, run_id, ended), name="tieout-alive", daemon=True)
    thread.start()
    try:
        with _holding_lock(ledger, run_id):
            yield
    finally:
        ended.set()
        thread.join()


def _show(ledger: Ledger, run_id: str, ended: threading.Event) -> None:
    while not ended.wait(EVERY_SECONDS):
        try:
            with ledger.begin() as connection:
                see_run(connection, run_id, utc_now())
        except LedgerUnavailable:
            # The run itself meets the same trouble in its next step, and says so; a sign more or less decides nothing.
            continue


@contextmanager
def _holding_lock(ledger: Ledger, run_id: str) -> Iterator[None]:
    folder = _folder(ledger)
    if folder is None:
        yield
        return
    path = folder / run_id
    handle = _take_lock(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
        with suppress(OSError):  # another run has its lock there
            folder.rmdir()


def _take_lock(path: Path) -> int:
    """Lock the run's file; another run may have taken file or folder away before it was locked: then anew."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still_there(handle, path):
                return handle
            os.close(handle)


def _is_still_there(handle: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


def other_runs_alive(run: Run) -> set[str]:
    """Return the other runs of this ledger whose processes live on this machine; none for a server's ledger."""
    folder = _folder(run.ledger)
    if folder is None:
        return set()
    with suppress(FileNotFoundError):  # nobody is at work
        # By their locks and not by their names: what a killed run left here would otherwise keep its claims from being
        # read back for ever.
        return {path.name for path in folder.iterdir() if path.name != run.run_id and _is_locked(path)}
    return set()


def _is_locked(path: Path) -> bool:
    """Return whether a living process holds the lock; the file of a dead one is taken away."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # its run has just ended
        return False
    try:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            return False
        return True
    finally:
        os.close(handle)


def _folder(ledger: Ledger) -> Path | None:
    """Return where the locks lie: beside the ledger's file, since what shares the file is on this machine.

    Under a name that no pattern for the ledger's own files takes in, by which people copy and delete them.
    """
    return None if ledger.file is None else ledger.file.with_name(f".{ledger.file.name}.alive")
