"""Scan the binary parts of an .xlsb for what calamine does not tell: errors, number formats, hidden rows, the extent.

A part is a run of records, each a type and a length of one to four bytes with seven bits in each. Source: [MS-XLSB].
"""

import posixpath
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from flows.readers.archive import damaged
from flows.readers.biff import ERROR_TEXTS, short_number
from flows.readers.built_in_formats import BUILT_IN
from flows.readers.shown_numbers import Format, loses_decimals, telling_format
from flows.readers.workbook import Scan

_NUMBERS = (2, 5, 9)  # typed in, in four bytes or eight, and the result of a formula
_SHORT_NUMBER = 2
_TEXTS = (6, 7, 8)  # in the cell itself, shared, and the result of a formula
_FORMAT, _FONT, _CELL_STYLE, _CELL_STYLES, _CELL_STYLES_END = 44, 43, 47, 617, 618
_STRUCK = 0x08  # in the flags of a font
_HIDDEN_AT, _HIDDEN = 11, 0x10  # where a row's record says that it is hidden
_ROW, _CELL_ERROR, _FORMULA_ERROR, _SHEET = 0, 3, 11, 156
_EMPTY, _SHARED_TEXT, _SHARED_CELL = 1, 19, 7
# All record types of cells, of values and of formulas, with the bytes that each has at least.
_CELLS = {1: 8, 2: 12, 3: 9, 4: 9, 5: 16, 6: 12, 7: 12, 8: 12, 9: 16, 10: 9, 11: 9}


def scan_xlsb(parts: Mapping[str, bytes]) -> dict[str, Scan]:
    """Return a scan for every sheet by its name."""
    try:
        book = next(name for name in parts if name.lower().endswith("workbook.bin"))
        folder, _ = posixpath.split(book)
        part_of = _sheet_parts(parts, book)
        styles = _styles(parts.get(f"{folder}/styles.bin", b""))
        # A sheet whose part is missing gets no scan, and `read_workbook` refuses it.
        shared = parts.get(f"{folder}/sharedStrings.bin", b"")
        sizes = [len(content) for kind, content in _records(shared) if kind == _SHARED_TEXT]
        return {name: _scan_part(parts[part], styles, sizes) for name, part in part_of.items() if part in parts}
    except (ParseError, DefusedXmlException, LookupError, ValueError, StopIteration, struct.error):
        raise damaged() from None


def _sheet_parts(parts: Mapping[str, bytes], book: str) -> dict[str, str]:
    """Return where the part of each sheet lies: the book names a relation, and the relations name the part."""
    folder, file = posixpath.split(book)
    relations = fromstring(parts[f"{folder}/_rels/{file}.rels"])
    target_of = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    sheets = [_sheet(content) for kind, content in _records(parts[book]) if kind == _SHEET]
    part_of: dict[str, str] = {}
    for relation, name in sheets:
        path = posixpath.join(folder, target_of[relation])
        part_of[name] = posixpath.normpath(path)
    return part_of


def _sheet(content: bytes) -> tuple[str, str]:
    """Return the relation and the name of a sheet: two texts, each after its length, behind 8 bytes of state."""
    relation, end = _text(content, 8)
    name, _ = _text(content, end)
    return relation, name


def _text(content: bytes, place: int) -> tuple[str, int]:
    """Return a text, its length in four bytes before it, and where it ends."""
    length = struct.unpack_from("<I", content, place)[0]
    first = place + 4
    end = first + 2 * length
    return content[first:end].decode("utf-16-le"), end


class _Style(NamedTuple):
    """A cell style: its number format, where that may show something else than a cell keeps; whether it crosses out."""

    telling: Format | None = None
    is_struck: bool = False


def _styles(part: bytes) -> list[_Style]:
    """Return the cell styles, in the order by which cells name them."""
    code_of: dict[int, str] = dict(BUILT_IN)  # number of the format -> format
    fonts_struck: list[bool] = []
    styles: list[_Style] = []
    # The same record describes the styles that have a name; cells count only the others, which lie between two marks.
    is_of_cells = False
    for kind, content in _records(part):
        if kind in (_CELL_STYLES, _CELL_STYLES_END):
            is_of_cells = kind == _CELL_STYLES
        elif kind == _FORMAT:
            number_format = struct.unpack_from("<H", content)[0]
            code, _ = _text(content, 2)
            code_of[number_format] = code
        elif kind == _FONT:
            fonts_struck.append(bool(content[2] & _STRUCK))
        elif kind == _CELL_STYLE and is_of_cells:
            number_format, font = struct.unpack_from("<HH", content, 2)
            is_struck = font < len(fonts_struck) and fonts_struck[font]
            styles.append(_Style(telling_format(code_of.get(number_format, "")), is_struck))
    return styles


