"""Scan the XML of an .ods for what calamine does not tell: errors, number formats, hidden rows, the extent.

The text of a cell is what a person sees in it, 000123 of 123 or nothing of 10; repeated cells can reach far.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from xml.parsers import expat

from flows.readers.archive import damaged, encrypted
from flows.readers.spelled_numbers import says
from flows.readers.workbook import Scan
from transforms.sheets.sheet import FORMULA_WITHOUT_VALUE, SPREADSHEET_ERRORS

_MAX_REPEATED = 1_000_000
# What a number format has made an id of: zeros before it, or letters and dashes around it. Plain digits, thousands,
# decimals and signs of money are the number itself.
_SHOWN_AS_ID = re.compile(
    r"0[0-9]+|(?=.*[A-Za-z/-])(?!-)[0-9A-Za-z][0-9A-Za-z /-]*[0-9]|(?=.*[0-9])[0-9]+[-/][0-9A-Za-z/-]+"
)
_DAY = re.compile(r"(?P<year>[0-9]{4})-[0-9]{2}-(?P<day>[0-9]{2})")
_NUMBERS = ("float", "percentage", "currency")
_CELLS = ("table:table-cell", "table:covered-table-cell")  # covered by a merged one


def scan_ods(parts: Mapping[str, bytes]) -> dict[str, Scan]:
    """Return a scan for every sheet by its name."""
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise encrypted()
    tables = _Tables()
    try:
        tables.parse(parts["content.xml"])
    except (expat.ExpatError, LookupError, ValueError):
        raise damaged() from None
    return tables.scans


class _Tables:
    """Follow the tables of a document. A class because expat calls back."""

    def __init__(self) -> None:
        self.scans: dict[str, Scan] = {}
        # Styles stand before the tables.
        self._style = ""
        self._struck_styles: set[str] = set()
        # Of the open table.
        self._name = ""
        self._rows = self._columns = self._filled = self._hidden = 0
        self._struck: set[int] = set()
        self._errors: dict[tuple[int, int], str] = {}
        self._shown: dict[tuple[int, int], str] = {}
        self._otherwise: dict[tuple[int, int], str] = {}
        self._partial_dates: dict[tuple[int, int], str] = {}
        # Of the open row and cell, both counted from 0. Either may stand for many of its kind.
        self._row = self._column = 0
        self._row_repeat = self._column_repeat = 1
        self._is_hidden = self._is_struck = False
        self._text: list[str] | None = None
        self._size = self._all_text = 0  # signs of the open cell, and of all cells of the table
        self._is_filled = self._is_number = self._is_flag = False
        self._may_be_error = self._is_unvalued = False
        self._number: str | None = None  # what the open cell keeps, where it is a number
        self._date: str | None = None  # or a date
        self._has_text = False  # whether the open cell says what is shown of it

    def parse(self, xml: bytes) -> None:
        """Parse a whole document."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(xml, True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _CELLS:
            self._start_cell(attributes)
        elif tag == "table:table-row":
            self._row_repeat = int(attributes.get("table:number-rows-repeated", 1))
            self._column = 0
            self._is_hidden = attributes.get("table:visibility") in ("collapse", "filter")
        elif tag == "table:table":
            self._name = attributes.get("table:name", "")
            self._row = self._rows = self._columns = self._filled = self._hidden = self._all_text = 0
            self._struck = set()
            self._errors = {}
            self._shown = {}
            self._otherwise = {}
            self._partial_dates = {}
        elif tag == "text:p" and self._text is not None:
            self._has_text = True
        elif tag == "style:style":
            self._style = attributes.get("style:name", "")
        elif tag == "style:text-properties" and _crosses_out(attributes):
            self._struck_styles.add(self._style)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._column_repeat = int(attributes.get("table:number-columns-repeated", 1))
        self._is_struck = attributes.get("table:style-name") in self._struck_styles
        self._text = []
        self._size = 0
        kind = attributes.get("office:value-type")
        has_formula = "table:formula" in attributes
        self._is_filled = kind is not None
        self._is_number = kind == "float"
        self._number = attributes.get("office:value") if kind in _NUMBERS else None
        self._date = attributes.get("office:date-value") if kind == "date" else None
        self._has_text = False
        # What LibreOffice makes of TRUE in a sheet that another program wrote: a person sees the word.
        self._is_flag = attributes.get("table:formula", "").endswith(("=TRUE()", "=FALSE()"))
        self._is_unvalued = has_formula and not self._is_filled
        # LibreOffice marks an error as such; other programs store its name as the text that the formula came to.
        is_marked = attributes.get("calcext:value-type") == "error"
        self._may_be_error = is_marked or (has_formula and kind == "string")

    def _characters(self, text: str) -> None:
        if self._text is None:
            return
        self._size += len(text)
        if len(self._text) < 100:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if tag in _CELLS:
            self._end_cell()
        elif tag == "table:table-row":
            self._row += self._row_repeat
            # Beyond the last row with a cell all the rest may be hidden, a million rows of nothing.
            if self._is_hidden and self._rows == self._row:
                self._hidden += self._row_repeat
        elif tag == "table:table":
            self.scans[self._name] = Scan(
                rows=self._rows,
                columns=self._columns,
                filled=self._filled,
                error_cells=self._errors,
                shown_numbers=self._shown,
                shown_otherwise=self._otherwise,
                partial_dates=self._partial_dates.keys(),
                hidden_rows=self._hidden,
                struck_rows=self._struck,
                text=self._all_text,
            )

    def _end_cell(self) -> None:
        text = "".join(self._text or []).strip()
        self._text = None
        self._all_text += self._size * self._row_repeat * self._column_repeat
        if text or self._is_filled:
            self._note_filled()
        if self._may_be_error and text in SPREADSHEET_ERRORS:
            self._add_errors(text)
        elif self._is_unvalued and not text:
            self._add_errors(FORMULA_WITHOUT_VALUE)
        if self._is_number and (self._is_flag or _SHOWN_AS_ID.fullmatch(text)):
            self._add(self._shown, text)
        elif self._has_text and self._number is not None and not _shows(text, self._number):
            self._add(self._otherwise, text)
        elif self._has_text and self._date is not None and not _shows_day(text, self._date):
            self._add(self._partial_dates, text)
        self._column += self._column_repeat

    def _note_filled(self) -> None:
        """Note how far the sheet reaches with this cell, and whether it is struck through."""
        row_after = self._row + self._row_repeat
        # A repeated row counts once: a few signs of XML must not make a million rows look filled.
        self._filled += self._column_repeat
        self._rows = max(self._rows, row_after)
        self._columns = max(self._columns, self._column + self._column_repeat)
        if self._is_struck:
            last_struck = min(row_after, self._row + _MAX_REPEATED)
            self._struck.update(range(self._row + 1, last_struck + 1))

    def _add_errors(self, text: str) -> None:
        self._add(self._errors, text)

    def _add(self, found: dict[tuple[int, int], str], text: str) -> None:
        """Keep the text for each cell that the open one stands for: two equal rows are written as one, repeated."""
        # A few signs of XML can repeat a cell over every one of a sheet.
        if self._row_repeat * self._column_repeat > _MAX_REPEATED:
            raise ValueError(text)
        first_row = self._row + 1
        rows = range(first_row, first_row + self._row_repeat)
        columns = range(self._column, self._column + self._column_repeat)
        for row in rows:
            for column in columns:
                found[row, column] = text


def _shows(text: str, number: str) -> bool:
    """Tell whether the text of a cell says the number that it keeps, in whatever language."""
    try:
        kept = Decimal(f"{float(number):.15g}")
    except (ValueError, InvalidOperation):
        return True
    return says(text, kept, is_english=False)


def _shows_day(text: str, date: str) -> bool:
    """Tell whether the text of a date holds its year and its day, in figures."""
    found = _DAY.match(date)
    if found is None:
        return True
    numbers = re.findall("[0-9]+", text)
    year, day = found["year"], found["day"]
    has_year = year in numbers or year[2:] in numbers
    return has_year and any(number.lstrip("0") == day.lstrip("0") for number in numbers)


def _crosses_out(properties: Mapping[str, str]) -> bool:
    """Tell whether a style's text has a line through it."""
    style = properties.get("style:text-line-through-style", "none")
    return style != "none" and properties.get("style:text-line-through-type", "single") != "none"
