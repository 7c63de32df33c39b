"""Files that people attach to a difference: kept in the workspace under the hash of what they hold, once each.

A mail, a picture of a screen, a letter: nothing of it is read. What lies there is compared with its hash whenever it is
told, so that a file that was changed since shows.
"""

from pathlib import Path
from typing import Final

from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun, WrongUsage, said_of
from flows.settings.sections import Settings

MOST_BYTES: Final = 50_000_000
_FOLDER: Final = "attachments"


def keep_attachment(settings: Settings, path: Path) -> tuple[str, str]:
    """Keep a copy of a file and return its name and sha256; the same content is kept once, whatever its name.

    `WrongUsage` where it is no file, empty or too large, `CouldNotRun` where it cannot be read or kept.
    """
    try:
        content = _content(path)
        sha256 = sha256_of(path)
        target = attachment_path(settings, sha256)
        if not target.is_file() or sha256_of(target) != sha256:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Renamed when it is whole: half a file must not lie under the hash of all of it.
            part = target.with_name(f"{target.name}.part")
            part.write_bytes(content)
            is_same = sha256_of(part) == sha256
            if not is_same:
                part.unlink()
                raise CouldNotRun(f"{path} changed while it was copied: attach it again.")
            part.replace(target)
    except OSError as error:
        raise CouldNotRun(f"{path} cannot be attached: {said_of(error)}") from None
    return path.name, sha256


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise WrongUsage(f"{path} is no file: attach a mail, a picture or a document.")
    size = path.stat().st_size
    if not 0 < size <= MOST_BYTES:
        raise WrongUsage(f"{path} has {size:,} bytes: attach a file of 1 to {MOST_BYTES:,}.")
    return path.read_bytes()


def attachment_path(settings: Settings, sha256: str) -> Path:
    """Return where the file of this hash lies."""
    return settings.root / _FOLDER / sha256[:2] / sha256


def why_not_as_attached(settings: Settings, sha256: str) -> str:
    """Return what is wrong with a file that was attached; "" where it is what it was."""
    path = attachment_path(settings, sha256)
    if not path.is_file():
        return "the file is gone"
    return "" if sha256_of(path) == sha256 else "the file was changed since"
