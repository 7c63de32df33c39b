"""Files as such: which are passed over, and the hash by which a content is known."""

from hashlib import file_digest
from pathlib import Path


def is_passed_over(path: Path, folder: Path) -> bool:
    """Tell hidden files and the lock files of spreadsheet programs."""
    parts = path.relative_to(folder).parts
    return any(part.startswith((".", "~$")) for part in parts)


def sha256_of(path: Path) -> str:
    """Return the content's sha256, by which the same file is known again under any name."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
