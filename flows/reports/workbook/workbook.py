"""Write the report as one workbook made for people: the summary first, then a sheet for each question.

Every sheet says what it shows, holds the sums of the lines that the filter leaves, keeps its headings in sight and
prints in landscape on pages that repeat them. Made twice from one report, the files are the same byte for byte.
"""

from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]  # no marker, see ink

from flows.reports.figures import breaks_by_age, by_day
from flows.reports.report import Report
from flows.reports.sheets import tables
from flows.reports.table import Block, Column
from flows.reports.values import Show, Value, values, visible
from flows.reports.workbook.charts import draw_breaks, draw_points
from flows.reports.workbook.detail import SHEET_LIMIT, detail_path, write_detail
from flows.reports.workbook.ink import Ink, Sheet, brush, heading, open_book, put, put_sum
from flows.reports.workbook.summary_sheet import write_summary

_TITLE, _NOTE, _SUMS, _HEADINGS, _FIRST = range(5)  # rows of every sheet but the summary


def write_workbook(report: Report, path: Path, *, sheet_limit: int = SHEET_LIMIT) -> Path:
    """Write `report` to `path` and return it.

    A table of more than `sheet_limit` lines goes whole into a CSV file beside the workbook (`detail_path`), and its
    sheet says so and keeps the sums.
    """
    with open_book(path, report.finished_at, visible(report.title)) as ink:
        summary = _add_sheet(ink, report, "Summary")
        first = write_summary(ink, report, summary)
        draw_breaks(ink, summary, (first - 2, 3), breaks_by_age(report), first)
        draw_points(ink, summary, (first - 2, 7), by_day(report), _FIRST)
        for table in tables(report):
            elsewhere = None
            if len(table.frame) > sheet_limit:
                elsewhere = write_detail(table, detail_path(path, table.name), report.timezone).name
            _write_table(ink, _add_sheet(ink, report, table.name), table, report.timezone, elsewhere)
    return path


def _add_sheet(ink: Ink, report: Report, name: str) -> Sheet:
    sheet = ink.book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.hide_gridlines(2)
    if name == "Summary":
        sheet.set_print_scale(85)  # the ten columns take the width of the paper
    else:
        sheet.fit_to_pages(1, 0)
    unscaled = {"scale_with_doc": False}  # also legible on the pages of a wide sheet
    sheet.set_header(f"&L{_no_codes(report.title)[:120]}&R{_no_codes(report.run_id)[:80]}", unscaled)
    sheet.set_footer(f"&L&A&CFinished {report.finished_at:%Y-%m-%d %H:%M} UTC&RPage &P of &N", unscaled)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    return sheet


def _no_codes(text: str) -> str:
    # An ampersand starts a code in headers and footers.
    return visible(text).replace("&", "+")


def _write_table(ink: Ink, sheet: Sheet, table: Block, timezone: str, elsewhere: str | None) -> None:
    shown = table.frame.iloc[:0] if elsewhere else table.frame
    zone = ZoneInfo(timezone)
    filled = [values(shown[column.key], column.show, zone) if len(shown) else [] for column in table.columns]
    widths = [_width(column, cells) for column, cells in zip(table.columns, filled, strict=True)]
    last = _FIRST + max(len(shown), 1) - 1
    _set_up(ink, sheet, table, widths, last)
    _write_top(ink, sheet, table, last, elsewhere)
    if shown.empty:
        aside = brush(ink, italic=True, font_color="#595959")
        put(sheet, _FIRST, 0, f"See {elsewhere}." if elsewhere else table.empty, aside)
    else:
        _write_lines(ink, sheet, table, filled, widths)


def _width(column: Column, cells: list[Value]) -> float:
    """Return how wide a column is: as its longest value, and its heading on two lines fits."""
    taken = {Show.UTC: 17, Show.LOCAL: 17, Show.DATE: 10}.get(column.show)
    longest = taken or max((len(str(cell)) for cell in cells if cell is not None), default=0)
    # Half the heading, and room for the button of the filter; large numbers show separators, and sums are longer.
    least = max(max(map(len, column.heading.split())), len(column.heading) / 2) + 4
    spare = 4.5 if column.total else 2.5
    return min(column.width, max(least, longest + spare))


