"""Read the XML of Excel 2002 and 2003 ("XML Spreadsheet 2003"), which report programs still write as .xml or .xls.

Rows and cells may leave out those before them (`ss:Index`), and a cell may reach over its neighbors. A DTD and entities
are refused. Source: Microsoft's "XML Spreadsheet Reference".
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from flows.readers.limits import MAX_SHEET_COLUMNS, MAX_SHEETS, check_cells, check_size, refuse
from flows.readers.shown_numbers import Format, loses_decimals, shown_text, telling_format
from flows.readers.values import cell_text, frame_of
from flows.readers.workbook import Seen, row_notes, shown_notes
from transforms.sheets.sheet import FORMULA_WITHOUT_VALUE, SPREADSHEET_ERRORS, FileError, Sheet
from transforms.vocabulary import Code

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_SS = f"{{{NAMESPACE}}}"
_STYLE, _NUMBER_FORMAT, _FONT = f"{_SS}Style", f"{_SS}NumberFormat", f"{_SS}Font"
_WORKSHEET, _ROW, _CELL, _DATA = f"{_SS}Worksheet", f"{_SS}Row", f"{_SS}Cell", f"{_SS}Data"
_VISIBLE = "{urn:schemas-microsoft-com:office:excel}Visible"
# Formats by a name, as this format of files has them.
_NAMED = {
    "Fixed": "0.00",
    "Standard": "#,##0.00",
    "Percent": "0.00%",
    "Scientific": "0.00E+00",
    "Currency": "$#,##0.00",
    "Euro Currency": "[$€-2] #,##0.00",
    "Yes/No": '"Yes";"Yes";"No"',
    "True/False": '"True";"True";"False"',
    "On/Off": '"On";"On";"Off"',
    "Short Time": "h:mm",
    "Medium Time": "h:mm AM/PM",
    "Long Time": "h:mm:ss AM/PM",
}
_NO_NAMES = ("General Number", "General Date", "Short Date", "Medium Date", "Long Date")
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
    book = _Book()
    for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            book.start(element)
        else:
            book.end(element)
    return book.sheets


class _Book:
    """The sheets of a workbook so far. A class, since styles and the open sheet are state between the elements."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        # style -> its number format, None where it shows every cell as it is
        self._style_formats: dict[str, Format | None] = {}
        self._struck_styles: set[str] = set()  # that cross a cell out
        self._grid = _Grid()
        self._at_end: dict[str, Callable[[Element], None]] = {
            _STYLE: self._add_style,
            _ROW: self._add_row,
            _VISIBLE: self._set_visibility,
            _WORKSHEET: self._add_sheet,
        }

    def start(self, element: Element) -> None:
        """Open a sheet: its name stands in its first tag, and its rows end long before it does."""
        if element.tag == _WORKSHEET:
            name = _attribute(element, "Name") or f"Sheet{len(self.sheets) + 1}"
            self._grid = _Grid(name)

    def end(self, element: Element) -> None:
        """Take in an element that is complete; most are parts of a row, and come with it."""
        take_in = self._at_end.get(element.tag)
        if take_in is not None:
            take_in(element)

    def _add_style(self, style: Element) -> None:
        name = _attribute(style, "ID")
        self._style_formats[name] = self._format(style)
        if self._is_struck(style):
            self._struck_styles.add(name)

    def _format(self, style: Element) -> Format | None:
        """Return the number format of a style, its own or that of its parent, None where it shows cells as they are."""
        own = style.find(f".//{_NUMBER_FORMAT}")
        if own is None:
            return self._style_formats.get(_attribute(style, "Parent"))
        name = _attribute(own, "Format")
        return None if name in _NO_NAMES else telling_format(_NAMED.get(name, name))

    def _is_struck(self, style: Element) -> bool:
        """Tell whether a style crosses its cells out, by its own font or by that of its parent."""
        own = style.find(f".//{_FONT}")
        if own is None:
            return _attribute(style, "Parent") in self._struck_styles
        return _attribute(own, "StrikeThrough") == "1"

    def _add_row(self, row: Element) -> None:
        self._grid.add_row(row, self._style_formats)
        if self._struck_styles:
            self._grid.note_struck(row, self._struck_styles)
        # The parser keeps every element; without this, the cells of a million rows would stay in memory.
        row.clear()

    def _set_visibility(self, visible: Element) -> None:
        self._grid.is_hidden = visible.text in ("SheetHidden", "SheetVeryHidden")

    def _add_sheet(self, worksheet: Element) -> None:
        self.sheets.append(self._grid.sheet())
        worksheet.clear()
        if len(self.sheets) > MAX_SHEETS:
            raise refuse("the workbook has more sheets", f"{MAX_SHEETS:,}", "Send fewer.")


def _attribute(element: Element, name: str) -> str:
    return element.get(f"{_SS}{name}", "")


def _across(cell: Element) -> int:
    """Return how many neighbors a cell reaches over."""
    return int(_attribute(cell, "MergeAcross") or 0)


