"""Find what lies beside the workspace's books: files that were wrong as a whole, and copies of files nobody sent.

The ledger knows neither, and a recovery reads neither: nothing of them was sent.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from flows.keeping.thing import Thing
from flows.readers.files import sha256_of
from flows.settings.sections import Settings
from flows.settings.set_aside import marked_copy_of, not_sent_folder, reason_of, rejected_files
from transforms.keeping import Facts, Leaving

# As `set_aside` names it, of whatever kind the file was: march.0b1c2d3e4f5a.xlsx.
_NAME = re.compile(r".*\.(?P<digits>[0-9a-f]{12})(\.[^.]*)?")
_GIVEN_BACK = ".marked."  # within the name of a copy


def rejected_things(settings: Settings) -> Iterator[tuple[Thing, Facts]]:
    """Give each file that was set aside, with its reason and its marked copy, by when that was."""
    for file in rejected_files(settings):
        named = _NAME.fullmatch(file.name)
        # What a person put there is none of ours: our names end in a hash.
        if named is None:
            continue
        ours = [one for one in (file, reason_of(file), marked_copy_of(file)) if one.is_file()]
        is_same = not file.is_file() or sha256_of(file).startswith(named["digits"])
        yield _told(Leaving.REJECTED, file, ours, is_as_taken=is_same)


def unsent_copies(settings: Settings) -> Iterator[tuple[Thing, Facts]]:
    """Give each marked copy of a file that nobody agreed to send, by when it was written."""
    for path in sorted(not_sent_folder(settings).glob(f"*{_GIVEN_BACK}*")):
        if path.is_file():
            yield _told(Leaving.NOT_SENT, path, [path], is_as_taken=True)


def _told(kind: Leaving, path: Path, files: Sequence[Path], *, is_as_taken: bool) -> tuple[Thing, Facts]:
    looks = [file.stat() for file in files]
    # The copy may be what a person mends: what was written last is what counts.
    written_last = max(look.st_mtime for look in looks)
    since_at = datetime.fromtimestamp(written_last, UTC)
    size_bytes = sum(look.st_size for look in looks)
    thing = Thing(kind, path, files, since_at, size_bytes)
    return thing, Facts(kind=kind, since_at=since_at, is_as_taken=is_as_taken)
