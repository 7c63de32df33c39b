"""Examine the folders that files come from and go to."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from flows.doctor.diagnosis import Diagnosis, bad, doubtful, good
from flows.intake.inbox_memory import remembered_inbox
from flows.intake.inbox_way import inbox_way
from flows.intake.remote_inbox.address import is_remote
from flows.intake.remote_inbox.fetching import look_into_address
from flows.ledger.connection import sqlite_file
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.settings.sections import Settings

_MEBIBYTE = 1024**2
_GIBIBYTE = 1024 * _MEBIBYTE
_LITTLE_SPACE = _GIBIBYTE
_NO_SPACE = 100 * _MEBIBYTE  # a night of a million rows needs a few times this for its ledger and report


def examine_folders(settings: Settings) -> Iterator[Diagnosis]:
    """Say whether inbox, archive and reports can be written to; none is made here."""
    if is_remote(settings.inbox.url):
        yield _examine_address(settings)
    else:
        yield _examine_inbox(settings)
    yield _examine_folder("archive", settings.archive_folder)
    yield _examine_folder("reports", settings.reports_folder)
    yield from _examine_keeping(settings)


def _examine_keeping(settings: Settings) -> Iterator[Diagnosis]:
    """Say where the settings would have removed what nothing lets go; nothing where all is kept for ever."""
    keep = settings.keep
    if keep.archive_days is None and keep.snapshots_days is None:
        return
    has_copies = sqlite_file(settings) is not None and settings.backups.keep
    if has_copies or keep.own_copies_days is not None:
        yield good("keeping", "Archive and snapshots go as the settings say; `tieout clean` lists what is old.")
        return
    said = "keep.archive_days or .snapshots_days is set, and nothing goes: no copy of the ledger is known to be kept."
    yield doubtful("keeping", said, mend="Say by keep.own_copies_days how far back your own copies of it reach.")


def _examine_inbox(settings: Settings) -> Diagnosis:
    folder = settings.inbox_folder
    known = remembered_inbox(settings)
    mend = "Mount its share; where it is meant to be empty, make the folder."
    if known is not None and not folder.exists():
        return bad("inbox", f"{folder} was there on earlier nights, and is not there now.", mend=mend)
    if known is not None and known.was_mounted and not os.path.ismount(folder):
        mend = f"Mount it; where it is meant to be a folder of this machine, remove {known.path}."
        return bad("inbox", f"{folder} was a share that is mounted, and is none now.", mend=mend)
    return _examine_folder("inbox", folder)


def _examine_address(settings: Settings) -> Diagnosis:
    try:
        was_seen = remembered_inbox(settings) is not None
        way = inbox_way(settings)
        address = look_into_address(settings.inbox.url, was_seen=was_seen, way=way)
        words = "" if way.way is None else f", {way.way.words}"
        return good("inbox", f"{address} can be reached{words}.")
    except SettingsError as error:
        return bad("inbox", str(error), mend="", exit_code=ExitCode.WRONG_USAGE)
    except CouldNotRun as error:
        return bad("inbox", str(error), mend="", exit_code=ExitCode.COULD_NOT_RUN)


def _examine_folder(name: str, folder: Path) -> Diagnosis:
    try:
        is_there = folder.exists()
        home = nearest_folder(folder)
    except OSError as error:
        return bad(name, f"{folder} cannot be looked at: {error.strerror}.", mend="Give this user access to it.")
    if not home.is_dir():
        mend = "Move the file away, or name another folder."
        return bad(name, f"{home} is a file, and a folder is needed there.", mend=mend, exit_code=ExitCode.WRONG_USAGE)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return bad(name, f"{home} cannot be written to.", mend="Give this user the right to read and write there.")
    if is_there:
        return examine_space(name, home, f"{folder} can be written to.")
    return examine_space(name, home, f"{folder} is not there yet: the first run makes it.")


def examine_space(name: str, folder: Path, said: str) -> Diagnosis:
    """Return what was said of a folder, unless its disk is nearly full."""
    free = shutil.disk_usage(folder).free
    told = f"{said} {free / _GIBIBYTE:,.1f} GiB free."
    mend = "Make room on that disk."
    if free < _NO_SPACE:
        return bad(name, told, mend=mend)
    if free < _LITTLE_SPACE:
        return doubtful(name, told, mend=mend)
    return good(name, told)


def nearest_folder(path: Path) -> Path:
    """Return the path itself, or what exists nearest above it."""
    return next(place for place in (path, *path.parents) if place.exists())
