"""Scan the XML of an .xlsx or .xlsm for what calamine does not tell: errors, formulas without a value, number formats.

How far the cells reach is found in the bytes (`extent`); only a sheet that holds something of interest is
parsed, by expat, element by element. No part may hold a DTD (`archive`), so there are no entities to expand.
"""

import codecs
import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple
from xml.etree.ElementTree import Element
from xml.parsers import expat

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from flows.readers.archive import damaged
from flows.readers.built_in_formats import BUILT_IN
from flows.readers.extent import column_number, find_extent
from flows.readers.limits import MAX_TEXT
from flows.readers.shown_numbers import Format, loses_decimals, telling_format
from flows.readers.workbook import Scan
from transforms.sheets.sheet import FORMULA_WITHOUT_VALUE, SPREADSHEET_ERRORS

_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\shidden\s*=\s*["'](?:1|true)["']""")
_SHARED_TEXT = re.compile(rb"<(?:\w+:)?si[\s>/]")
_SHARED_CELL = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:\w+:)?v>([0-9]{1,9})<""")
_ERROR_OR_FORMULA = (b'"e"', b"'e'", b"<f", b":f")


def scan_ooxml(parts: Mapping[str, bytes]) -> dict[str, Scan]:
    """Return a scan for every sheet by its name."""
    try:
        styles = _cell_styles(parts)
        sizes = _sizes_of_texts(parts)
        return {name: _scan_part(parts[part], styles, sizes) for name, part in sheet_parts(parts).items()}
    except (ParseError, DefusedXmlException, expat.ExpatError, LookupError, ValueError, StopIteration):
        raise damaged() from None


def sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the part of each sheet, by the sheet's name: the book names a relation, the relations name the part."""
    book = "xl/workbook.xml"
    folder, file = posixpath.split(book)
    relations = fromstring(parts[f"{folder}/_rels/{file}.rels"])
    target_of = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    part_of = {}
    for sheet in _found(fromstring(parts[book]), "sheet"):
        relation = next(value for key, value in sheet.attrib.items() if _local(key) == "id")
        # A target is written from the book's folder ("worksheets/sheet1.xml") or from the top ("/xl/worksheets/…").
        target = posixpath.join("/" + folder, target_of[relation])
        part = posixpath.normpath(target).lstrip("/")
        # A sheet whose part is missing gets no scan, and `read_workbook` refuses it.
        if part in parts:
            part_of[sheet.get("name", "")] = part
    return part_of


class _Styles(NamedTuple):
    """The cell styles that are looked for, each by the number that cells name it by."""

    formats: Mapping[str, Format]  # that may show something else than a cell keeps -> its number format
    struck: Set[str]  # that cross a cell out


def _cell_styles(parts: Mapping[str, bytes]) -> _Styles:
    if "xl/styles.xml" not in parts:
        return _Styles({}, frozenset())
    styles = fromstring(parts["xl/styles.xml"])
    # A cell names its style by the style's place in this list.
    of_cells = [style for group in _found(styles, "cellXfs") for style in group]
    return _Styles(_formats(styles, of_cells), _struck(styles, of_cells))


def _struck(styles: Element, of_cells: Sequence[Element]) -> frozenset[str]:
    """Return the numbers of the styles of cells whose text is crossed out."""
    fonts = [font for group in _found(styles, "fonts") for font in group]
    struck_fonts = {str(number) for number, font in enumerate(fonts) if _is_struck(font)}
    struck: set[str] = set()
    for number, style in enumerate(of_cells):
        if style.get("fontId") in struck_fonts:
            struck.add(str(number))
    return frozenset(struck)


def _is_struck(font: Element) -> bool:
    return any(strike.get("val", "1") not in ("0", "false") for strike in _found(font, "strike"))


def _formats(styles: Element, of_cells: Sequence[Element]) -> dict[str, Format]:
    code_of = {str(number): code for number, code in BUILT_IN.items()}
    for number_format in _found(styles, "numFmt"):
        code_of[number_format.get("numFmtId", "")] = number_format.get("formatCode", "")
    formats = {}
    for place, style in enumerate(of_cells):
        telling = telling_format(code_of.get(style.get("numFmtId", ""), ""))
        if telling is not None:
            formats[str(place)] = telling
    return formats


def _found(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if _local(element.tag) == name]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _sizes_of_texts(parts: Mapping[str, bytes]) -> np.ndarray:
    """Return how long each shared text is, in bytes with its marks; cells name it by its place in this list."""
    xml = parts.get("xl/sharedStrings.xml", b"")
    # Each reaches to where the next one begins, and the last one to the end.
    starts = [found.start() for found in _SHARED_TEXT.finditer(xml)]
    bounds = np.array([*starts, len(xml)], np.int64)
    return np.diff(bounds)


