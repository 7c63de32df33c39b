"""See that the file of an open SQLite ledger is the one that is there: not removed, replaced or moved meanwhile.

An open file outlives its name. A run whose ledger was unlinked would claim, send and record into a file that nobody
finds again, and the next night would send everything once more. Device and inode tell, for the price of one look.
"""

import os
import threading
from pathlib import Path

from flows.runtime.errors import WrongLedger

_Identity = tuple[int, int]  # device and inode
# What SQLite keeps beside the file while it is open: what was committed and not yet copied, and who is at work.
_BESIDE = ("-wal", "-shm")


class LedgerFile:
    """The ledger's file as it was when it was opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: _Identity | None = None
        self._beside: dict[Path, _Identity] = {}
        self._connections = 0
        self._lock = threading.Lock()
        self._before = threading.local()  # connections are made in several threads

    def before_connect(self) -> None:
        """Look at what is there just before a connection opens it."""
        self._before.identity = _identity(self._path)

    def after_connect(self) -> None:
        """Take what the connection has opened for the ledger, or refuse it where it is another file than before."""
        there, before = _identity(self._path), self._before.identity
        # Replaced while it was being opened: nobody can say which of the two is open.
        if before not in (None, there) or self._opened not in (None, there):
            raise self._refusal(self._path)
        self._opened = there
        with self._lock:
            self._connections += 1

    def after_close(self) -> None:
        """Forget the files beside it with the last connection: SQLite clears them away, and makes them anew."""
        with self._lock:
            self._connections -= 1
            if self._connections == 0:
                self._beside = {}

    def note_beside(self) -> None:
        """Remember the files beside it, which are there from the first transaction until the last connection ends."""
        if self._beside:
            return
        for ending in _BESIDE:
            path = self._path.with_name(self._path.name + ending)
            identity = _identity(path)
            if identity is not None:
                self._beside[path] = identity

    def check(self) -> None:
        """Raise `WrongLedger` where the file, or one beside it, is no longer the one that was opened."""
        if self._opened is None:
            return
        if _identity(self._path) != self._opened:
            raise self._refusal(self._path)
        for path, identity in self._beside.items():
            if _identity(path) != identity:
                raise self._refusal(path)

    def _refusal(self, path: Path) -> WrongLedger:
        return WrongLedger(
            f"The ledger's file {path} was removed, replaced or moved while it was open: nothing more is sent. Put the "
            "right file back, or let `tieout recover` make out what was sent."
        )


def _identity(path: Path) -> _Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - it is asked for before every request, and Path.stat takes twice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
