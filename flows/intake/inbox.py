"""The inbox: new files are found here, and leave it once the archive and the ledger have them whole.

A folder below the inbox gives its files a site: ``inbox/-99/march.xlsx`` belongs to site -99, and so does
``inbox/-99/2026/march.xlsx``. What is there is a file to read, or passed over by its name (`flows.intake.unfinished`),
or told: nothing is left out in silence.
"""

import os
import re
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flows.intake.growing import Watch
from flows.intake.inbox_memory import remember_inbox, remembered_inbox
from flows.intake.inbox_way import inbox_way
from flows.intake.open_writers import is_open_for_writing
from flows.intake.remote_inbox.address import is_remote
from flows.intake.remote_inbox.fetching import fetch_inbox, remove_fetched
from flows.intake.unfinished import is_passed_over
from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun
from flows.runtime.visible import fitting_name, storable
from flows.settings.sections import Settings
from transforms.destinations import NotRead

_ADDED_BYTES = 32  # to a file's name while it leaves
_ASIDE = re.compile(r"\.(?P<name>.+)\.(?P<digits>[0-9a-f]{12})\.taken", re.DOTALL)
# A run that is at work has its files aside for a moment; one that was killed there left them so.
_LEFT_ASIDE_SECONDS = 60.0


@dataclass(frozen=True)
class InboxFile:
    """A file that waits, with the site that its folder names."""

    path: Path
    default_site_id: str | None


@dataclass
class Found:
    """What lies in an inbox: files in order of their path, and what could not be looked into."""

    files: list[InboxFile] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)  # names below the inbox: unfinished, or no exports


def look_into_inbox(settings: Settings, *, is_new: bool = False) -> Found:
    """Return what waits; an inbox that is not there is made where the workspace ``is_new``, and else is trouble.

    Raises `CouldNotRun` where nobody can look into it: a share that is not mounted must not read as an empty night.
    """
    folder = settings.inbox_folder
    roots = (folder, *(settings.root / root for root in settings.inbox.roots))
    _make_sure_of(settings, folder, is_new=is_new)
    look = _Look(settings, folder, tuple(root.resolve() for root in roots))
    try:
        look.into(folder, frozenset())
    except OSError as error:
        raise CouldNotRun(f"The inbox {folder} cannot be read: {error.strerror}.") from None
    look.found.files.sort(key=lambda file: file.path)
    return look.found


def look_into_address(settings: Settings, watch: Watch, quiet_seconds: float) -> Found:
    """Fetch what waits at an address and is whole; raises as `fetch_inbox` does."""
    known = remembered_inbox(settings)
    fetched = fetch_inbox(
        settings.inbox.url,
        was_seen=known is not None,
        quiet_seconds=quiet_seconds,
        done_suffix=settings.inbox.done_suffix,
        watch=watch,
        way=inbox_way(settings),
    )
    if fetched.is_there:
        remember_inbox(settings, was_mounted=False)
    files = [InboxFile(file.path, _site_of_folders(settings, file.folders)) for file in fetched.files]
    return Found(files, fetched.not_read, fetched.passed_over)


def _site_of_folders(settings: Settings, folders: Sequence[str]) -> str | None:
    """Return the site that folders name, outermost first: the nearest that is one, or the nearest, which is none."""
    if not folders:
        return None
    site_ids = set(settings.mindbody.site_ids)
    nearest_first = [storable(folder) for folder in reversed(folders)]
    return next((folder for folder in nearest_first if folder in site_ids), nearest_first[0])


def _make_sure_of(settings: Settings, folder: Path, *, is_new: bool) -> None:
    """Raise where the inbox is not the one that was there on earlier nights."""
    known = remembered_inbox(settings)
    if folder.exists() and not folder.is_dir():
        raise CouldNotRun(
            f"The inbox {folder} is a file and no folder: nothing of it was read. Move it away, or name the folder by "
            "inbox.url."
        )
    if is_new and known is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CouldNotRun(f"The inbox {folder} cannot be made: {error.strerror}.") from None
    # A share that is not mounted looks like a studio that sent nothing: the night would say that all is well, and
    # nobody would miss a file.
    if not folder.exists():
        raise CouldNotRun(
            f"The inbox {folder} is not there: is its share mounted? Nothing of it was read. Where it is meant to be "
            "empty, make the folder."
        )
    # Where the share is gone the empty folder below it is still there, and would pass for an empty inbox.
    if known is not None and known.was_mounted and not os.path.ismount(folder):
        raise CouldNotRun(
            f"The inbox {folder} was a share that is mounted, and is none now: nothing of it was read. Mount it; where "
            f"it is meant to be a folder of this machine, remove {known.path}."
        )
    if folder.is_dir():
        remember_inbox(settings, was_mounted=os.path.ismount(folder))


