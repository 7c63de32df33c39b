"""Starts Python as a process of its own, in the folder that holds the packages."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from flows.sandbox.process import ROOT


def run_python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run to the end and return what it said."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)  # noqa: S603  (our own code)


@contextmanager
def launch_sandbox(*options: str) -> "Iterator[subprocess.Popen[str]]":
    """Start `python -m flows.sandbox`; the caller reads its ready line and ends it."""
    command = [sys.executable, "-m", "flows.sandbox", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()