def _size_of_shared(xml: bytes, sizes: np.ndarray) -> int:
    """Return how long all shared texts of a sheet's cells are together, each as often as it stands there."""
    cells_count = xml.count(b't="s"') + xml.count(b"t='s'")
    most = int(sizes.max(initial=0)) * cells_count
    if most <= MAX_TEXT:
        return most
    # Only where it could be too much is each cell looked at.
    places = np.array([int(place) for place in _SHARED_CELL.findall(xml)], np.int64)
    known = places[places < len(sizes)]
    return int(sizes[known].sum())


def _scan_part(xml: bytes, styles: _Styles, sizes: np.ndarray) -> Scan:
    # Another encoding, which no spreadsheet program writes, would hide from a search for bytes what the parser sees.
    if not xml.removeprefix(codecs.BOM_UTF8).startswith(b"<"):
        raise damaged()
    rows, columns, filled = find_extent(xml)
    hidden = len(_HIDDEN_ROW.findall(xml)) if b"hidden" in xml else 0
    cells = _Cells(styles)
    # To parse takes many times as long as to search, and most sheets of a million cells hold nothing of interest.
    if _uses(styles, xml) or any(sign in xml for sign in _ERROR_OR_FORMULA):
        cells.parse(xml)
    return Scan(
        rows=rows,
        columns=columns,
        filled=filled,
        error_cells=cells.errors,
        formats=cells.formats,
        text_formats=cells.text_formats,
        hidden_rows=hidden,
        struck_rows=cells.struck_rows,
        text=_size_of_shared(xml, sizes),
    )


def _uses(styles: _Styles, xml: bytes) -> bool:
    """Tell whether any cell of a sheet has a style that may say something of it."""
    odd = {number for number, telling in styles.formats.items() if telling.is_odd}
    if _names(odd | styles.struck, xml):
        return True
    # Nearly every column of money rounds what it shows, and hardly one has more decimals than it shows.
    rounding: dict[int, set[str]] = defaultdict(set)
    for number, telling in styles.formats.items():
        if not telling.is_odd:
            rounding[telling.decimals].add(number)
    return any(_names(numbers, xml, followed_by=_longer_than(decimals)) for decimals, numbers in rounding.items())


def _names(styles: Set[str], xml: bytes, followed_by: bytes = b"") -> bool:
    if not styles:
        return False
    numbers = "|".join(sorted(styles)).encode()
    return re.search(rb"""\ss\s*=\s*["'](?:""" + numbers + rb""")["']""" + followed_by, xml) is not None


def _longer_than(decimals: int) -> bytes:
    """Return a pattern for the rest of a cell whose number has more decimals than so many, or a power of ten."""
    return rb"[^<>]*>\s*<(?:\w+:)?v>-?[0-9]*(?:\.[0-9]{%d}|[0-9.]*[Ee])" % (decimals + 1)


class _Cells:
    """Follow the elements of one sheet and note the cells of interest.

    A class because expat calls back: the place in the document is state between the calls.
    """

    def __init__(self, styles: _Styles) -> None:
        self.errors: dict[tuple[int, int], str] = {}
        self.formats: dict[tuple[int, int], str] = {}
        self.text_formats: dict[tuple[int, int], str] = {}
        self.struck_rows: set[int] = set()
        self._styles = styles
        self._row = 0
        self._column = -1
        self._kind = self._style = ""
        self._text: list[str] | None = None
        self._has_formula = self._is_filled = False

    def parse(self, xml: bytes) -> None:
        """Parse a whole sheet."""
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(xml, True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "c":
            self._start_cell(attributes)
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = -1
        elif name == "f":
            self._has_formula = True
        elif name in ("v", "t"):
            # A text stands in the list of shared ones, or in the cell itself.
            self._is_filled = True
            self._text = []

    def _start_cell(self, attributes: dict[str, str]) -> None:
        # A cell or row without a place follows the one before it.
        place = attributes.get("r", "")
        letters = place.rstrip("0123456789")
        digits = place[len(letters) :]
        self._column = column_number(letters.encode()) if letters else self._column + 1
        self._row = int(digits or self._row)
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._text = None
        self._has_formula = self._is_filled = False

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if _local(tag) != "c":
            return
        value = "".join(self._text or []).strip()
        self._text = None
        place = (self._row, self._column)
        if self._is_filled and self._style in self._styles.struck:
            self.struck_rows.add(self._row)
        if self._kind == "e":
            self.errors[place] = value if value in SPREADSHEET_ERRORS else "#ERROR!"
        elif self._has_formula and not value and self._kind != "str":
            # A formula of kind "str" may well come to the empty text; any other kind would have a value.
            self.errors[place] = FORMULA_WITHOUT_VALUE
        elif self._is_filled and self._style in self._styles.formats:
            self._note_format(place, self._styles.formats[self._style], value)

    def _note_format(self, place: tuple[int, int], telling: Format, value: str) -> None:
        if self._kind in ("s", "str", "inlineStr") and telling.is_odd:
            self.text_formats[place] = telling.code
        elif self._kind == "n" and (telling.is_odd or loses_decimals(float(value or 0), telling.decimals)):
            self.formats[place] = telling.code
