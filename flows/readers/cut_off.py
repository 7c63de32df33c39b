"""Tell whether delimited text was cut off: a copy that was stopped ends anywhere, also in mid-number.

Nothing in such a format says where it ends. Most programs end the last row with a line break, so a file without one may
have lost a part; where the last row also has fewer values than all the others, it surely has.
"""

import codecs
import csv
import io
from pathlib import Path

from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

_TAIL_BYTES = 256 * 1024
NOTE = "The file does not end with a line break: if it was cut off, its last row may be incomplete. Look at that row."


def ending_notes(path: Path, encoding: str, delimiter: str) -> tuple[str, ...]:
    """Return a note where the end is doubtful; raise `FileError` where the file was surely cut off."""
    with path.open("rb") as file:
        plain = _without_mark(encoding, file.read(2))
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES) & ~1)  # UTF-16 has two bytes per sign
        tail = file.read().decode(plain, errors="replace")
    if not tail or tail.endswith(("\n", "\r")):
        return ()
    lines = tail.splitlines()
    if size > _TAIL_BYTES:
        # The tail begins anywhere, so its first line is most likely the end of one.
        lines = lines[1:]
    widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    # With a row or two before it, nobody could say how wide a row has to be.
    if len(widths) > 2 and widths[-1] < min(widths[:-1]):
        raise FileError(
            Code.FILE_UNREADABLE,
            f"the file ends in the middle of its last row: {widths[-1]} values, where all others have at least "
            f"{min(widths[:-1])}, and no line break. It was cut off: export it again and send that.",
        )
    return (NOTE,)


def _without_mark(encoding: str, head: bytes) -> str:
    """Return the encoding for text from the middle of a file, which begins with no byte order mark."""
    if encoding == "utf-16":
        return "utf-16-be" if head == codecs.BOM_UTF16_BE else "utf-16-le"
    return "utf-8" if encoding == "utf-8-sig" else encoding
