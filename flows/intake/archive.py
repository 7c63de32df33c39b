"""Open the ZIP archive that a workbook is, and unpack its parts within limits.

Every part is unpacked once here, with its length and checksum verified, before anything else trusts what the archive
says about itself. Nothing is ever written to disk, so paths in the archive cannot lead anywhere; macros are not run.
"""

import zipfile
import zlib
from pathlib import Path

from flows.intake.limits import MAX_PARTS, MAX_RATIO, MAX_UNPACKED_BYTES, MEBIBYTE, RATIO_APPLIES_FROM, refuse
from transforms.sheet import FileError
from transforms.vocabulary import Code

_ADVICE = "Open it in a spreadsheet program, save the rows alone as a new workbook or as CSV, and send that."
_CHUNK = MEBIBYTE


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open and verify an archive; the caller closes it. Raise `FileError` where it is damaged or too large."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, IndexError):
        raise damaged() from None
    try:
        _check_limits(archive)
        _verify(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        archive.close()
        raise (encrypted() if "encrypted" in str(error) else damaged()) from None
    except FileError:
        archive.close()
        raise
    return archive


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
        raise refuse(
            f"the workbook unpacks to {unpacked // MEBIBYTE:,} MiB", f"{MAX_UNPACKED_BYTES // MEBIBYTE:,} MiB", _ADVICE
        )
    packed = sum(part.compress_size for part in parts)
    if unpacked > RATIO_APPLIES_FROM and unpacked > MAX_RATIO * max(packed, 1):
        raise refuse(f"the workbook unpacks to {unpacked // max(packed, 1):,} times its size", f"{MAX_RATIO}", _ADVICE)


def _verify(archive: zipfile.ZipFile) -> None:
    """Unpack every part: Python stops at the length that the archive claims, and fails where more or other follows."""
    for part in archive.infolist():
        with archive.open(part) as stream:
            head = stream.read(_CHUNK)
            if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in head[:4096]:
                raise FileError(
                    Code.FILE_UNREADABLE,
                    f"the workbook's part {part.filename[:100]} holds a DTD, which no spreadsheet program writes. "
                    + _ADVICE,
                )
            while stream.read(_CHUNK):
                pass
