"""One thing that a run left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from transforms.keeping import Leaving


@dataclass(frozen=True)
class Thing:
    """What may be removed as one: its files, and since when it is there."""

    kind: Leaving
    path: Path
    files: Sequence[Path]
    since_at: datetime
    size_bytes: int
    sha256: str = ""  # of a file of the archive
