"""Draw the first sheet of the workbook: the three sentences, the facts, the walk, the other parts of the summary.

All blocks share one grid of ten columns; the width of a column of a block counts columns of that grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]  # no marker, see ink

from flows.reports.document import Document, document_of_run
from flows.reports.report import Report
from flows.reports.table import Block, Column, lines
from flows.reports.values import Show, Value
from flows.reports.verdict import Headline
from flows.reports.wording import Tone
from flows.reports.workbook.ink import Brush, Ink, Sheet, brush, heading, put, put_link, put_sum
from flows.reports.workbook.totals import Totals
from flows.runtime.visible import visible

_WIDTHS: Final = (26, 15, *[12.5] * 7, 19)
_WHOLE_WIDTH: Final = (0, len(_WIDTHS) - 1)
_SENTENCE_LINE: Final = 110  # characters of the headline on one line across the grid
_HEADING_LINE: Final = 13  # characters of a heading on one line of one column
_NOTE_LINE: Final = 150  # the same of a note, which is smaller
_NEW_PAGE: Final = ("Where every row went", "Roll-forward of breaks")
_COLORS: Final[dict[Tone, tuple[str, str]]] = {
    "good": ("#E2F0D9", "#1E5631"),
    "wait": ("#FFF2CC", "#5C4400"),
    "bad": ("#FBD5D5", "#7A0010"),
}
_LINE: Final[dict[str, object]] = {"bottom": 1, "bottom_color": "#D0D7E2"}
_RED: Final[dict[str, object]] = {"bg_color": "#FBD5D5", "font_color": "#9C0006", "bold": True}
_GREEN: Final[dict[str, object]] = {"font_color": "#1E5631", "bold": True}
_STRONG: Final[dict[str, object]] = {"bold": True, "bg_color": "#EEF2F7"}
_GRAY: Final = "#595959"
_BLUE: Final = "#1F3A5F"


@dataclass(frozen=True)
class Grid:
    """The sheet being drawn."""

    ink: Ink
    sheet: Sheet
    zone: ZoneInfo
    totals: "Totals"


def write_summary(ink: Ink, report: Report, sheet: Sheet, totals: Totals) -> int:
    """Write the summary of `report`, and return the first row of the lines of its last block, which the chart draws.

    Where its totals stand is noted in `totals`, so that the sheets behind it can lead to them.
    """
    return write_front(ink, document_of_run(report), sheet, totals)


def write_front(ink: Ink, document: Document, sheet: Sheet, totals: Totals) -> int:
    """Write the front of a document, and return the first row of the lines of its last block."""
    grid = Grid(ink, sheet, ZoneInfo(document.timezone), totals)
    for number, width in enumerate(_WIDTHS):
        sheet.set_column(number, number, width)
    end = _write_head(grid, document)
    first = end
    page_breaks = []
    for section in document.sections:
        # A blank row before each block.
        start = end + 1
        if section.name in _NEW_PAGE:
            page_breaks.append(start)
        first, end = _write_section(grid, section, start)
    sheet.set_h_pagebreaks(page_breaks)
    sheet.freeze_panes(1, 0)
    return first


def _write_head(grid: Grid, document: Document) -> int:
    """Write title, headline and facts at the top of the sheet, and return the row after them."""
    _write_title(grid, visible(document.title))
    after = _write_headline(grid, document.found, first=1)
    return _write_facts(grid, document.facts, first=after)


def _write_title(grid: Grid, title: str) -> None:
    grid.sheet.set_row(0, 27)
    put(grid.sheet, 0, 0, title, brush(grid.ink, bold=True, font_size=18, font_color=_BLUE))


def _write_headline(grid: Grid, found: Headline, first: int) -> int:
    """Write the three sentences, each in its own color, and what waits; return the row after them."""
    row = first
    for answer in found.answers:
        back, front = _COLORS[answer.tone]
        _write_sentence(grid, row, answer.sentence, bg_color=back, font_color=front)
        row += 1
    _write_sentence(grid, row, found.waits, font_color=_BLUE)
    return row + 1


def _write_sentence(grid: Grid, row: int, sentence: str, **colors: object) -> None:
    # The merged cells do not grow with their text, and the sentence names everything that is off: without this, a bad
    # night would show the beginning of what is wrong.
    lines_needed = ceil(len(sentence) / _SENTENCE_LINE)
    grid.sheet.set_row(row, 16 * lines_needed + 4)
    look = brush(grid.ink, Show.TEXT, bold=True, font_size=12, text_wrap=True, indent=1, **colors)
    _put_across(grid, row, _WHOLE_WIDTH, sentence, look)


def _write_facts(grid: Grid, known: Sequence[tuple[str, str]], first: int) -> int:
    """Write the pairs of name and text side by side in two, from row `first` on, and return the row after them."""
    gray = brush(grid.ink, font_color=_GRAY)
    plain = brush(grid.ink)
    for number, (name, text) in enumerate(known):
        row = first + number // 2
        is_right = number % 2 == 1
        # The first column of the grid is wide and holds any name; at the right the name takes two.
        name_in, text_in = (5, 7) if is_right else (0, 1)
        put(grid.sheet, row, name_in, name, gray)
        put(grid.sheet, row, text_in, visible(text), plain)
    rows_taken = ceil(len(known) / 2)
    return first + rows_taken


def _write_section(grid: Grid, section: Block, row: int) -> tuple[int, int]:
    """Write one block that starts in `row`; return the row of its first line, and the row after it."""
    title = brush(grid.ink, bold=True, font_size=12, font_color=_BLUE)
    put(grid.sheet, row, 0, section.title, title)
    grid.totals.block_at(section.name, (row, 0))
    headings = _write_note(grid, section.note, row + 1)
    first = headings + 1
    if section.frame.empty:
        aside = brush(grid.ink, italic=True, font_color=_GRAY)
        put(grid.sheet, headings, 0, section.empty, aside)
        return first, first
    _write_headings(grid, section, headings)
    _write_lines(grid, section, first)
    after = first + len(section.frame)
    has_sums = any(column.total for column in section.columns)
    if not has_sums:
        return first, after
    _write_sums(grid, section, first=first, after=after)
    return first, after + 1


def _write_lines(grid: Grid, section: Block, first: int) -> None:
    count = len(section.frame)
    strong = section.frame[section.strong].tolist() if section.strong else [False] * count
    names = section.frame[section.line].tolist() if section.line else []
    for number, line in enumerate(lines(section, grid.zone)):
        row = first + number
        if names:
            _note_totals(grid, section, names[number], row)
        _write_line(grid, section, row, line, is_strong=bool(strong[number]))


def _note_totals(grid: Grid, section: Block, name: str, row: int) -> None:
    """Note where the figures of a line stand, and let each lead to the total that it must equal."""
    for column, (left, _) in _placed(section):
        _note_total(grid, (section.name, name, column.key), (row, left))


def _note_total(grid: Grid, total: tuple[str, str, str], at: tuple[int, int]) -> None:
    grid.totals.put_at(total, at)
    grid.totals.lead(grid.ink, grid.sheet, total, at)


def _write_note(grid: Grid, note: str, row: int) -> int:
    """Write what is said of a block over the whole width, and return the row after it; nothing where nothing is."""
    if not note:
        return row
    lines_needed = ceil(len(note) / _NOTE_LINE)
    grid.sheet.set_row(row, 13 * lines_needed + 2)
    using = brush(grid.ink, font_color=_GRAY, text_wrap=True)
    _put_across(grid, row, _WHOLE_WIDTH, note, using)
    return row + 1


def _write_headings(grid: Grid, section: Block, row: int) -> None:
    has_long = any(len(column.heading) > _HEADING_LINE * column.width for column in section.columns)
    grid.sheet.set_row(row, 30 if has_long else 18)
    for column, place in _placed(section):
        using = heading(grid.ink, column.show)
        _put_across(grid, row, place, column.heading, using)


def _placed(section: Block) -> list[tuple[Column, tuple[int, int]]]:
    """Return every column of the block with the first and the last column of the grid that it takes."""
    placed = []
    left = 0
    for column in section.columns:
        after = left + int(column.width)
        placed.append((column, (left, after - 1)))
        left = after
    return placed


def _write_line(grid: Grid, section: Block, row: int, line: tuple[Value, ...], *, is_strong: bool) -> None:
    lines_needed = 1
    for (column, place), value in zip(_placed(section), line, strict=True):
        using = _line_brush(grid, column, value, is_strong=is_strong)
        if column.show is Show.LINK and isinstance(value, str):
            _put_link_across(grid, row, place, value, using)
        else:
            _put_across(grid, row, place, value, using)
        if isinstance(value, str):
            lines_needed = max(lines_needed, _lines_of(value, place))
    # Merged cells do not grow by themselves. Past eight lines the row would push the others off the page.
    grid.sheet.set_row(row, 14 * min(lines_needed, 8) + 1)


def _put_link_across(grid: Grid, row: int, place: tuple[int, int], sheet_name: str, using: Brush) -> None:
    first, _ = place
    _put_across(grid, row, place, None, using)
    put_link(grid.ink, grid.sheet, (row, first), sheet_name, grid.totals.beginning(sheet_name), using)


def _line_brush(grid: Grid, column: Column, value: Value, *, is_strong: bool) -> Brush:
    properties = dict(_LINE)
    if is_strong:
        properties |= _STRONG
    if column.show in (Show.TEXT, Show.LINK):
        properties["text_wrap"] = True
    # What is off stands out of a total's line, too.
    properties |= _mark(column, value)
    return brush(grid.ink, column.show, **properties)


def _lines_of(text: str, place: tuple[int, int]) -> int:
    first, last = place
    width = sum(_WIDTHS[first : last + 1])
    # The width of a column counts digits, and a line of words has a fifth more letters than digits.
    return ceil(len(text) / width / 1.2)


def _mark(column: Column, value: Value) -> dict[str, object]:
    # Null is not marked: what nobody could count is neither right nor wrong.
    if value is None:
        return {}
    if column.show is Show.FLAG:
        return _GREEN if value else _RED
    is_off = column.zero and value != 0
    return _RED if is_off else {}


def _put_across(grid: Grid, row: int, place: tuple[int, int], value: Value, using: Brush) -> None:
    first, last = place
    if last > first:
        grid.sheet.merge_range(row, first, row, last, "", using.blank)
    put(grid.sheet, row, first, value, using)


def _write_sums(grid: Grid, section: Block, *, first: int, after: int) -> None:
    """Write the sums into the row `after` the lines, which start in row `first`."""
    using = brush(grid.ink, bold=True, top=1, bottom=1, bg_color="#EEF2F7")
    put(grid.sheet, after, 0, section.sum_name, using)
    # The first column holds the name of the sums.
    _, *others = _placed(section)
    for column, (left, _) in others:
        if not column.total:
            continue
        at = (after, left)
        _note_total(grid, (section.name, "", column.key), at)
        figures = section.frame[column.key]
        put_sum(grid.sheet, at, _sum_of_lines(left, first, after), (figures, column.show), using)


def _sum_of_lines(column: int, first: int, after: int) -> str:
    letter = xl_col_to_name(column)
    # A formula counts rows from 1, so the row after the lines is their last one.
    return f"=SUM({letter}{first + 1}:{letter}{after})"
