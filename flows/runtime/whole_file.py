"""Write a file so that its name holds a whole one at any moment: what was there before, or all that is new.

Half of a file under a name that is trusted is worse than none: half a snapshot has another hash, half of an archived
sheet misses rows, and half a page reads as a night without them.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from flows.runtime.visible import fitting_name

_SUFFIX = ".part"
_TOKEN_DIGITS = 8
# With what SQLite keeps beside a database that it is writing.
_PART = re.compile(rf"\..*\.[0-9a-f]{{{_TOKEN_DIGITS}}}{re.escape(_SUFFIX)}(-journal)?", re.DOTALL)
_ADDED_BYTES = len("..") + _TOKEN_DIGITS + len(_SUFFIX)


def part_of(path: Path) -> Path:
    """Return a name beside ``path`` for what is to take its place: hidden, and one that no other writer has.

    Two may write one file at once: the desk and a command, or two machines on one folder. By the number of their
    process they are not told apart, since in containers each is number 1.
    """
    token = uuid4().hex[:_TOKEN_DIGITS]
    return path.with_name(f".{fitting_name(path.name, _ADDED_BYTES)}.{token}{_SUFFIX}")


def is_part(path: Path) -> bool:
    """Tell what `part_of` has named."""
    return _PART.fullmatch(path.name) is not None and path.is_file()


@contextmanager
def written_whole(path: Path, *, durably: bool = False) -> Iterator[Path]:
    """Give a path to write to, which takes the place of ``path`` when the block ends, and is gone where it fails.

    ``durably`` it also outlasts a power cut. Raises OSError as the file system does.
    """
    part = part_of(path)
    try:
        yield part
        if durably:
            sync(part)
        part.replace(path)
        if durably:
            sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make what was written to a file, or renamed in a folder, outlast a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
