"""Waiting for what another process does; generous, since a machine under load is slow and not wrong."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 90


def eventually(find: Callable[[], T], patience_seconds: float = PATIENCE_SECONDS) -> T:
    """Return the first result that is true; the last one when patience ends, for the test to judge."""
    until = time.monotonic() + patience_seconds
    while not (found := find()) and time.monotonic() < until:
        time.sleep(0.1)
    return found
