"""Let one process of a machine at a time do a thing: read a small file of the workspace and write it anew."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process or thread is in a block with this lock; the system lets go of it with the process.

    Makes the lock's file, and its folder, where there is none. Raises OSError where that cannot be done.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
