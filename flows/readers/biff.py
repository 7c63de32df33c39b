"""Scan the binary .xls of Excel 97 to 2003 for what calamine does not tell: errors, padding, hidden rows, passwords.

The stream "Workbook" is a run of records, each a type and a length of two bytes. Source: the published format [MS-XLS].
"""

import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from flows.readers.archive import damaged, encrypted
from flows.readers.limits import check_size
from flows.readers.ole import read_streams
from flows.readers.workbook import Scan
from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

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

_FORMULA, _FILEPASS, _BOUNDSHEET, _BOOLERR, _BOF = 0x0006, 0x002F, 0x0085, 0x0205, 0x0809
_ROW, _HIDDEN = 0x0208, 0x20  # a row's record, and the flag in it
_FORMAT, _XF, _NUMBER, _RK, _MULRK = 0x041E, 0x00E0, 0x0203, 0x027E, 0x00BD
_ZEROS = re.compile(r"0{2,}")


def scan_biff(path: Path) -> dict[str, Scan]:
    """Return a scan for every sheet by its name."""
    check_size(path.stat().st_size, "workbook")
    try:
        streams = read_streams(path.read_bytes())
    except (struct.error, IndexError, ValueError):
        raise damaged() from None
    if "EncryptedPackage" in streams:
        raise encrypted()
    if "Workbook" not in streams:
        raise FileError(
            Code.FILE_UNREADABLE,
            "the file is no workbook of Excel 97 or later. Open it in a spreadsheet program, save it as .xlsx.",
        )
    try:
        return _scan_book(streams["Workbook"])
    except (struct.error, IndexError, ValueError):
        raise damaged() from None


def _scan_book(book: bytes) -> dict[str, Scan]:
    names: dict[int, str] = {}
    errors: dict[int, dict[tuple[int, int], str]] = defaultdict(dict)
    padded: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
    hidden: dict[int, int] = defaultdict(int)
    digits: dict[int, int] = {}  # number format -> digits that it shows at least
    styles: list[int] = []  # cell style -> digits
    start = 0
    for position, kind, content in _records(book):
        if kind == _FILEPASS:
            raise encrypted()
        if kind == _BOF:
            start = position
        elif kind == _ROW:
            hidden[start] += bool(content[12] & _HIDDEN)
        elif kind == _BOUNDSHEET:
            names[struct.unpack_from("<I", content)[0]] = _text(content, 6, wide_length=False)
        elif kind == _FORMAT:
            code = _text(content, 2, wide_length=True).split(";")[0].replace('"', "")
            digits[struct.unpack_from("<H", content)[0]] = len(code) if _ZEROS.fullmatch(code) else 0
        elif kind == _XF:
            styles.append(digits.get(struct.unpack_from("<H", content, 2)[0], 0))
        else:
            padded[start].update(_padded(kind, content, styles))
            errors[start].update(_error(kind, content))
    return {
        name: Scan(error_cells=errors[at], padded_cells=padded[at], hidden_rows=hidden[at])
        for at, name in names.items()
    }


def _records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, position)
        if position + 4 + length > len(book):
            raise ValueError(position)
        yield position, kind, book[position + 4 : position + 4 + length]
        position += 4 + length


def _error(kind: int, content: bytes) -> dict[tuple[int, int], str]:
    """Return the error that a cell's record holds: typed in (BOOLERR), or the result of a formula."""
    if kind == _BOOLERR and content[7]:
        number = content[6]
    elif kind == _FORMULA and content[12:14] == b"\xff\xff" and content[6] == 2:
        number = content[8]
    else:
        return {}
    row, column = struct.unpack_from("<HH", content)
    return {(row + 1, column): ERROR_TEXTS.get(number, "#ERROR!")}


def _padded(kind: int, content: bytes, styles: list[int]) -> dict[tuple[int, int], int]:
    """Return the numeric cells of a record that are shown with leading zeros."""
    if kind in (_NUMBER, _RK):
        row, column, style = struct.unpack_from("<HHH", content)
        found = {(row + 1, column): styles[style]}
    elif kind == _MULRK:
        row, first = struct.unpack_from("<HH", content)
        cells = struct.iter_unpack("<HI", content[4 : 4 + (len(content) - 6) // 6 * 6])
        found = {(row + 1, first + i): styles[style] for i, (style, _) in enumerate(cells)}
    else:
        return {}
    return {place: width for place, width in found.items() if width}


def _text(content: bytes, place: int, *, wide_length: bool) -> str:
    """Read a text: its length in one byte or two, a flag for two bytes per sign, the signs."""
    length = struct.unpack_from("<H" if wide_length else "<B", content, place)[0]
    place += 2 if wide_length else 1
    is_wide = content[place] & 1
    text = content[place + 1 : place + 1 + length * (2 if is_wide else 1)]
    return text.decode("utf-16-le" if is_wide else "latin-1")
