"""Files as such: which are passed over, the hash by which a content is known, and a copy that is sure to have it."""

import shutil
from hashlib import file_digest
from pathlib import Path

from flows.runtime.whole_file import part_of, sync


def is_passed_over(path: Path, folder: Path) -> bool:
    """Tell hidden files and the lock files of spreadsheet programs."""
    parts = path.relative_to(folder).parts
    return any(part.startswith((".", "~$")) for part in parts)


def sha256_of(path: Path) -> str:
    """Return the content's sha256, by which the same file is known again under any name."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def copied_as_checked(path: Path, target: Path, sha256: str) -> bool:
    """Copy a file to ``target`` for good; False, and no copy, where its content is not the one that was checked.

    Raises OSError where it cannot be read or written.
    """
    part = part_of(target)
    try:
        shutil.copyfile(path, part)
        # The copy is hashed and not the file: whoever has that open goes on writing into it.
        if sha256_of(part) != sha256:
            return False
        # The file leaves its folder after this, and the copy is all that is left: it must outlast a power cut.
        sync(part)
        part.replace(target)
        sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return True
