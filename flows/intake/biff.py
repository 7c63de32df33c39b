"""Scan the binary .xls of Excel 97 to 2003 for what calamine does not tell: cells that hold errors, and passwords.

The stream "Workbook" is a run of records, each a type and a length of two bytes. Source: the published format [MS-XLS].
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from flows.intake.archive import damaged, encrypted
from flows.intake.limits import check_size
from flows.intake.ole import read_streams
from flows.intake.workbook import Scan

# The error codes of [MS-XLS] and [MS-XLSB].
ERROR_TEXTS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
    43: "#GETTING_DATA",
}

_FORMULA, _EOF, _FILEPASS, _BOUNDSHEET, _BOOLERR, _BOF = 0x0006, 0x000A, 0x002F, 0x0085, 0x0205, 0x0809


def scan_biff(path: Path) -> dict[str, Scan]:
    """Return a scan for every sheet that holds errors, by its name."""
    check_size(path.stat().st_size, "workbook")
    try:
        streams = read_streams(path.read_bytes())
    except (struct.error, IndexError, ValueError):
        raise damaged() from None
    if "EncryptedPackage" in streams:
        raise encrypted()
    book = streams.get("Workbook", streams.get("Book"))
    if book is None:
        raise damaged()
    try:
        return _scan_book(book)
    except (struct.error, IndexError, ValueError):
        raise damaged() from None


def _scan_book(book: bytes) -> dict[str, Scan]:
    errors: dict[int, dict[tuple[int, int], str]] = {}
    names: dict[int, str] = {}
    start = 0
    for position, kind, content in _records(book):
        if kind == _FILEPASS:
            raise encrypted()
        if kind == _BOF:
            start = position
        elif kind == _BOUNDSHEET:
            names[struct.unpack_from("<I", content)[0]] = _sheet_name(content[6:])
        elif (found := _error_of(kind, content)) is not None:
            row, column = struct.unpack_from("<HH", content)
            errors.setdefault(start, {})[row + 1, column] = found
    return {names[start]: Scan(error_cells=cells) for start, cells in errors.items() if start in names}


def _records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, position)
        yield position, kind, book[position + 4 : position + 4 + length]
        position += 4 + length


def _error_of(kind: int, content: bytes) -> str | None:
    """Return the error that a cell's record holds: typed in (BOOLERR), or the result of a formula."""
    if kind == _BOOLERR and content[7]:
        return ERROR_TEXTS.get(content[6], "#ERROR!")
    if kind == _FORMULA and content[12:14] == b"\xff\xff" and content[6] == 2:
        return ERROR_TEXTS.get(content[8], "#ERROR!")
    return None


def _sheet_name(content: bytes) -> str:
    length, is_wide = content[0], content[1] & 1
    text = content[2 : 2 + length * (2 if is_wide else 1)]
    return text.decode("utf-16-le" if is_wide else "latin-1")
