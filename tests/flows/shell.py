"""The real command as a shell runs it: a process of its own, with its exit code and both streams."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything that left the process for a terminal."""
        return self.out + self.err


def tieout(
    *arguments: object,
    folder: Path | None = None,
    answer: str = "",
    seconds: float = _LONGEST_SECONDS,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run `tieout` in a folder and return how it ended; it never has a traceback to show."""
    environ = {**os.environ, "PYTHONPATH": str(_ROOT), **(environment or {})}
    command = [sys.executable, "-m", "flows.cli", *map(os.fspath, map(_plain, arguments))]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=folder, input=answer.encode(), capture_output=True, timeout=seconds, env=environ
    )
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ended.said, ended.said
    return ended


def _plain(argument: object) -> str | Path:
    return argument if isinstance(argument, str | Path) else str(argument)
