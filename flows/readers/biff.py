"""Scan the binary .xls of Excel 97 to 2003 for what calamine does not: errors, number formats, hidden rows, passwords.

The stream "Workbook" is a run of records, each a type and a length of two bytes. Source: the published format [MS-XLS].
"""

import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flows.readers.archive import damaged, encrypted
from flows.readers.biff_texts import LONGEST_TEXT, lengths_of_texts
from flows.readers.built_in_formats import BUILT_IN
from flows.readers.limits import MAX_TEXT, check_size
from flows.readers.ole import read_streams
from flows.readers.other_kinds import refuse_streams
from flows.readers.shown_numbers import Format, loses_decimals, telling_format
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

# Kinds of records, by their names in [MS-XLS]. A sheet begins with BOF; XF is the style of a cell. A number is stored
# in eight bytes (NUMBER) or in four (RK), and several neighbors in one record (MULRK).
_BOF, _BOUNDSHEET, _FILEPASS, _DIMENSIONS = 0x0809, 0x0085, 0x002F, 0x0200
# What a sheet of this format can hold. With one flipped bit DIMENSIONS began a thousand million rows down: calamine
# then asks for the memory of all of them, and its abort ends the process, with no exception that could be caught.
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_FORMAT, _FONT, _XF, _ROW = 0x041E, 0x0031, 0x00E0, 0x0208
_STRUCK = 0x08  # in the flags of a font
# The texts of all sheets stand in one list, which may go on in further records; a cell names the place of its own.
_SST, _CONTINUE, _LABEL_SST = 0x00FC, 0x003C, 0x00FD
_NUMBER, _RK, _MULRK, _BOOLERR, _FORMULA, _LABEL = 0x0203, 0x027E, 0x00BD, 0x0205, 0x0006, 0x0204
_CELLS = (_NUMBER, _RK, _MULRK, _BOOLERR, _FORMULA, _LABEL, _LABEL_SST)  # that hold something
_HEAD_BYTES = 4  # of a record: its type and its length
_ROW_FLAGS_AT, _HIDDEN = 12, 0x20
_NO_FONT = 4


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
        refuse_streams(streams)
        raise FileError(
            Code.FILE_UNREADABLE,
            "the file is no workbook of Excel 97 or later. Open it in a spreadsheet program, save it as .xlsx.",
        )
    try:
        return _scan_book(streams["Workbook"])
    except (struct.error, IndexError, ValueError):
        raise damaged() from None


def _scan_book(book: bytes) -> dict[str, Scan]:
    """Scan all records; one of a kind that is no concern of ours is passed over."""
    scanned = _Book()
    for position, kind, content in _records(book):
        take_in = scanned.at.get(kind)
        if take_in is not None:
            take_in(position, content)
        if kind in _CELLS:
            scanned.note_struck(content)
    return scanned.scans()


@dataclass
class _Found:
    """What was found in one sheet; cells by row from 1 and column from 0."""

    error_cells: dict[tuple[int, int], str] = field(default_factory=dict)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    text_formats: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: int = 0
    struck_rows: set[int] = field(default_factory=set)
    texts: Counter[int] = field(default_factory=Counter)  # cells that name a text, by its place in the list