@dataclass
class _Grid:
    """The cells of one sheet, row after row."""

    name: str = ""
    is_hidden: bool = False
    rows: list[list[str | None]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged_rows: set[int] = field(default_factory=set)
    hidden_rows: int = 0
    struck_rows: set[int] = field(default_factory=set)
    seen: Seen = field(default_factory=Seen)
    filled: int = 0
    width: int = 0

    def add_row(self, row: Element, style_formats: Mapping[str, Format | None]) -> None:
        """Lay out a row at its place, after the rows that the file leaves out."""
        rows_before = len(self.rows)
        number = int(_attribute(row, "Index") or rows_before + 1)
        if number <= rows_before:
            raise ValueError(f"row {number} of sheet {self.name} stands after row {rows_before}")
        texts = self._texts(row, number, style_formats)
        # A span stands for so many more rows below that look like this one, all of them empty.
        span = int(_attribute(row, "Span") or 0)
        self.width = max(self.width, len(texts))
        # Asked before anything is laid out: Index and Span are a few signs, and could name a billion rows.
        check_cells(rows=number + span, columns=self.width, filled=self.filled, sheet=self.name)
        self._add_empty_rows(number - rows_before - 1)
        self.rows.append(texts)
        self._add_empty_rows(span)
        if _attribute(row, "Hidden") == "1":
            self.hidden_rows += 1

    def note_struck(self, row: Element, struck_styles: Collection[str]) -> None:
        """Note the row that was added last where a filled cell of it is crossed out; a cell has its row's style."""
        of_row = _attribute(row, "StyleID")
        for cell in row.iter(_CELL):
            style = _attribute(cell, "StyleID") or of_row
            is_filled = cell.find(_DATA) is not None
            if is_filled and style in struck_styles:
                number = _attribute(row, "Index") or len(self.rows)
                self.struck_rows.add(int(number))

    def _add_empty_rows(self, count: int) -> None:
        self.rows += [[] for _ in range(count)]

    def _texts(self, row: Element, number: int, style_formats: Mapping[str, Format | None]) -> list[str | None]:
        texts: list[str | None] = []
        for cell in row.iter(_CELL):
            column = self._column(cell, number, after=len(texts))
            texts += [None] * (column - len(texts))
            texts.append(self._text(cell, (number, column), style_formats))
            across = _across(cell)
            if across:
                # The neighbors that a merged cell reaches over are empty, as spreadsheet programs have them.
                texts += [None] * across
                self.merged_rows.add(number)
        return texts

    def _column(self, cell: Element, number: int, *, after: int) -> int:
        """Return where a cell of the row stands, from 0; `ValueError` where it cannot stand after so many others."""
        # The file counts columns from 1, and only says so where cells before this one are left out.
        column = int(_attribute(cell, "Index") or after + 1) - 1
        if column < after or column + _across(cell) >= MAX_SHEET_COLUMNS:
            raise ValueError(f"a cell of row {number} of sheet {self.name} is out of its place")
        return column

    def _text(self, cell: Element, place: tuple[int, int], style_formats: Mapping[str, Format | None]) -> str | None:
        content = cell.find(_DATA)
        if content is None:
            text = kind = ""
        else:
            # A text with formats inside is split into elements.
            text = "".join(content.itertext())
            kind = _attribute(content, "Type")
        if kind == "Error":
            self.errors[place] = text if text in SPREADSHEET_ERRORS else "#ERROR!"
            return None
        if not kind and _attribute(cell, "Formula"):
            # Programs that do not calculate write formulas alone. Empty, such a cell would look left blank on purpose.
            self.errors[place] = FORMULA_WITHOUT_VALUE
            return None
        if text:
            self.filled += 1
        return self._shown(text, kind, place, style_formats.get(_attribute(cell, "StyleID")))

    def _shown(self, text: str, kind: str, place: tuple[int, int], telling: Format | None) -> str | None:
        """Return a value as the person sees it; `telling` is its number format, where that may show something else."""
        if kind == "Number":
            return self._number(text, place, telling)
        if kind == "DateTime":
            date = _NO_FRACTION.sub("", text)
            if telling is not None:
                self.seen.look_at_number(place, telling.code, date)
            return date
        if kind == "Boolean":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        other = None if telling is None else shown_text(telling.code, text)
        if other is not None:
            self.seen.otherwise[place] = other
        return text or None

    def _number(self, text: str, place: tuple[int, int], telling: Format | None) -> str | None:
        value = float(text)
        number = cell_text(value)
        if number is None or telling is None:
            return number
        if telling.is_odd or loses_decimals(value, telling.decimals):
            self.seen.look_at_number(place, telling.code, number)
        shown = self.seen.ids.get(place, "")
        return shown if shown.isdigit() else number

    def sheet(self) -> Sheet:
        """Return what was collected."""
        last_error_row = max((row for row, _ in self.errors), default=0)
        last_error_column = max((column for _, column in self.errors), default=-1)
        check_cells(
            rows=max(len(self.rows), last_error_row),
            columns=max(self.width, last_error_column + 1),
            filled=self.filled,
            sheet=self.name,
        )
        return Sheet(
            name=self.name,
            cells=frame_of(self.rows),
            is_hidden=self.is_hidden,
            error_cells=self.errors,
            has_addresses=True,
            merged_rows=frozenset(self.merged_rows),
            shown_cells=self.seen.ids,
            shown_otherwise=self.seen.otherwise,
            partial_dates=self.seen.partial_dates,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        if self.is_hidden:
            yield f'Sheet "{self.name}" is hidden.'
        yield from row_notes(self.name, self.hidden_rows, self.struck_rows)
        yield from shown_notes(self.name, self.seen.ids)


def _broken(why: str) -> FileError:
    return FileError(
        Code.FILE_UNREADABLE,
        f"the XML Spreadsheet cannot be read: {why}. Open it in a spreadsheet program, save it as .xlsx, send that.",
    )
