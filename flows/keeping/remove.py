"""Remove what may go: named and written down first, then one after the other.

Whatever ends it in between, each thing is there or gone, and the next time goes on; nothing of the ledger is touched.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from flows.keeping.find import look_around
from flows.keeping.tell import removal_lines
from flows.keeping.thing import Thing
from flows.ledger.removed import Removed, write_down
from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.errors import TieoutError, said_of
from flows.settings.sections import Settings
from transforms.keeping import Leaving


def keep_house(run: Run) -> None:
    """Remove after a night what the settings say; what is in the way is said, and stops nothing."""
    if not run.settings.keep.by_night:
        return
    try:
        house = look_around(run.settings, run.ledger)
        for line in removal_lines(run.settings, house):
            run.progress(line)
        failures = remove(run.settings, house.removable)
    except (TieoutError, OSError) as error:
        failures = [said_of(error) if isinstance(error, OSError) else str(error)]
    for failure in failures:
        run.progress(f"keeping house: {failure}")


def remove(settings: Settings, things: Sequence[Thing]) -> list[str]:
    """Remove these; return what could not be removed, and why."""
    if not things:
        return []
    now = utc_now()
    try:
        write_down(settings, [_removed(settings, thing, f"{now:%Y-%m-%dT%H:%M:%SZ}") for thing in things])
    except OSError as error:
        return [f"nothing was removed, since it cannot be written down: {said_of(error)}"]
    return [failure for thing in things if (failure := _remove(settings, thing))]


def _removed(settings: Settings, thing: Thing, at: str) -> Removed:
    path = str(thing.path.relative_to(settings.root))
    return Removed(at=at, kind=thing.kind.value, path=path, size_bytes=thing.size_bytes, sha256=thing.sha256)


def _remove(settings: Settings, thing: Thing) -> str:
    try:
        for file in thing.files:
            file.unlink(missing_ok=True)
    except OSError as error:
        return f"{thing.path.relative_to(settings.root)} stays: {said_of(error)}"
    # A folder of its own goes with what was in it, where nobody put anything else there.
    if thing.kind is Leaving.DESK:
        _remove_empty(thing.path)
        return ""
    folder = thing.path if thing.path.is_dir() else thing.path.parent
    if folder == thing.path or thing.kind is Leaving.REJECTED:
        with suppress(OSError):
            folder.rmdir()
    return ""


def _remove_empty(folder: Path) -> None:
    """Remove a folder with the folders in it, as far as nothing is left in them."""
    for inner in [*(one for one in folder.iterdir() if one.is_dir()), folder]:
        with suppress(OSError):
            inner.rmdir()