class _Look:
    """One look through an inbox."""

    def __init__(self, settings: Settings, inbox: Path, roots: Sequence[Path]) -> None:
        self._settings = settings
        self._inbox = inbox
        self._roots = roots
        self.found = Found()

    def into(self, folder: Path, above: frozenset[tuple[int, int]]) -> None:
        """Look through a folder and those below it; ``above`` are the folders that lead here, by device and inode."""
        here = folder.stat()
        inside = above | {(here.st_dev, here.st_ino)}
        for lying in sorted(folder.iterdir()):
            path = self._brought_back(lying)
            if is_passed_over(path.name):
                self.found.passed_over.append(self._name(path))
                continue
            try:
                self._at(path, inside)
            except OSError as error:
                self._not_read(path, f"it cannot be looked at: {error.strerror}.")

    def _at(self, path: Path, above: frozenset[tuple[int, int]]) -> None:
        if path.is_symlink() and not self._may_follow(path):
            return
        try:
            there = path.stat()
        except FileNotFoundError:  # another night, at work at the same time, was faster
            return
        if stat.S_ISDIR(there.st_mode):
            if (there.st_dev, there.st_ino) in above:
                self._not_read(path, "it is a link that leads back to where it lies.")
            else:
                self.into(path, above)
        elif stat.S_ISREG(there.st_mode):
            folders = path.relative_to(self._inbox).parts[:-1]
            self.found.files.append(InboxFile(path, _site_of_folders(self._settings, folders)))
        else:
            self._not_read(path, "it is no file: a pipe, a socket or a device.")

    def _may_follow(self, path: Path) -> bool:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            self._not_read(path, "it is a link that leads nowhere.")
            return False
        if any(target.is_relative_to(root) for root in self._roots):
            return True
        # Whoever may write into the inbox must not have any file of this machine read, and taken away.
        self._not_read(
            path, f"it is a link out of the inbox, to {target}: name that folder in inbox.roots, or put the file here."
        )
        return False

    def _not_read(self, path: Path, why: str) -> None:
        self.found.not_read.append(NotRead(self._name(path), why))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._inbox).as_posix()

    def _brought_back(self, path: Path) -> Path:
        """Give a file that a killed run had put aside its name again; any other path is returned as it is."""
        named = _ASIDE.fullmatch(path.name)
        if named is None:
            return path
        with suppress(OSError):
            if time.time() - path.stat().st_ctime > _LEFT_ASIDE_SECONDS:
                free = path.with_name(named["name"])
                if free.exists():
                    free = path.with_name(f"{free.stem} {named['digits']}{free.suffix}")
                return path.rename(free)
        return path


def clear_file(path: Path, sha256: str, settings: Settings) -> bool:
    """Take a registered file out of the inbox; its content lies in the archive.

    A file that somebody went on writing, or still may, stays, since what came later is in no ledger: False. Where
    another run, at work at the same time, has taken it out already, nothing is left to do.
    """
    if is_remote(settings.inbox.url):
        return remove_fetched(settings.inbox.url, path, sha256, settings.inbox.done_suffix)
    # Out of the way before it is hashed: whoever opens it by its name from now on writes into another file.
    aside = path.with_name(f".{fitting_name(path.name, _ADDED_BYTES)}.{sha256[:12]}.taken")
    try:
        path.replace(aside)
        # Moving a file does not stop whoever has it open already: what he writes would go with it.
        # The same bytes as were checked, or it stays: rows that were added in between are in no ledger, and would be
        # gone.
        is_whole = not is_open_for_writing(aside) and sha256_of(aside) == sha256
        if is_whole:
            aside.unlink()
            _drop_companion(path, settings)
    except FileNotFoundError:
        return True
    if not is_whole:
        aside.replace(path)
    return is_whole


def _drop_companion(path: Path, settings: Settings) -> None:
    companion = companion_of(path, settings)
    if companion is not None:
        with suppress(OSError):
            companion.unlink()


def companion_of(path: Path, settings: Settings) -> Path | None:
    """Return the empty file beside one that says that it is whole, where the settings ask for that; None without."""
    suffix = settings.inbox.done_suffix
    if not suffix:
        return None
    beside = (path.with_name(f"{path.name}{suffix}"), path.with_name(f"{path.stem}{suffix}"))
    return next((companion for companion in beside if companion.is_file()), None)