class _Book:
    """What the records say, taken in by their kind.

    A class, since most records make sense only after others: a cell belongs to the sheet whose BOF came last, and names
    its style by the style's number in the order of the file.
    """

    def __init__(self) -> None:
        self.at: dict[int, Callable[[int, bytes], None]] = {
            _FILEPASS: self._refuse_password,
            _BOUNDSHEET: self._name_sheet,
            _BOF: self._start_sheet,
            _DIMENSIONS: self._check_dimensions,
            _FORMAT: self._add_format,
            _FONT: self._add_font,
            _XF: self._add_style,
            _ROW: self._add_row,
            _NUMBER: self._add_number,
            _RK: self._add_short_number,
            _MULRK: self._add_numbers,
            _BOOLERR: self._add_typed_error,
            _FORMULA: self._add_formula,
            _SST: self._start_texts,
            _CONTINUE: self._go_on,
            _LABEL_SST: self._name_text,
        }
        self._names: dict[int, str] = {}  # where a sheet's records begin -> its name
        self._found: dict[int, _Found] = defaultdict(_Found)  # likewise
        self._start = 0  # of the sheet that the next record belongs to
        self._code_of: dict[int, str] = dict(BUILT_IN)  # number of the format -> format
        self._style_formats: list[Format | None] = []  # None where it shows every cell as it is
        self._fonts_struck: list[bool] = []
        self._struck_styles: set[int] = set()
        self._texts: list[bytes] = []  # the records of the list of texts
        self._ends_at = 0  # where the last record of that list ended: only one right behind it goes on with it

    def scans(self) -> dict[str, Scan]:
        """Return what was found, by the names of the sheets."""
        scans = {}
        for start, name in self._names.items():
            found = self._found[start]
            scans[name] = Scan(
                error_cells=found.error_cells,
                formats=found.formats,
                text_formats=found.text_formats,
                hidden_rows=found.hidden_rows,
                struck_rows=found.struck_rows,
                text=self._size_of_texts(found.texts),
            )
        return scans

    def _start_texts(self, position: int, content: bytes) -> None:
        self._texts = [content]
        self._ends_at = position + _HEAD_BYTES + len(content)

    def _go_on(self, position: int, content: bytes) -> None:
        if self._texts and position == self._ends_at:
            self._texts.append(content)
            self._ends_at += _HEAD_BYTES + len(content)

    def _name_text(self, _position: int, content: bytes) -> None:
        row, column, style, place = struct.unpack_from("<HHHI", content)
        self._found[self._start].texts[place] += 1
        telling = self._style_formats[style] if style < len(self._style_formats) else None
        if telling is not None and telling.is_odd:
            self._found[self._start].text_formats[row + 1, column] = telling.code

    def _size_of_texts(self, texts: Counter[int]) -> int:
        """Return how long all texts of a sheet's cells are together at most."""
        most = texts.total() * LONGEST_TEXT
        if most <= MAX_TEXT:
            return most
        # Only where it could be too much is each text looked at.
        lengths = dict(enumerate(self._lengths))
        return sum(lengths.get(place, 0) * count for place, count in texts.items())

    @cached_property
    def _lengths(self) -> list[int]:
        return lengths_of_texts(self._texts)

    def _refuse_password(self, _position: int, _content: bytes) -> None:
        # All contents after this record are encrypted, also those of a workbook that is only protected from changes.
        raise encrypted()

    def _name_sheet(self, _position: int, content: bytes) -> None:
        start = struct.unpack_from("<I", content)[0]
        self._names[start] = _text(content, 6, wide_length=False)

    def _start_sheet(self, position: int, _content: bytes) -> None:
        self._start = position

    def _check_dimensions(self, _position: int, content: bytes) -> None:
        """Refuse a sheet that says it is larger than any can be, before anything is read of it."""
        first_row, after_last_row, first_column, after_last_column = struct.unpack_from("<IIHH", content)
        has_right_rows = first_row <= after_last_row <= _MOST_ROWS
        has_right_columns = first_column <= after_last_column <= _MOST_COLUMNS
        if not (has_right_rows and has_right_columns):
            raise damaged()

    def _add_format(self, _position: int, content: bytes) -> None:
        number = struct.unpack_from("<H", content)[0]
        self._code_of[number] = _text(content, 2, wide_length=True)

    def _add_style(self, _position: int, content: bytes) -> None:
        # The format stands in the record's second field; the formats that every program knows have no record.
        font, number_format = struct.unpack_from("<HH", content)
        # Fonts are counted from 0, and no font has the number 4.
        place = font - 1 if font > _NO_FONT else font
        if place < len(self._fonts_struck) and self._fonts_struck[place]:
            self._struck_styles.add(len(self._style_formats))
        self._style_formats.append(telling_format(self._code_of.get(number_format, "")))

    def _add_font(self, _position: int, content: bytes) -> None:
        flags = struct.unpack_from("<H", content, 2)[0]
        self._fonts_struck.append(bool(flags & _STRUCK))

    def note_struck(self, content: bytes) -> None:
        """Note the row of a filled cell that is crossed out; of neighbors in one record, the first one tells."""
        row, _, style = struct.unpack_from("<HHH", content)
        if style in self._struck_styles:
            self._found[self._start].struck_rows.add(row + 1)

    def _add_row(self, _position: int, content: bytes) -> None:
        if content[_ROW_FLAGS_AT] & _HIDDEN:
            self._found[self._start].hidden_rows += 1

    def _add_number(self, _position: int, content: bytes) -> None:
        row, column, style, value = struct.unpack_from("<HHHd", content)
        self._add_format_of_cell(row, column, style, value)

    def _add_short_number(self, _position: int, content: bytes) -> None:
        row, column, style, packed = struct.unpack_from("<HHHI", content)
        self._add_format_of_cell(row, column, style, short_number(packed))

    def _add_numbers(self, _position: int, content: bytes) -> None:
        """Take in neighbors in one row: the row, the first column, six bytes for each cell, the last column."""
        row, first = struct.unpack_from("<HH", content)
        count = (len(content) - 6) // 6
        end = 4 + count * 6
        cells = struct.iter_unpack("<HI", content[4:end])
        for column, (style, packed) in enumerate(cells, start=first):
            self._add_format_of_cell(row, column, style, short_number(packed))

    def _add_format_of_cell(self, row: int, column: int, style: int, value: float) -> None:
        telling = self._style_formats[style]
        if telling is not None and (telling.is_odd or loses_decimals(value, telling.decimals)):
            self._found[self._start].formats[row + 1, column] = telling.code

    def _add_typed_error(self, _position: int, content: bytes) -> None:
        # One record serves TRUE, FALSE and errors; the last byte tells which the byte before it is.
        if content[7]:
            self._add_error(content, content[6])

    def _add_formula(self, position: int, content: bytes) -> None:
        # A formula's result is a number of eight bytes. What ends in FF FF would be none (NaN), so such bytes say that
        # the result is something else: its kind stands in the first byte, 2 for an error, the error in the third.
        is_number = content[12:14] != b"\xff\xff"
        if is_number:
            self._add_number(position, content)
        elif content[6] == 2:
            self._add_error(content, content[8])

    def _add_error(self, content: bytes, number: int) -> None:
        row, column = struct.unpack_from("<HH", content)
        text = ERROR_TEXTS.get(number, "#ERROR!")
        scan = self._found[self._start]
        scan.error_cells[row + 1, column] = text


