"""Draw the first sheet of the workbook: the verdict, the facts, one block for each part of the summary, the charts.

All blocks share one grid of ten columns; the width of a column of a block counts columns of that grid.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]  # no marker, see ink

from flows.reports.report import Report
from flows.reports.summary import facts, sections
from flows.reports.table import Block, Column
from flows.reports.values import Show, Value, values, visible
from flows.reports.wording import Tone, headline
from flows.reports.workbook.ink import Brush, Ink, Sheet, brush, heading, put, put_sum

_WIDTHS: Final = (26, 15, *[12.5] * 7, 19)
_NEW_PAGE: Final = ("Where every row went", "Roll-forward of breaks")
_COLORS: Final[dict[Tone, tuple[str, str]]] = {
    "good": ("#E2F0D9", "#1E5631"),
    "wait": ("#FFF2CC", "#5C4400"),
    "bad": ("#FBD5D5", "#7A0010"),
}
_LINE: Final[dict[str, object]] = {"bottom": 1, "bottom_color": "#D0D7E2"}
_RED: Final[dict[str, object]] = {"bg_color": "#FBD5D5", "font_color": "#9C0006", "bold": True}
_GREEN: Final[dict[str, object]] = {"font_color": "#1E5631", "bold": True}
_GRAY: Final = "#595959"
_BLUE: Final = "#1F3A5F"


@dataclass(frozen=True)
class Grid:
    """The sheet being drawn."""

    ink: Ink
    sheet: Sheet
    zone: ZoneInfo


def write_summary(ink: Ink, report: Report, sheet: Sheet) -> int:
    """Write the summary of `report`, and return the first row of the lines of its last block, which the chart draws."""
    grid = Grid(ink, sheet, ZoneInfo(report.timezone))
    for number, width in enumerate(_WIDTHS):
        sheet.set_column(number, number, width)
    row = _write_head(grid, report)
    first, breaks = row, []
    for section in sections(report):
        first = row + 3
        if section.name in _NEW_PAGE:
            breaks.append(row + 1)
        row = _write_section(grid, section, row + 1)
    sheet.set_h_pagebreaks(breaks)
    sheet.freeze_panes(2, 0)
    return first


def _write_head(grid: Grid, report: Report) -> int:
    found = headline(report)
    back, front = _COLORS[found.tone]
    grid.sheet.set_row(0, 27)
    put(grid.sheet, 0, 0, visible(report.title), brush(grid.ink, bold=True, font_size=18, font_color=_BLUE))
    grid.sheet.set_row(1, 20 * ceil(len(found.sentence) / 105) + 6)
    banner = {"bold": True, "font_size": 13, "bg_color": back, "font_color": front, "text_wrap": True, "indent": 1}
    _put_across(grid, 1, (0, len(_WIDTHS) - 1), found.sentence, brush(grid.ink, Show.TEXT, **banner))
    for number, (name, text) in enumerate(facts(report)):
        row, column = 2 + number // 2, 5 * (number % 2)
        put(grid.sheet, row, column, name, brush(grid.ink, font_color=_GRAY))
        put(grid.sheet, row, column + 1 + number % 2, visible(text), brush(grid.ink))
    return 2 + ceil(len(facts(report)) / 2)


def _write_section(grid: Grid, section: Block, row: int) -> int:
    """Write one block that starts in `row`, and return the row after it."""
    put(grid.sheet, row, 0, section.name, brush(grid.ink, bold=True, font_size=12, font_color=_BLUE))
    put(grid.sheet, row, 3, section.note, brush(grid.ink, font_color=_GRAY))
    if section.frame.empty:
        put(grid.sheet, row + 1, 0, section.empty, brush(grid.ink, italic=True, font_color=_GRAY))
        return row + 2
    grid.sheet.set_row(row + 1, 18)
    for column, place in _placed(section):
        _put_across(grid, row + 1, place, column.heading, heading(grid.ink, column.show))
    filled = [values(section.frame[column.key], column.show, grid.zone) for column in section.columns]
    for below, line in enumerate(zip(*filled, strict=True), start=row + 2):
        _write_line(grid, section, below, line)
    return _write_sums(grid, section, row + 2)


def _placed(section: Block) -> list[tuple[Column, tuple[int, int]]]:
    """Return every column of the block with the first and the last column of the grid that it takes."""
    placed, left = [], 0
    for column in section.columns:
        placed.append((column, (left, left + int(column.width) - 1)))
        left += int(column.width)
    return placed


def _write_line(grid: Grid, section: Block, row: int, line: tuple[Value, ...]) -> None:
    needed = 1
    for (column, place), value in zip(_placed(section), line, strict=True):
        wraps: dict[str, object] = {"text_wrap": True} if column.show is Show.TEXT else {}
        using = brush(grid.ink, column.show, **{**_LINE, **wraps, **_mark(column, value)})
        _put_across(grid, row, place, value, using)
        room = sum(_WIDTHS[place[0] : place[1] + 1])
        needed = max(needed, ceil(len(value) / room / 1.2) if isinstance(value, str) else 1)
    grid.sheet.set_row(row, 14 * min(needed, 8) + 1)


def _mark(column: Column, value: Value) -> dict[str, object]:
    if column.show is Show.FLAG and value is not None:
        return _GREEN if value else _RED
    return _RED if column.zero and value not in (0, None) else {}


def _put_across(grid: Grid, row: int, place: tuple[int, int], value: Value, using: Brush) -> None:
    first, last = place
    if last > first:
        grid.sheet.merge_range(row, first, row, last, "", using.blank)
    put(grid.sheet, row, first, value, using)


def _write_sums(grid: Grid, section: Block, first: int) -> int:
    """Write the sums under the lines that start in row `first`, where there are any; return the row after the block."""
    after = first + len(section.frame)
    if not any(column.total for column in section.columns):
        return after
    bold: dict[str, object] = {"bold": True, "top": 1, "bottom": 1, "bg_color": "#EEF2F7"}
    put(grid.sheet, after, 0, section.sum_name, brush(grid.ink, Show.TEXT, **bold))
    for column, (left, _) in _placed(section)[1:]:
        if column.total:
            letter = xl_col_to_name(left)
            formula = f"=SUM({letter}{first + 1}:{letter}{after})"
            put_sum(
                grid.sheet,
                (after, left),
                formula,
                (section.frame[column.key], column.show),
                brush(grid.ink, Show.TEXT, **bold),
            )
    return after + 1
