"""Scan the XML of an .xlsx or .xlsm for what calamine does not tell: errors, formulas without a value, zero padding.

How far the cells reach is found in the bytes (`extent`); only a sheet that holds something of interest is
parsed, by expat, element by element. No part may hold a DTD (`archive`), so there are no entities to expand.
"""

import codecs
import posixpath
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from flows.readers.archive import damaged
from flows.readers.extent import column_number, find_extent
from flows.readers.workbook import Scan
from transforms.sheets.sheet import FORMULA_WITHOUT_VALUE, SPREADSHEET_ERRORS

_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\shidden\s*=\s*["'](?:1|true)["']""")
_ERROR_OR_FORMULA = (b'"e"', b"'e'", b"<f", b":f")
_ZEROS = re.compile(r"0{2,}")


def scan_ooxml(parts: Mapping[str, bytes]) -> dict[str, Scan]:
    """Return a scan for every sheet by its name."""
    try:
        padding = _padding_styles(parts)
        return {name: _scan_part(parts[part], padding) for name, part in sheet_parts(parts).items()}
    except (ParseError, DefusedXmlException, expat.ExpatError, LookupError, ValueError, StopIteration):
        raise damaged() from None


def sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the part of each sheet, by the sheet's name."""
    book = next(name for name in ("xl/workbook.xml", *parts) if name.lower().endswith("workbook.xml"))
    folder, file = posixpath.split(book)
    relations = fromstring(parts[f"{folder}/_rels/{file}.rels"])
    target = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    found = {}
    for sheet in _found(fromstring(parts[book]), "sheet"):
        relation = next(value for key, value in sheet.attrib.items() if _local(key) == "id")
        part = posixpath.normpath(posixpath.join("/" + folder, target[relation])).lstrip("/")
        if part in parts:
            found[sheet.get("name", "")] = part
    return found


def _padding_styles(parts: Mapping[str, bytes]) -> dict[str, int]:
    """Return the cell styles that show a number with leading zeros, and to how many digits."""
    if "xl/styles.xml" not in parts:
        return {}
    styles = fromstring(parts["xl/styles.xml"])
    codes = {fmt.get("numFmtId"): fmt.get("formatCode", "").split(";")[0] for fmt in _found(styles, "numFmt")}
    cells = [xf.get("numFmtId") for xfs in _found(styles, "cellXfs") for xf in xfs]
    shown = {str(i): codes.get(number, "").replace('"', "") for i, number in enumerate(cells)}
    return {style: len(code) for style, code in shown.items() if _ZEROS.fullmatch(code)}


def _found(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if _local(element.tag) == name]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _scan_part(xml: bytes, padding: Mapping[str, int]) -> Scan:
    if not xml.removeprefix(codecs.BOM_UTF8).startswith(b"<"):  # another encoding, which no spreadsheet program writes
        raise damaged()
    rows, columns, filled = find_extent(xml)
    hidden = len(_HIDDEN_ROW.findall(xml)) if b"hidden" in xml else 0
    styles = "|".join(padding).encode()
    padded = bool(padding) and re.search(rb"""\ss\s*=\s*["'](?:""" + styles + rb""")["']""", xml) is not None
    if padded or any(sign in xml for sign in _ERROR_OR_FORMULA):
        cells = _Cells(padding)
        cells.parse(xml)
        return Scan(rows, columns, filled, cells.errors, cells.padded, hidden)
    return Scan(rows, columns, filled, hidden_rows=hidden)


class _Cells:
    """Follow the elements of one sheet and note the cells of interest.

    A class because expat calls back: the place in the document is state between the calls.
    """

    def __init__(self, padding: Mapping[str, int]) -> None:
        self.errors: dict[tuple[int, int], str] = {}
        self.padded: dict[tuple[int, int], int] = {}
        self._padding = padding
        self._row = 0
        self._column = -1
        self._kind = self._style = ""
        self._text: list[str] | None = None
        self._has_formula = False

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
        elif name == "v":
            self._text = []

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r", "")
        letters = place.rstrip("0123456789")
        self._column = column_number(letters.encode()) if letters else self._column + 1
        self._row = int(place[len(letters) :] or self._row)
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._text = None
        self._has_formula = False

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if _local(tag) != "c":
            return
        value = "".join(self._text or []).strip()
        self._text = None
        if self._kind == "e":
            self.errors[self._row, self._column] = value if value in SPREADSHEET_ERRORS else "#ERROR!"
        elif self._has_formula and not value and self._kind != "str":
            self.errors[self._row, self._column] = FORMULA_WITHOUT_VALUE
        elif self._kind == "n" and value and self._style in self._padding and value.isdigit():
            self.padded[self._row, self._column] = self._padding[self._style]
