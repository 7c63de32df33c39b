"""Whether a worker elsewhere would judge as this process does: with the same rules, and the same libraries below them.

A cluster is installed by somebody, some day. One with rules of another version would give other results, and nobody
would see it; so each piece of work names what it is to be done with.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from transforms import vocabulary

T = TypeVar("T")
R = TypeVar("R")

_LIBRARIES = ("pandas", "pandera", "pyarrow", "numpy", "tzdata")


class OtherCode(Exception):  # noqa: N818 - a worker's answer, not an error of the work
    """A worker has another version of the rules, or of what they stand on, than whoever asked."""


@cache
def code_of_work() -> str:
    """Return a digest of all that pure work is done with."""
    digest = hashlib.sha256()
    root = Path(vocabulary.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()


def do_if_same(do: Callable[[T], R], task: T, code: str) -> R:
    """Do a piece of work of whoever has this code; `OtherCode` where it would be done otherwise here."""
    if code_of_work() != code:
        raise OtherCode("a worker has another version of tieout, or of the libraries below it")
    return do(task)
