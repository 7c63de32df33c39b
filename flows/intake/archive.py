"""The archive: every file that the ledger takes in is kept here first, whole, so that a lost ledger can be made again.

A file lies below the site that its folder or an option named, under its name with the beginning of its hash:
``archive/-99/march.0b1c2d3e4f5a.xlsx``. When it was copied is when it was taken in.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.readers.files import copied_as_checked, is_passed_over, sha256_of
from flows.runtime.errors import CouldNotRun
from flows.settings.archive_places import archive_path
from flows.settings.sections import Settings

_NAME = re.compile(r"(?P<stem>.*)\.(?P<digits>[0-9a-f]{12})(?P<suffix>\.[^.]*)?")


@dataclass(frozen=True)
class ArchivedFile:
    """A file of the archive, by what its place and its name say; whether its content is still the same is not known."""

    path: Path
    name: str  # as it was called when it came
    digits: str  # the first twelve of its hash
    default_site_id: str | None  # None: nothing named one, or a version that did not keep it
    kept_at: datetime  # UTC


def keep_file(path: Path, sha256: str, default_site_id: str | None, settings: Settings) -> None:
    """Copy a checked file into the archive; `CouldNotRun` where that fails, or its content is another one by now.

    This goes before registering: a file that the ledger knows and the archive does not could never be recovered.
    """
    target = archive_path(path, sha256, settings, default_site_id)
    try:
        if target.is_file() and sha256_of(target) == sha256:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        is_same = copied_as_checked(path, target, sha256)
    except OSError as error:
        raise CouldNotRun(f"{path.name}: it cannot be kept in the archive: {error.strerror}. It stays.") from None
    if not is_same:
        raise CouldNotRun(f"{path.name}: it changed after it was checked: nothing of it was taken. Run again.")


def forget_file(path: Path, sha256: str, default_site_id: str | None, settings: Settings) -> None:
    """Take a file out of the archive again that the ledger refused; where that fails, it stays, and does no harm."""
    with suppress(OSError):
        archive_path(path, sha256, settings, default_site_id).unlink()


def archived_files(settings: Settings) -> list[ArchivedFile]:
    """Return the files of the archive in the order in which they were taken in."""
    return sorted(_found(settings), key=lambda file: (file.kept_at, file.name, file.digits))


def _found(settings: Settings) -> Iterator[ArchivedFile]:
    folder = settings.archive_folder
    for path in folder.glob("**/*"):
        named = _NAME.fullmatch(path.name)
        # What a person put there is none of ours: our names end in a hash.
        if named is None or not path.is_file() or is_passed_over(path, folder):
            continue
        yield ArchivedFile(
            path=path,
            name=named["stem"] + (named["suffix"] or ""),
            digits=named["digits"],
            default_site_id=None if path.parent == folder else path.parent.name,
            kept_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        )
