"""The commit log: one JSON line per committed change, on disk before the answer leaves.

The log is the sandbox's memory as well: a restart replays it over the seed. So a change is committed exactly when its
line is complete, also for a sandbox that was killed. A torn last line was never answered and is cut off.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the complete lines of a log, oldest first; a log that does not exist is empty."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def open_for_append(path: Path) -> int:
    """Cut off a torn last line and return a descriptor to append with."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        os.ftruncate(descriptor, content.rfind(b"\n") + 1)
    return descriptor


def append_line(descriptor: int, record: Mapping[str, Any]) -> None:
    """Write one line in one call, past any buffer of this process."""
    # In one call: two processes never mix their lines, and one that is killed tears its last line at most.
    os.write(descriptor, json.dumps(record, ensure_ascii=False).encode() + b"\n")
