"""The desk's own process, for whoever meets it over a socket."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.flows.eventually import eventually

_ROOT = Path(__file__).parents[3]


class DeskProcess:
    """The desk's own process, as `tieout serve` starts it; ``kill`` is a crash, and ``start`` begins it anew."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "flows.desk", str(self.config)]
        environment = {"MALLOC_ARENA_MAX": "2", **os.environ, "PYTHONPATH": str(_ROOT)}
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lines.clear()
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        assert eventually(lambda: self.lines), "the desk did not begin"

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self.lines.append(line)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        """End it in order, with the poster that it started."""
        if self._process is not None and self._process.poll() is None:
            self._process.communicate(timeout=90)
