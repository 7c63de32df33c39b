"""Files that people attach to a difference: kept in the workspace under the hash of what they hold, once each.

A mail, a picture of a screen, a letter: nothing of it is read. What lies there is compared with its hash whenever it is
told, so that a file that was changed since shows.
"""

import hashlib
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from flows.readers.files import sha256_of
from flows.runtime.errors import CouldNotRun, WrongUsage, said_of
from flows.settings.sections import Settings

MOST_BYTES: Final = 50_000_000
_FOLDER: Final = "attachments"
_CHUNK: Final = 1024 * 1024


def keep_attachment(settings: Settings, path: Path) -> tuple[str, str]:
    """Keep a copy of a file and return its name and sha256; the same content is kept once, whatever its name.

    `WrongUsage` where it is no file, empty or too large, `CouldNotRun` where it cannot be read or kept.
    """
    if not path.is_file():
        raise WrongUsage(f"{path} is no file: attach a mail, a picture or a document.")
    try:
        with path.open("rb") as content:
            return keep_content(settings, path.name, content)
    except OSError as error:
        raise CouldNotRun(f"{path} cannot be attached: {said_of(error)}") from None


def keep_content(settings: Settings, name: str, content: BinaryIO) -> tuple[str, str]:
    """Keep what is read from a stream under its hash, and return the name and the sha256; errors as above."""
    folder = settings.root / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    # Its hash is known when it is whole, and half a file must not lie under the hash of all of it.
    part = folder / f"{uuid4().hex}.part"
    try:
        sha256 = _copy(content, part, name)
        target = attachment_path(settings, sha256)
        if not target.is_file() or sha256_of(target) != sha256:
            target.parent.mkdir(exist_ok=True)
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return name, sha256


def _copy(content: BinaryIO, part: Path, name: str) -> str:
    digest, size = hashlib.sha256(), 0
    with part.open("wb") as file:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                raise WrongUsage(f"{name} has more than {MOST_BYTES:,} bytes: attach a smaller file.")
            digest.update(chunk)
            file.write(chunk)
    if not size:
        raise WrongUsage(f"{name} has 0 bytes: attach a file of 1 to {MOST_BYTES:,}.")
    return digest.hexdigest()


def attachment_path(settings: Settings, sha256: str) -> Path:
    """Return where the file of this hash lies."""
    return settings.root / _FOLDER / sha256[:2] / sha256


def why_not_as_attached(settings: Settings, sha256: str) -> str:
    """Return what is wrong with a file that was attached; "" where it is what it was."""
    path = attachment_path(settings, sha256)
    if not path.is_file():
        return "the file is gone"
    return "" if sha256_of(path) == sha256 else "the file was changed since"
