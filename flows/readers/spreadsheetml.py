"""Read the XML of Excel 2002 and 2003 ("XML Spreadsheet 2003"), which report programs still write as .xml or .xls.

Rows and cells may leave out those before them (`ss:Index`), and a cell may reach over its neighbors. A DTD and entities
are refused. Source: Microsoft's "XML Spreadsheet Reference".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from flows.readers.limits import MAX_COLUMNS, MAX_SHEETS, check_cells, check_size, refuse
from flows.readers.values import cell_text, frame_of
from transforms.sheets.sheet import FORMULA_WITHOUT_VALUE, SPREADSHEET_ERRORS, FileError, Sheet
from transforms.vocabulary import Code

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_SS = f"{{{NAMESPACE}}}"
_VISIBLE = "{urn:schemas-microsoft-com:office:excel}Visible"
_ZEROS = re.compile(r"0{2,}")
_NO_FRACTION = re.compile(r"\.0+$")


def read_spreadsheetml(path: Path) -> list[Sheet]:
    """Read all sheets of an XML Spreadsheet."""
    check_size(path.stat().st_size, "XML")
    try:
        return _read_book(path)
    except DefusedXmlException:
        raise _broken("it holds a DTD or entities, which are not read") from None
    except (ParseError, ValueError, LookupError) as error:
        raise _broken(str(error)) from None


def _read_book(path: Path) -> list[Sheet]:
    sheets: list[Sheet] = []
    digits: dict[str, int] = {}  # style -> digits that its number format shows at least
    grid = _Grid()
    for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if element.tag == f"{_SS}Worksheet":
                grid = _Grid(_attribute(element, "Name") or f"Sheet{len(sheets) + 1}")
        elif element.tag == f"{_SS}Style":
            digits[_attribute(element, "ID")] = _digits(element, digits)
        elif element.tag == f"{_SS}Row":
            grid.add_row(element, digits)
            element.clear()
        elif element.tag == _VISIBLE:
            grid.is_hidden = element.text in ("SheetHidden", "SheetVeryHidden")
        elif element.tag == f"{_SS}Worksheet":
            sheets.append(grid.sheet())
            element.clear()
            if len(sheets) > MAX_SHEETS:
                raise refuse("the workbook has more sheets", f"{MAX_SHEETS:,}", "Send fewer.")
    return sheets


def _attribute(element: Element, name: str) -> str:
    return element.get(f"{_SS}{name}", "")


def _digits(style: Element, known: dict[str, int]) -> int:
    """Return how many digits a style shows, by its own number format or that of its parent."""
    formats = [_attribute(found, "Format") for found in style.iter(f"{_SS}NumberFormat")]
    if not formats:
        return known.get(_attribute(style, "Parent"), 0)
    code = formats[0].split(";")[0].replace('"', "")
    return len(code) if _ZEROS.fullmatch(code) else 0


@dataclass
class _Grid:
    """The cells of one sheet, row after row."""

    name: str = ""
    is_hidden: bool = False
    rows: list[list[str | None]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged_rows: set[int] = field(default_factory=set)
    hidden_rows: int = 0
    padded: int = 0
    filled: int = 0
    width: int = 0

    def add_row(self, row: Element, digits: dict[str, int]) -> None:
        """Lay out a row at its place, after the rows that the file leaves out."""
        number = int(_attribute(row, "Index") or len(self.rows) + 1)
        if number <= len(self.rows):
            raise ValueError(f"row {number} of sheet {self.name} stands after row {len(self.rows)}")
        texts = self._texts(row, number, digits)
        span = int(_attribute(row, "Span") or 0)  # so many more rows that look like it, all of them empty
        self.width = max(self.width, len(texts))
        check_cells(number + span, self.width, self.filled, self.name)
        self.rows += [[] for _ in range(number - len(self.rows) - 1)]
        self.rows += [texts, *([] for _ in range(span))]
        self.hidden_rows += _attribute(row, "Hidden") == "1"

    def _texts(self, row: Element, number: int, digits: dict[str, int]) -> list[str | None]:
        texts: list[str | None] = []
        for cell in row.iter(f"{_SS}Cell"):
            column = int(_attribute(cell, "Index") or len(texts) + 1) - 1
            across = int(_attribute(cell, "MergeAcross") or 0)
            if column < len(texts) or column + across >= MAX_COLUMNS:
                raise ValueError(f"a cell of row {number} of sheet {self.name} is out of its place")
            texts += [None] * (column - len(texts))
            texts += [self._text(cell, (number, column), digits), *[None] * across]
            if across:
                self.merged_rows.add(number)
        return texts

    def _text(self, cell: Element, place: tuple[int, int], digits: dict[str, int]) -> str | None:
        found = cell.find(f"{_SS}Data")
        text = "" if found is None else "".join(found.itertext())
        kind = "" if found is None else _attribute(found, "Type")
        if kind == "Error" or (kind == "" and _attribute(cell, "Formula")):
            known = text if text in SPREADSHEET_ERRORS else "#ERROR!"
            self.errors[place] = known if kind else FORMULA_WITHOUT_VALUE
            return None
        self.filled += bool(text)
        if kind == "Number":
            return self._number(text, digits.get(_attribute(cell, "StyleID"), 0))
        if kind == "DateTime":
            return _NO_FRACTION.sub("", text)
        if kind == "Boolean":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        return text or None

    def _number(self, text: str, digits: int) -> str | None:
        number = cell_text(float(text))
        if digits and number is not None and number.isdigit() and len(number) < digits:
            self.padded += 1
            return number.zfill(digits)
        return number

    def sheet(self) -> Sheet:
        """Return what was collected."""
        rows = max(len(self.rows), *(row for row, _ in self.errors), 0)
        width = max(self.width, *(column + 1 for _, column in self.errors), 0)
        check_cells(rows, width, self.filled, self.name)
        return Sheet(
            name=self.name,
            cells=frame_of(self.rows),
            is_hidden=self.is_hidden,
            error_cells=self.errors,
            has_addresses=True,
            merged_rows=frozenset(self.merged_rows),
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        if self.is_hidden:
            yield f'Sheet "{self.name}" is hidden; it was read like the others.'
        if self.hidden_rows:
            yield f'Sheet "{self.name}": rows hidden by a filter or by hand were read too ({self.hidden_rows:,}).'
        if self.padded:
            yield f'Sheet "{self.name}": numbers shown with leading zeros were read as shown ({self.padded:,}).'


def _broken(why: str) -> FileError:
    return FileError(
        Code.FILE_UNREADABLE,
        f"the XML Spreadsheet cannot be read: {why}. Open it in a spreadsheet program, save it as .xlsx, send that.",
    )
