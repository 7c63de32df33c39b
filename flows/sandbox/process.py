"""Starts a sandbox as a process of its own and stops it again: for `tieout demo`, tests and measurements."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Far more than they take: a machine under load is slow and not wrong.
START_SECONDS = 90.0
STOP_SECONDS = 90


@contextmanager
def start_sandbox(
    port: int = 0,
    state: Path | None = None,
    faults: str | None = None,
    options: tuple[str, ...] = (),
    seconds: float = START_SECONDS,
) -> Iterator[dict[str, Any]]:
    """Run a sandbox for the length of the `with` block and yield its ready line.

    Port 0 takes a free one; without `state` everything is forgotten at the end. `options` are further options of
    `python -m flows.sandbox`. The process stops when the block ends, and also when this process dies. RuntimeError if
    it does not listen within `seconds`; what it wrote to stderr is in the message.
    """
    command = [sys.executable, "-m", "flows.sandbox", "--stop-with-stdin", "--port", str(port), *options]
    command += ["--state", str(state)] if state else []
    command += ["--faults", faults] if faults else []
    with subprocess.Popen(  # noqa: S603  (our own module, no shell)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(), text=True
    ) as process:
        try:
            yield _read_ready_line(process, seconds)
        finally:
            # Also where the block failed: a sandbox left behind would hold its port and its files for the next one.
            process.terminate()
            process.communicate(timeout=STOP_SECONDS)


def _environment() -> dict[str, str]:
    """Return this environment, with the packages in reach whatever the working folder is."""
    paths = [str(ROOT)]
    if os.environ.get("PYTHONPATH"):
        paths.append(os.environ["PYTHONPATH"])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _read_ready_line(process: "subprocess.Popen[str]", seconds: float) -> dict[str, Any]:
    """Read the first line; a process that says nothing in time is ended, which ends the reading too."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    line = process.stdout.readline() if process.stdout else ""
    timer.cancel()
    if not line:
        complaint = process.stderr.read().strip() if process.stderr else ""
        raise RuntimeError(f"The sandbox did not start: {complaint or 'no answer in time'}")
    ready: dict[str, Any] = json.loads(line)
    return ready