def short_number(packed: int) -> float:
    """Return a number of four bytes: a whole one or the upper half of eight bytes, and perhaps its hundredth.

    >>> short_number(0x00000C3A), short_number(0x00000C3B)
    (782.0, 7.82)
    """
    is_whole = packed & 2
    if is_whole:
        signed = packed - (1 << 32) if packed & (1 << 31) else packed
        value = float(signed >> 2)
    else:
        value = struct.unpack("<d", struct.pack("<Q", (packed & ~3) << 32))[0]
    return value / 100 if packed & 1 else value


def _records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, position)
        first = position + 4
        end = first + length
        if end > len(book):
            raise ValueError(position)
        yield position, kind, book[first:end]
        position = end


def _text(content: bytes, place: int, *, wide_length: bool) -> str:
    """Read a text: its length in one byte or two, a flag for two bytes per sign, the signs."""
    if wide_length:
        length = struct.unpack_from("<H", content, place)[0]
        place += 2
    else:
        length = struct.unpack_from("<B", content, place)[0]
        place += 1
    has_wide_signs = content[place] & 1
    first = place + 1
    if has_wide_signs:
        return content[first : first + length * 2].decode("utf-16-le")
    # Narrow signs are those of UTF-16 without their upper byte, which is zero: Latin-1, whatever the code page says.
    return content[first : first + length].decode("latin-1")
