"""Open the ZIP archive that a workbook is, and unpack its parts within limits.

Every part is unpacked once here, with its length and checksum verified, before anything else trusts what the archive
says about itself. Nothing is ever written to disk, so paths in the archive cannot lead anywhere; macros are not run.
"""

import zipfile
import zlib
from pathlib import Path

from flows.readers.limits import MAX_PARTS, MAX_RATIO, MAX_UNPACKED_BYTES, MEBIBYTE, RATIO_APPLIES_FROM, refuse
from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

_ADVICE = "Open it in a spreadsheet program, save the rows alone as a new workbook or as CSV, and send that."
_CHUNK = MEBIBYTE
_LONGEST_TYPE = 200
_WANTED = (".xml", ".rels", ".bin")


def unpack(path: Path) -> dict[str, bytes]:
    """Return the parts that hold text or records, by name; raise `FileError` for a damaged or dangerous archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_limits(archive)
            # Some programs write names with the backslashes of Windows, which mean the same.
            return {
                part.filename.replace("\\", "/"): content
                for part in archive.infolist()
                if (content := _verified(archive, part))
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, LookupError, OSError, ValueError, RuntimeError) as error:
        # Python has no exception of its own for an archive with a password, only this word.
        if "encrypted" in str(error):
            raise encrypted() from None
        raise damaged() from None


def names_and_type(path: Path) -> tuple[list[str], bytes]:
    """Return the names of all parts of an archive that `unpack` takes, and what it says it is, where it does."""
    with zipfile.ZipFile(path) as archive:
        names = [name.replace("\\", "/") for name in archive.namelist()]
        if "mimetype" not in names:
            return names, b""
        with archive.open("mimetype") as stream:
            return names, stream.read(_LONGEST_TYPE)


def damaged() -> FileError:
    """Word the refusal of a workbook that cannot be read to its end."""
    return FileError(
        Code.FILE_UNREADABLE,
        "the workbook is damaged or incomplete. Open it in a spreadsheet program, save it again, and send that.",
    )


def encrypted() -> FileError:
    """Word the refusal of a workbook with a password."""
    return FileError(
        Code.FILE_ENCRYPTED,
        "the workbook is protected by a password. Open it, save it without the password, and send it again.",
    )


def _check_limits(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise refuse(f"the workbook has {len(parts):,} parts", f"{MAX_PARTS:,}", _ADVICE)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES:
        size = f"{unpacked // MEBIBYTE:,} MiB"
        most = f"{MAX_UNPACKED_BYTES // MEBIBYTE:,} MiB"
        raise refuse(f"the workbook unpacks to {size}", most, _ADVICE)
    # A small file that unpacks to gigabytes is made to fill the memory: no sheet of a studio is so alike in all places.
    packed = max(sum(part.compress_size for part in parts), 1)
    if unpacked > RATIO_APPLIES_FROM and unpacked > MAX_RATIO * packed:
        times = unpacked // packed
        raise refuse(f"the workbook unpacks to {times:,} times its size", f"{MAX_RATIO}", _ADVICE)


def _verified(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Unpack a part: Python stops at the length that the archive claims, and fails where more or other follows.

    Pictures and the like are verified and let go.
    """
    with archive.open(part) as stream:
        if not part.filename.endswith(_WANTED):
            while stream.read(_CHUNK):
                pass
            return b""
        content = stream.read()
    # A DTD can define entities that unfold to gigabytes; it could only stand before the first element.
    if b"<!DOCTYPE" in content[:4096]:
        what = f"the workbook's part {part.filename[:100]} holds a DTD, which no spreadsheet program writes."
        raise FileError(Code.FILE_UNREADABLE, f"{what} {_ADVICE}")
    return content