def _write_lines(ink: Ink, sheet: Sheet, table: Block, filled: list[list[Value]], widths: list[float]) -> None:
    wraps = [
        column.show in (Show.TEXT, Show.ID) and any(isinstance(cell, str) and len(cell) > width - 2 for cell in cells)
        for column, cells, width in zip(table.columns, filled, widths, strict=True)
    ]
    brushes = [
        brush(ink, column.show, **({"text_wrap": True} if wrap else {}))
        for column, wrap in zip(table.columns, wraps, strict=True)
    ]
    for row, line in enumerate(zip(*filled, strict=True), start=_FIRST):
        if any(wraps):
            _set_height(
                sheet, row, [(cell, width) for cell, width, wrap in zip(line, widths, wraps, strict=True) if wrap]
            )
        for number, value in enumerate(line):
            if value is not None:
                put(sheet, row, number, value, brushes[number])


def _set_height(sheet: Sheet, row: int, wrapped: list[tuple[Value, float]]) -> None:
    # Not every program fits the height of a row to wrapped text when it opens a file.
    lines = max(_lines(cell, width) if isinstance(cell, str) else 1 for cell, width in wrapped)
    if lines > 1:
        sheet.set_row(row, min(13 * lines + 2, 400))


def _lines(text: str, width: float) -> int:
    # A long word, such as an id in a command, goes to the next line whole and leaves the rest of its line blank.
    lines = ceil(len(text) / width / 1.1)
    return lines + (lines > 1 and max(map(len, text.replace("-", " ").split()), default=0) > max(width / 2, 12))


def _set_up(ink: Ink, sheet: Sheet, table: Block, widths: list[float], last: int) -> None:
    end = len(table.columns) - 1
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, widths[number])
        if column.zero:
            odd = ink.book.add_format({"bg_color": "#FBD5D5", "font_color": "#9C0006", "bold": True})
            rule = {"type": "cell", "criteria": "!=", "value": 0, "format": odd}
            sheet.conditional_format(_FIRST, number, last, number, rule)
    # One rule draws the line under every row, also under blank cells.
    line = ink.book.add_format({"bottom": 1, "bottom_color": "#D0D7E2"})
    sheet.conditional_format(_FIRST, 0, last, end, {"type": "formula", "criteria": "=TRUE", "format": line})
    sheet.freeze_panes(_FIRST, 1)
    sheet.repeat_rows(_HEADINGS)
    sheet.autofilter(_HEADINGS, 0, last, end)
    sheet.set_row(_HEADINGS, 30)


def _write_top(ink: Ink, sheet: Sheet, table: Block, last: int, elsewhere: str | None) -> None:
    note = (
        f"{table.note} All {len(table.frame):,} lines stand in {elsewhere} beside this file."
        if elsewhere
        else table.note
    )
    put(sheet, _TITLE, 0, table.name, brush(ink, bold=True, font_size=14, font_color="#1F3A5F"))
    put(sheet, _NOTE, 0, note, brush(ink, font_color="#595959"))
    put(sheet, _SUMS, 0, _counted(table), brush(ink, bold=True))
    for number, column in enumerate(table.columns):
        if column.total:
            letter = xl_col_to_name(number)
            formula = f"=SUBTOTAL(109,{letter}{_FIRST + 1}:{letter}{last + 1})"
            put_sum(
                sheet,
                (_SUMS, number),
                None if elsewhere else formula,
                (table.frame[column.key], column.show),
                brush(ink, bold=True),
            )
    for number, column in enumerate(table.columns):
        put(sheet, _HEADINGS, number, column.heading, heading(ink, column.show))


def _counted(table: Block) -> str:
    lines = f"{len(table.frame):,} line" + ("" if len(table.frame) == 1 else "s")
    return f"{lines}; sum" if any(column.total for column in table.columns) else lines