@dataclass
class _Part:
    """What was found of one sheet so far."""

    styles: Sequence[_Style]
    sizes_of_texts: Sequence[int]  # of the texts that cells name by their place in this list
    row: int = 0  # of the cells that come next, from 1
    rows: int = 0
    columns: int = 0
    filled: int = 0
    hidden_rows: int = 0
    struck_rows: set[int] = field(default_factory=set)
    text: int = 0
    error_cells: dict[tuple[int, int], str] = field(default_factory=dict)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    text_formats: dict[tuple[int, int], str] = field(default_factory=dict)

    def start_row(self, content: bytes) -> None:
        """Go on to the next row: its record comes before those of its cells."""
        self.row = struct.unpack_from("<I", content)[0] + 1
        if len(content) > _HIDDEN_AT and content[_HIDDEN_AT] & _HIDDEN:
            self.hidden_rows += 1

    def add_cell(self, kind: int, content: bytes) -> None:
        """Take in one cell of the row; `ValueError` where it is shorter than its kind can be."""
        if len(content) < _CELLS[kind]:
            raise ValueError(kind)
        column = struct.unpack_from("<I", content)[0]
        self.filled += 1
        self.rows = max(self.rows, self.row)
        self.columns = max(self.columns, column + 1)
        style = self._style(content)
        if style.is_struck and kind != _EMPTY:
            self.struck_rows.add(self.row)
        if kind in (_CELL_ERROR, _FORMULA_ERROR):
            self.error_cells[self.row, column] = ERROR_TEXTS.get(content[8], "#ERROR!")
        elif kind == _SHARED_CELL:
            self.text += self._size_of_shared(content)
        if style.telling is not None:
            self._note_format(kind, content, column, style.telling)

    def _note_format(self, kind: int, content: bytes, column: int, telling: Format) -> None:
        if kind in _TEXTS and telling.is_odd:
            self.text_formats[self.row, column] = telling.code
        elif kind in _NUMBERS and (telling.is_odd or loses_decimals(_value(kind, content), telling.decimals)):
            self.formats[self.row, column] = telling.code

    def _size_of_shared(self, content: bytes) -> int:
        place = struct.unpack_from("<I", content, 8)[0]
        return self.sizes_of_texts[place] if place < len(self.sizes_of_texts) else 0

    def _style(self, content: bytes) -> _Style:
        # Its number is three bytes long; the fourth holds a flag.
        number = int.from_bytes(content[4:7], "little")
        return self.styles[number] if number < len(self.styles) else _Style()


def _value(kind: int, content: bytes) -> float:
    """Return the number of a cell."""
    if kind == _SHORT_NUMBER:
        return short_number(struct.unpack_from("<I", content, 8)[0])
    value: float = struct.unpack_from("<d", content, 8)[0]
    return value


def _scan_part(part_content: bytes, styles: Sequence[_Style], sizes_of_texts: Sequence[int]) -> Scan:
    part = _Part(styles, sizes_of_texts)
    for kind, content in _records(part_content):
        if kind == _ROW:
            part.start_row(content)
        elif kind in _CELLS:
            part.add_cell(kind, content)
    return Scan(
        rows=part.rows,
        columns=part.columns,
        filled=part.filled,
        error_cells=part.error_cells,
        formats=part.formats,
        text_formats=part.text_formats,
        hidden_rows=part.hidden_rows,
        struck_rows=part.struck_rows,
        text=part.text,
    )


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(part):
        kind, place = _number(part, place, longest=2)
        length, place = _number(part, place, longest=4)
        end = place + length
        if end > len(part):
            raise ValueError(length)
        yield kind, part[place:end]
        place = end


def _number(part: bytes, place: int, *, longest: int) -> tuple[int, int]:
    """Read a number of seven bits per byte, the lowest first, which the highest bit continues; return where it ends."""
    number = 0
    for index in range(longest):
        byte = part[place + index]
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            break
    return number, place + index + 1
