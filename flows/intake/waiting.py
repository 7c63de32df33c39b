"""What a night takes from the inbox: files that are whole; everything else there is told, and the night goes on.

Nobody can tell from outside whether a file is whole. So one that has not changed for `inbox.quiet_seconds` is taken at
once, and a younger one is watched that long, once. Or, where whoever delivers says so himself, one with its companion
beside it is (`inbox.done_suffix`). And whatever was taken all the same is compared again before it is registered and
before it leaves: a file that grew is a new one.
"""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from flows.intake.growing import Look, find_growing
from flows.intake.inbox import Found, InboxFile, companion_of, look_into_address, look_into_inbox
from flows.intake.inbox_memory import not_told_yet
from flows.intake.remote_inbox.address import is_remote
from flows.ledger.run import Run
from flows.runtime.errors import CouldNotRun, Interrupted
from flows.runtime.interrupt import stop_requested
from sql.runs import last_nights
from transforms.destinations import NotRead
from transforms.vocabulary import Unread

_SHOWN = 5


def files_of_night(run: Run) -> list[InboxFile]:
    """Return the files to take; an inbox that nobody can look into is told, and what is in the ledger goes on."""
    with run.ledger.begin() as connection:
        # This night is the last one.
        is_new = len(last_nights(connection, 2)) < 2
    try:
        return _at_address(run) if is_remote(run.settings.inbox.url) else _in_folder(run, is_new=is_new)
    except Interrupted:
        raise
    except CouldNotRun as error:
        why = str(error)
        run.failures.append(why)
        run.could_not_read(NotRead("inbox", why, Unread.INBOX))
        return []


def _at_address(run: Run) -> list[InboxFile]:
    found = look_into_address(run.settings, partial(_watch, run), run.settings.inbox.quiet_seconds)
    _tell(run, found)
    return found.files


def _in_folder(run: Run, *, is_new: bool) -> list[InboxFile]:
    found = look_into_inbox(run.settings, is_new=is_new)
    _tell(run, found)
    if run.settings.inbox.done_suffix:
        return _with_companions(run, found.files)
    return _unchanged(run, found.files)


def _tell(run: Run, found: Found) -> None:
    for one in found.not_read:
        _leave(run, one)
    new = not_told_yet(run.settings, found.passed_over)
    if new:
        shown = ", ".join(new[:_SHOWN])
        more = f" and {len(new) - _SHOWN:,} more" if len(new) > _SHOWN else ""
        line = f"Passed over in the inbox, since their names say that they are unfinished or no exports: {shown}{more}."
        run.progress(line)
        run.notes.append(line)


def _leave(run: Run, one: NotRead) -> None:
    run.failures.append(f"{one.what}: {one.why}")
    run.could_not_read(one)


def _with_companions(run: Run, files: Sequence[InboxFile]) -> list[InboxFile]:
    """Return the files that whoever delivers has said to be whole."""
    suffix = run.settings.inbox.done_suffix
    whole = []
    for file in files:
        # A companion is no export, whether or not its file is there still.
        if file.path.name.endswith(suffix):
            continue
        if companion_of(file.path, run.settings) is None:
            name = file.path.name
            why = f"it has no {name}{suffix} beside it yet, so it may be unfinished."
            _leave(run, NotRead(name, why, site_id=file.default_site_id or ""))
        else:
            whole.append(file)
    return whole


def _unchanged(run: Run, files: Sequence[InboxFile]) -> list[InboxFile]:
    """Return the files that have been quiet long enough, those that change meanwhile left out."""
    looks: dict[Path, Look] = {}
    for file in files:
        look = _look_of(file.path)
        if look is not None:
            looks[file.path] = look
    growing = find_growing(looks, _look_of, run.settings.inbox.quiet_seconds, partial(_watch, run))
    why = "it is still being written: it is taken by the next night, once it is whole."
    for file in files:
        if file.path in growing:
            _leave(run, NotRead(file.path.name, why, site_id=file.default_site_id or ""))
    return [file for file in files if file.path not in growing]


def _watch(run: Run, count: int, seconds: float) -> None:
    """Wait while young files are watched; `Interrupted` where a stop is asked for."""
    files = "1 file of the inbox is new" if count == 1 else f"{count:,} files of the inbox are new"
    run.progress(f"{files}: watching for {math.ceil(seconds)} s whether any grows")
    if stop_requested.wait(timeout=seconds):
        raise Interrupted("Stopped as asked: nothing was taken from the inbox yet. Run again.")


def _look_of(path: Path) -> Look | None:
    """Look at a file; None where it is gone, which is told when it is read."""
    try:
        there = path.stat()
    except OSError:
        return None
    return Look(mark=(there.st_size, there.st_mtime_ns), changed_at=there.st_mtime_ns / 1e9)
