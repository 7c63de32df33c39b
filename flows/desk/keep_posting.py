"""See to it that a poster is at work while something is to be posted, whatever became of the one before."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from flows.desk.poster import lock_of
from flows.desk.visit import Desk
from flows.runs.turn import only_one
from flows.runtime.errors import InUse, TieoutError
from flows.runtime.terminal import write_line
from sql.desk_sheets import sheets_to_post

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 60.0
# What ends a poster at once, such as a ledger that was not brought up to a newer version, ends the next one, too.
_REST_SECONDS = 15.0


class KeepPosting:
    """Starts a poster whenever one is needed and none is there; stops its own in order."""

    def __init__(self, desk: Desk, config: str) -> None:
        self._desk = desk
        self._config = config
        self._is_over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._rests_until = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and let the poster end what is on its way; what is left, the next one posts."""
        self._is_over.set()
        self._thread.join()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _run(self) -> None:
        while not self._is_over.wait(_LOOK_SECONDS):
            try:
                if self._is_needed():
                    self._process = _start(self._config)
            except (TieoutError, OSError) as error:
                write_line(f"tieout: the desk cannot post: {error}", error=True)

    def _is_needed(self) -> bool:
        if self._process is not None:
            if self._process.poll() is None:
                return False
            self._rest_after(self._process.returncode)
        if time.monotonic() < self._rests_until:
            return False
        with self._desk.ledger.read() as connection:
            if not sheets_to_post(connection):
                return False
        # Of a desk that was killed the poster may be at work still.
        with suppress(InUse), only_one(lock_of(self._desk.settings), "another one posts"):
            return True
        return False

    def _rest_after(self, exit_code: int) -> None:
        self._process = None
        if exit_code:
            self._rests_until = time.monotonic() + _REST_SECONDS


def _start(config: str) -> subprocess.Popen[bytes]:
    packages = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (packages, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "flows.desk.poster", config],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # it outlives us: what is on its way comes to its end
    )
