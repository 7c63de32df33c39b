"""The inbox: new files are found here, and moved to the archive once the ledger has them whole.

A folder below the inbox gives its files a site: ``inbox/-99/march.xlsx`` belongs to site -99. Hidden files and the
lock files of spreadsheet programs (``~$march.xlsx``) are passed over.
"""

import shutil
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from flows.intake.remote_inbox import fetch_inbox, is_remote, remove_fetched
from flows.runtime.errors import CouldNotRun
from flows.settings.sections import Settings


@dataclass(frozen=True)
class InboxFile:
    """A file that waits, with the site that its folder names."""

    path: Path
    default_site_id: str | None


def list_inbox(settings: Settings) -> list[InboxFile]:
    """Return the waiting files in order of their path; an inbox that does not exist yet is made."""
    folder = fetch_inbox(settings.inbox.url) if is_remote(settings.inbox.url) else settings.inbox_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = sorted(path for path in folder.glob("**/*") if path.is_file() and not is_passed_over(path, folder))
    except OSError as error:
        raise CouldNotRun(f"The inbox {folder} cannot be read: {error.strerror}.") from None
    return [InboxFile(path, path.parent.name if path.parent != folder else None) for path in paths]


def is_passed_over(path: Path, folder: Path) -> bool:
    """Tell hidden files and the lock files of spreadsheet programs."""
    parts = path.relative_to(folder).parts
    return any(part.startswith((".", "~$")) for part in parts)


def sha256_of(path: Path) -> str:
    """Return the content's sha256, by which the same file is known again under any name."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def archive_path(path: Path, sha256: str, settings: Settings) -> Path:
    """Return where a file of the inbox lies once it is registered."""
    return settings.archive_folder / f"{path.stem}.{sha256[:12]}{path.suffix}"


def archive_file(path: Path, sha256: str, settings: Settings) -> bool:
    """Move a registered file out of the inbox; its hash in the name keeps files of one name apart.

    A file that somebody went on writing is put back, since what came later is in no ledger: False. Where another run,
    at work at the same time, has moved it already, it is left there.
    """
    folder = settings.archive_folder
    folder.mkdir(parents=True, exist_ok=True)
    target = archive_path(path, sha256, settings)
    try:
        shutil.move(path, target)
    except FileNotFoundError:
        if not target.exists():
            raise
        return True
    if is_remote(settings.inbox.url):
        return remove_fetched(settings.inbox.url, path, sha256)
    if sha256_of(target) == sha256:
        return True
    shutil.move(target, path)
    return False
