"""Find what is still being written in an inbox: whatever is young is looked at, and looked at again after a while.

Nobody says when a file is whole. Half of one would be read as if it were one: its rows are paid, and no count of the
studio's agrees with it before the other half comes, as another file.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

Name = TypeVar("Name", str, Path)
Watch = Callable[[int, float], None]  # so many young files, for so many seconds; raises where a stop is asked for


class Look(NamedTuple):
    """What was seen of a file."""

    mark: object  # what is another one as soon as the file changes: size and time
    changed_at: float | None  # seconds since 1970; None where nobody says it


def find_growing(
    first: Mapping[Name, Look], look_again: Callable[[Name], Look | None], quiet_seconds: float, watch: Watch
) -> list[Name]:
    """Return what changes while it is watched, in order; what is gone by then is told when it is read.

    Only what changed less than `quiet_seconds` ago is watched, until that long has passed.
    """
    now = time.time()
    seconds_left = {name: _seconds_left(look, now, quiet_seconds) for name, look in first.items()}
    young = [name for name, seconds in seconds_left.items() if seconds > 0]
    if not young:
        return []
    # All of them at once: a night waits once, however many files came just now.
    watch(len(young), max(seconds_left.values()))
    growing: list[Name] = []
    for name in young:
        again = look_again(name)
        if again is not None and again.mark != first[name].mark:
            growing.append(name)
    return sorted(growing)


def _seconds_left(look: Look, now: float, quiet_seconds: float) -> float:
    """Return how long a file is still to be watched."""
    # Where nobody says when it was changed, or it was in the future by another clock, all of the time is watched: a
    # file server's clock may be minutes ahead, and its youngest file would pass for one of long ago.
    age = 0.0 if look.changed_at is None else now - look.changed_at
    return min(quiet_seconds, max(0.0, quiet_seconds - age))
