"""The inbox: new files are found here, and leave it once the archive and the ledger have them whole.

A folder below the inbox gives its files a site: ``inbox/-99/march.xlsx`` belongs to site -99. Hidden files and the
lock files of spreadsheet programs (``~$march.xlsx``) are passed over.
"""

from dataclasses import dataclass
from pathlib import Path

from flows.intake.remote_inbox import fetch_inbox, is_remote, remove_fetched
from flows.readers.files import is_passed_over, sha256_of
from flows.runtime.errors import CouldNotRun
from flows.runtime.visible import fitting_name, storable
from flows.settings.sections import Settings

_ADDED_BYTES = 32  # to a file's name while it leaves


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
        found = sorted(folder.glob("**/*"))
        paths = [path for path in found if path.is_file() and not is_passed_over(path, folder)]
    except OSError as error:
        raise CouldNotRun(f"The inbox {folder} cannot be read: {error.strerror}.") from None
    return [InboxFile(path, _site_of_folder(path, folder)) for path in paths]


def _site_of_folder(path: Path, inbox: Path) -> str | None:
    return None if path.parent == inbox else storable(path.parent.name)


def clear_file(path: Path, sha256: str, settings: Settings) -> bool:
    """Take a registered file out of the inbox; its content lies in the archive.

    A file that somebody went on writing stays, since what came later is in no ledger: False. Where another run, at work
    at the same time, has taken it out already, nothing is left to do.
    """
    if is_remote(settings.inbox.url):
        return remove_fetched(settings.inbox.url, path, sha256)
    # Out of the way before it is hashed: whoever still had the file open went on writing into the same file.
    aside = path.with_name(f".{fitting_name(path.name, _ADDED_BYTES)}.{sha256[:12]}.taken")
    try:
        path.replace(aside)
    except FileNotFoundError:
        return True
    if sha256_of(aside) == sha256:
        aside.unlink()
        return True
    aside.replace(path)
    return False
