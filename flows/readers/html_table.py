"""Read the ".xls" that is really HTML, as older Mindbody reports are.

All tables of the page are one sheet, one below the other, as a spreadsheet program shows them. What browsers forgive is
forgiven: rows without <tr>, entities without semicolon, cells that are not closed. Cells that span several columns or
rows fill their first place; scripts and styles are no text.
"""

import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

from flows.readers.encoding import encoding_notes, find_encoding
from flows.readers.limits import MAX_SHEET_COLUMNS, MAX_SPANNED, check_cells, check_size, refuse
from flows.readers.values import frame_of
from transforms.sheets.sheet import FileError, Sheet
from transforms.vocabulary import Code

_MAX_SPAN = 1_000  # what HTML itself allows for colspan
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def read_html(path: Path) -> list[Sheet]:
    """Read the tables of an HTML file as one sheet without a name."""
    check_size(path.stat().st_size, "HTML")
    encoding = find_encoding(path)
    tables = _Tables()
    tables.feed(path.read_bytes().decode(encoding))
    tables.close()
    tables.end_row()
    if tables.is_cut_off:
        raise FileError(
            Code.FILE_UNREADABLE,
            "the page ends inside a table, so it was cut off. Export the report again and send that.",
        )
    if not tables.rows:
        raise FileError(Code.FILE_UNREADABLE, "the HTML page holds no table. Export the report again and send that.")
    width = max(map(len, tables.rows))
    written = sum(map(len, tables.rows))
    check_cells(rows=len(tables.rows), columns=width, filled=written, sheet=path.name)
    sheet = Sheet(
        name=None,
        cells=frame_of(tables.rows),
        has_addresses=True,
        merged_rows=frozenset(tables.merged_rows),
        notes=encoding_notes(encoding),
    )
    return [sheet]


class _Tables(HTMLParser):
    """Collect the cells of all tables. A class because the standard library's parser calls back."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str | None]] = []
        self.merged_rows: set[int] = set()
        self._row: list[str | None] | None = None
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._taken: dict[int, set[int]] = defaultdict(set)  # row -> columns that a cell above reaches into
        self._spanned = 0
        self._depth = 0
        self._silent = 0
        self._closes = False

    @property
    def is_cut_off(self) -> bool:
        """Whether the page ends inside a table; one that closes nothing at all ends like that, and is whole."""
        return self._depth > 0 and self._closes

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, row or cell."""
        if tag == "table":
            self.end_row()
            self._depth += 1
        elif tag == "tr":
            self.end_row()
            self._row = []
        elif tag in ("td", "th") and self._depth:
            self._start_cell({name: value or "" for name, value in attrs})
        elif tag in ("script", "style"):
            self._silent += 1
        elif tag in ("br", "p", "div"):
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        """Close a table, row or cell; a close without its opening is passed over."""
        if tag in ("td", "th"):
            self._closes = True
            self._end_cell()
        elif tag == "tr":
            self._closes = True
            self.end_row()
        elif tag == "table":
            self.end_row()
            self._depth = max(0, self._depth - 1)
        elif tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        """Add to the text of the open cell."""
        if self._text is not None and not self._silent:
            self._text.append(data)

    def end_row(self) -> None:
        """Close the open row, if there is one; a row without cells is none, as in a spreadsheet program."""
        self._end_cell()
        if self._row:
            self.rows.append(self._row)
        self._row = None

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._end_cell()
        if self._row is None:
            self._row = []
        self._text = []
        self._span = (_span(attributes.get("colspan")), _span(attributes.get("rowspan")))

    def _end_cell(self) -> None:
        if self._text is None or self._row is None:
            return
        columns, rows = self._span
        index = len(self.rows)
        # A cell above that spans several rows has its place here too, and pushes this one to the right.
        while len(self._row) in self._taken[index]:
            self._row.append(None)
        first = len(self._row)
        text = "".join(self._text)
        self._row.append(_BLANKS.sub(" ", text).strip())
        self._row += [None] * (columns - 1)
        self._spanned += columns * (rows - 1)
        # A few signs can reach over a million cells, and every cell of a page may.
        if self._spanned > MAX_SPANNED or len(self._row) > MAX_SHEET_COLUMNS:
            raise refuse(
                "the cells of the page reach over too many others",
                f"{MAX_SPANNED:,} cells and {MAX_SHEET_COLUMNS:,} columns",
                "Export the report as a workbook or CSV, and send that.",
            )
        for row_below in range(index + 1, index + rows):
            self._taken[row_below].update(range(first, first + columns))
        if columns > 1:
            self.merged_rows.add(index + 1)
        self._text = None


def _span(text: str | None) -> int:
    """Read a span as browsers do: what is no number, or is zero, is one."""
    if not text or not text.isascii() or not text.isdigit():
        return 1
    # Nine digits are past any limit; thousands of them would be no number for Python at all.
    return min(int(text[:9]) or 1, _MAX_SPAN)
