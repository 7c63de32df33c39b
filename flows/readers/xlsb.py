"""Scan the binary parts of an .xlsb for what calamine does not tell: errors, padding, hidden rows, the extent.

A part is a run of records, each a type and a length of one to four bytes with seven bits in each. Source: [MS-XLSB].
"""

import posixpath
import re
import struct
from collections.abc import Iterator, Mapping, Sequence

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from flows.readers.archive import damaged
from flows.readers.biff import ERROR_TEXTS
from flows.readers.workbook import Scan

_NUMBERS = (2, 5, 9)  # typed in, in four bytes or eight, and the result of a formula
_FORMAT, _CELL_STYLE, _CELL_STYLES, _CELL_STYLES_END = 44, 47, 617, 618
_ZEROS = re.compile(r"0{2,}")
_HIDDEN_AT, _HIDDEN = 11, 0x10  # where a row's record says that it is hidden
_ROW, _CELL_ERROR, _FORMULA_ERROR, _SHEET = 0, 3, 11, 156
# All record types of cells, of values and of formulas, with the bytes that each has at least.
_CELLS = {1: 8, 2: 12, 3: 9, 4: 9, 5: 16, 6: 12, 7: 12, 8: 12, 9: 16, 10: 9, 11: 9}


def scan_xlsb(parts: Mapping[str, bytes]) -> dict[str, Scan]:
    """Return a scan for every sheet by its name."""
    try:
        book = next(name for name in parts if name.lower().endswith("workbook.bin"))
        folder, file = posixpath.split(book)
        relations = fromstring(parts[f"{folder}/_rels/{file}.rels"])
        target = {relation.get("Id"): relation.get("Target", "") for relation in relations}
        sheets = [_sheet(content) for kind, content in _records(parts[book]) if kind == _SHEET]
        places = {name: posixpath.normpath(posixpath.join(folder, target[relation])) for relation, name in sheets}
        styles = _padding_styles(parts.get(f"{folder}/styles.bin", b""))
        return {name: _scan_part(parts[place], styles) for name, place in places.items() if place in parts}
    except (ParseError, DefusedXmlException, LookupError, ValueError, StopIteration, struct.error):
        raise damaged() from None


def _sheet(content: bytes) -> tuple[str, str]:
    """Return the relation and the name of a sheet: two texts, each after its length, behind 8 bytes of state."""
    relation, end = _text(content, 8)
    return relation, _text(content, end)[0]


def _text(content: bytes, place: int) -> tuple[str, int]:
    end = place + 4 + 2 * struct.unpack_from("<I", content, place)[0]
    return content[place + 4 : end].decode("utf-16-le"), end


def _padding_styles(part: bytes) -> list[int]:
    """Return for every cell style the digits that it shows a number with, 0 where it adds no leading zeros."""
    digits: dict[int, int] = {}  # number format -> digits
    styles: list[int] = []
    is_of_cells = False
    for kind, content in _records(part):
        if kind in (_CELL_STYLES, _CELL_STYLES_END):
            is_of_cells = kind == _CELL_STYLES
        elif kind == _FORMAT:
            code = _text(content, 2)[0].split(";")[0].replace('"', "")
            digits[struct.unpack_from("<H", content)[0]] = len(code) if _ZEROS.fullmatch(code) else 0
        elif kind == _CELL_STYLE and is_of_cells:
            styles.append(digits.get(struct.unpack_from("<H", content, 2)[0], 0))
    return styles


def _scan_part(part: bytes, styles: Sequence[int]) -> Scan:
    row = rows = columns = filled = hidden = 0
    errors, padded = {}, {}
    for kind, content in _records(part):
        if kind == _ROW:
            row = struct.unpack_from("<I", content)[0] + 1
            hidden += len(content) > _HIDDEN_AT and bool(content[_HIDDEN_AT] & _HIDDEN)
        elif kind in _CELLS:
            if len(content) < _CELLS[kind]:
                raise ValueError(kind)
            column = struct.unpack_from("<I", content)[0]
            filled += 1
            rows, columns = max(rows, row), max(columns, column + 1)
            if kind in (_CELL_ERROR, _FORMULA_ERROR):
                errors[row, column] = ERROR_TEXTS.get(content[8], "#ERROR!")
            style = int.from_bytes(content[4:7], "little")
            if kind in _NUMBERS and style < len(styles) and styles[style]:
                padded[row, column] = styles[style]
    return Scan(rows, columns, filled, errors, padded, hidden)


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(part):
        kind, place = _number(part, place, 2)
        length, place = _number(part, place, 4)
        if place + length > len(part):
            raise ValueError(length)
        yield kind, part[place : place + length]
        place += length


def _number(part: bytes, place: int, most: int) -> tuple[int, int]:
    """Read a number of seven bits per byte, the lowest first, which the highest bit continues."""
    number = 0
    for index in range(most):
        byte = part[place + index]
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            break
    return number, place + index + 1
