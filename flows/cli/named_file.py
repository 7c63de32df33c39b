"""A file that a person names to be written: what lies there already is theirs, and is not written over.

A slip of the keyboard names the settings, the ledger or the very sheet; what is written there takes its place whole.
"""

from pathlib import Path

from flows.runtime.errors import WrongUsage

PDF = b"%PDF-"
CSV_OF_BREAKS = b"\xef\xbb\xbfid,"


def mind_named_file(path: Path | None, *, option: str, begins: bytes = b"") -> None:
    """Raise `WrongUsage` where something lies at the path that is not of the kind that is to be written there.

    `begins` is what tells a file of that kind, which may be made anew; empty: nothing may.
    """
    if path is None or not path.exists():
        return
    if begins and path.is_file() and _beginning(path, len(begins)) == begins:
        return
    raise WrongUsage(f"{path} is there already: name another file by {option}, since nothing of yours is overwritten.")


def _beginning(path: Path, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError:
        return b""
