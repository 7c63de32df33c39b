"""What keeping house removed, written down before it goes: beside the ledger, so that a recovery knows it, too.

One JSON object a line in `.tieout/removed.jsonl`. A line without its removal does no harm, as of a process that was
killed between the two: the thing is still there, and is named and removed again.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.settings.sections import Settings


@dataclass(frozen=True)
class Removed:
    """One thing that is gone, or about to be."""

    at: str  # when, UTC
    kind: str
    path: str  # below the workspace
    size_bytes: int
    sha256: str = ""  # of a file of the archive

    @property
    def file_name(self) -> str:
        """What a file of the archive was called when it came."""
        return Path(self.path).name.replace(f".{self.sha256[:12]}", "", 1)


def removed_path(settings: Settings) -> Path:
    """Return where it is written down."""
    return settings.root / ".tieout" / "removed.jsonl"


def write_down(settings: Settings, removed: Sequence[Removed]) -> None:
    """Add these, durably; OSError where that cannot be written, and nothing may be removed then."""
    path = removed_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        # What an earlier process left of a line, as its disk was full, must not swallow this one.
        file.write("\n" if file.tell() else "")
        file.writelines(json.dumps(asdict(one)) + "\n" for one in removed)
        file.flush()
        os.fsync(file.fileno())


def read_removed(settings: Settings) -> Iterator[Removed]:
    """Give all that was ever written down, oldest first; a line that was cut off is passed over."""
    try:
        lines = removed_path(settings).read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield Removed(**json.loads(line))
        except (ValueError, TypeError):
            continue
