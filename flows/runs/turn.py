"""One night at a time in a workspace: the second one waits, and takes what came into the inbox meanwhile.

Two nights at once would send nothing twice, since claims keep them apart, but they would share the budget of calls.
The turn is a lock that the system holds for the process and gives back however it ends. Prefect's own limit of runs
of a deployment is not used: it keeps the place of a run that was killed, and then no night ever starts again.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.runtime.errors import Interrupted, InUse, NightWaitsAlready
from flows.runtime.interrupt import stop_requested
from flows.runtime.progress import Say

_AT_WORK = "night.lock"
_WAITING = "night.waiting.lock"
_POLL_SECONDS = 0.5


@contextmanager
def turn_of_night(folder: Path, say: Say) -> Iterator[None]:
    """Within the block no other night of this workspace is at work; `folder` keeps the locks.

    Raises `NightWaitsAlready` where one waits already, and `Interrupted` where a stop is asked for meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # One night may wait for another, and takes in what came meanwhile. A third one would find nothing that these two
    # leave, and a machine with a slow service would collect waiting nights for days.
    with _locked(folder / _WAITING) as is_next:
        if not is_next:
            raise NightWaitsAlready("A night is at work and another waits for it: this one has nothing to add.")
        at_work = _wait_for(folder / _AT_WORK, say)
    try:
        yield
    finally:
        os.close(at_work)


def is_night_at_work(folder: Path) -> bool:
    """Return whether a night of this workspace has its turn now."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / _AT_WORK) as is_free:
        return not is_free


@contextmanager
def only_one(path: Path, who_else: str) -> Iterator[None]:
    """Within the block nobody else holds the lock; `InUse` says who else does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as is_free:
        if not is_free:
            raise InUse(f"{path} is locked: {who_else}.")
        yield


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock if it is free; say whether it was."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _is_taken(handle)
    finally:
        os.close(handle)


def _wait_for(path: Path, say: Say) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _is_taken(handle):
            say("another night is at work: waiting for it to end")
            while not _is_taken(handle):
                if stop_requested.is_set():
                    raise Interrupted("Stopped as asked, while another night was at work: nothing was begun.")
                time.sleep(_POLL_SECONDS)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _is_taken(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
