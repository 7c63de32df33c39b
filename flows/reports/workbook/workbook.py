"""Write the report as one workbook made for people: the summary first, then a sheet for each question.

Every sheet says what it shows, holds the sums of the lines that the filter leaves, keeps its headings in sight and
prints in landscape on pages that repeat them. Made twice from one report, the files are the same byte for byte.
"""

from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]  # no marker, see ink

from flows.reports.document import Document
from flows.reports.equal_totals.leads import leads
from flows.reports.figures import breaks_by_age, by_day
from flows.reports.report import Report
from flows.reports.sheets.tables import tables
from flows.reports.table import Block, Column, by_line
from flows.reports.values import Show, Value, values
from flows.reports.workbook.charts import draw_breaks, draw_points
from flows.reports.workbook.detail import SHEET_LIMIT, detail_path, write_detail
from flows.reports.workbook.ink import Ink, Sheet, brush, heading, open_book, put, put_link, put_sum
from flows.reports.workbook.summary_sheet import write_front, write_summary
from flows.reports.workbook.totals import Totals, totals_of
from flows.runtime.visible import visible
from transforms.spoken_times import spoken

_TITLE, _NOTE, _SUMS, _HEADINGS, _FIRST = range(5)  # rows of every sheet but the summary
_TIME_WIDTH = {Show.UTC: 17, Show.LOCAL: 17, Show.WALL: 17, Show.DATE: 10}


def write_workbook(report: Report, path: Path, *, sheet_limit: int = SHEET_LIMIT) -> Path:
    """Write `report` to `path` and return it.

    A block of more than `sheet_limit` lines goes whole into a CSV file beside the workbook (`detail_path`), and its
    sheet says so and keeps the sums.
    """
    lines_count = sum(len(block.frame) for block in tables(report))
    with open_book(path, report.finished_at, visible(report.title), lines_count) as ink:
        summary = _add_sheet(ink, report, "Summary")
        totals = totals_of(tables(report), leads(report), _SUMS)
        first = write_summary(ink, report, summary, totals)
        # Beside the lines of the last block of the summary, which are what the first chart draws.
        top = first - 1
        draw_breaks(ink, summary, (top, 3), breaks_by_age(report), first)
        draw_points(ink, summary, (top, 7), by_day(report), _FIRST)
        for block in tables(report):
            _write_table(ink, report, block, path, sheet_limit, totals)
    return path


def write_document_workbook(document: Document, path: Path, *, sheet_limit: int = SHEET_LIMIT) -> Path:
    """Write a report of a period to `path` and return it; its front first, a sheet for each table behind it."""
    lines_count = sum(len(block.frame) for block in document.tables)
    with open_book(path, document.finished_at, visible(document.title), lines_count) as ink:
        front = _add_sheet(ink, document, "Summary")
        front.fit_to_pages(1, 0)
        totals = totals_of(document.tables, document.leads, _SUMS)
        write_front(ink, document, front, totals)
        for block in document.tables:
            _write_table(ink, document, block, path, sheet_limit, totals)
    return path


def _write_table(
    ink: Ink, report: Report | Document, block: Block, path: Path, sheet_limit: int, totals: Totals
) -> None:
    elsewhere = None
    if len(block.frame) > sheet_limit:
        elsewhere = write_detail(block, detail_path(path, block.name), report.timezone).name
    sheet = _add_sheet(ink, report, block.name)
    _write_block(ink, sheet, block, report.timezone, elsewhere, totals)


def _add_sheet(ink: Ink, report: Report | Document, name: str) -> Sheet:
    sheet = ink.book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.hide_gridlines(2)
    if name == "Summary":
        sheet.set_print_scale(68)  # the ten columns take the width of the paper
    else:
        sheet.fit_to_pages(1, 0)
    unscaled = {"scale_with_doc": False}  # also legible on the pages of a wide sheet
    # A header takes 255 characters in all, codes included.
    title = _no_codes(report.title)[:120]
    run_id = _no_codes(report.run_id)[:80]
    sheet.set_header(f"&L{title}&R{run_id}", unscaled)
    finished = report.finished_at.replace(second=0).astimezone(ZoneInfo(report.timezone))
    sheet.set_footer(f"&L&A&CFinished {spoken(finished)} {finished.tzname()}&RPage &P of &N", unscaled)
    # Ids of digits are meant as text; without this every one of them bears a green triangle that calls it a mistake.
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    return sheet


def _no_codes(text: str) -> str:
    # An ampersand starts a code in headers and footers.
    return visible(text).replace("&", "+")


def _write_block(ink: Ink, sheet: Sheet, block: Block, timezone: str, elsewhere: str | None, totals: Totals) -> None:
    shown = block.frame.iloc[:0] if elsewhere else block.frame
    filled = _filled(block, shown, ZoneInfo(timezone))
    widths = [_width(column, cells) for column, cells in zip(block.columns, filled, strict=True)]
    # A sheet without lines has one row below its headings, for the sentence that says so.
    rows_taken = max(len(shown), 1)
    last = _FIRST + rows_taken - 1
    _set_up(ink, sheet, block, widths, last)
    _write_top(ink, sheet, block, last, elsewhere, totals)
    if shown.empty:
        said = f"See {elsewhere}." if elsewhere else block.empty
        aside = brush(ink, italic=True, font_color="#595959")
        put(sheet, _FIRST, 0, said, aside)
    else:
        _write_lines(ink, sheet, block, filled, widths, totals)


def _filled(block: Block, shown: pd.DataFrame, zone: ZoneInfo) -> list[list[Value]]:
    if shown.empty:
        return [[] for _ in block.columns]
    return [values(shown[column.key], column.show, zone) for column in block.columns]


def _width(column: Column, cells: list[Value]) -> float:
    """Return how wide a column is: as its longest value, and its heading on two lines fits."""
    words = column.heading.split()
    longest_word = max(len(word) for word in words)
    half_heading = len(column.heading) / 2
    # Room for the button of the filter; large numbers show separators, and sums are longer.
    least = max(longest_word, half_heading) + 4
    spare = 4.5 if column.total else 2.5
    return min(column.width, max(least, _longest(column, cells) + spare))


def _longest(column: Column, cells: list[Value]) -> int:
    """Return how many characters the longest value shows."""
    # The text of a time as Python writes it is longer than what the cell shows.
    if column.show in _TIME_WIDTH:
        return _TIME_WIDTH[column.show]
    return max((len(str(cell)) for cell in cells if cell is not None), default=0)


def _write_lines(
    ink: Ink, sheet: Sheet, block: Block, filled: list[list[Value]], widths: list[float], totals: Totals
) -> None:
    brushes = []
    wrapped = []  # the numbers of the columns that wrap
    for number, column in enumerate(block.columns):
        if _has_to_wrap(column, filled[number], widths[number]):
            wrapped.append(number)
            brushes.append(brush(ink, column.show, text_wrap=True))
        else:
            brushes.append(brush(ink, column.show))
    links = {number for number, column in enumerate(block.columns) if column.show is Show.LINK}
    # Row by row from top to bottom: the library streams, and a row that was left cannot be written to again.
    for row, line in enumerate(by_line(filled), start=_FIRST):
        if wrapped:
            _set_height(sheet, row, [(line[number], widths[number]) for number in wrapped])
        for number, value in enumerate(line):
            if value is None:
                continue
            if number in links and isinstance(value, str):
                put_link(ink, sheet, (row, number), value, totals.beginning(value), brushes[number])
            else:
                put(sheet, row, number, value, brushes[number])


def _has_to_wrap(column: Column, cells: list[Value], width: float) -> bool:
    # Only where some text is too long: a row of wrapped cells has to be measured, and a sheet may have 100,000 of them.
    if column.show not in (Show.TEXT, Show.ID):
        return False
    return any(isinstance(cell, str) and len(cell) > width - 2 for cell in cells)


def _set_height(sheet: Sheet, row: int, wrapped: list[tuple[Value, float]]) -> None:
    # Not every program fits the height of a row to wrapped text when it opens a file.
    lines = max(_lines(cell, width) if isinstance(cell, str) else 1 for cell, width in wrapped)
    if lines > 1:
        sheet.set_row(row, min(13 * lines + 2, 400))


def _lines(text: str, width: float) -> int:
    lines = ceil(len(text) / width / 1.1)
    if lines < 2:
        return lines
    # A long word, such as an id in a command, goes to the next line whole and leaves the rest of its line blank.
    words = text.replace("-", " ").split()
    longest_word = max(map(len, words), default=0)
    has_long_word = longest_word > max(width / 2, 12)
    return lines + 1 if has_long_word else lines


def _set_up(ink: Ink, sheet: Sheet, block: Block, widths: list[float], last: int) -> None:
    end = len(block.columns) - 1
    for number, column in enumerate(block.columns):
        sheet.set_column(number, number, widths[number])
        if column.zero:
            _mark_what_is_off(ink, sheet, number, last)
    # One rule draws the line under every row, also under blank cells.
    line = ink.book.add_format({"bottom": 1, "bottom_color": "#D0D7E2"})
    sheet.conditional_format(_FIRST, 0, last, end, {"type": "formula", "criteria": "=TRUE", "format": line})
    sheet.freeze_panes(_FIRST, 1)
    sheet.repeat_rows(_HEADINGS)
    sheet.autofilter(_HEADINGS, 0, last, end)
    sheet.set_row(_HEADINGS, 30)


def _mark_what_is_off(ink: Ink, sheet: Sheet, number: int, last: int) -> None:
    red = ink.book.add_format({"bg_color": "#FBD5D5", "font_color": "#9C0006", "bold": True})
    rule = {"type": "cell", "criteria": "!=", "value": 0, "format": red}
    sheet.conditional_format(_FIRST, number, last, number, rule)


def _write_top(ink: Ink, sheet: Sheet, block: Block, last: int, elsewhere: str | None, totals: Totals) -> None:
    note = block.note
    if elsewhere:
        note = f"{block.note} All {len(block.frame):,} lines stand in {elsewhere} beside this file."
    put(sheet, _TITLE, 0, block.title, brush(ink, bold=True, font_size=14, font_color="#1F3A5F"))
    put(sheet, _NOTE, 0, note, brush(ink, font_color="#595959"))
    _write_sums(ink, sheet, block, last, elsewhere, totals)
    for number, column in enumerate(block.columns):
        put(sheet, _HEADINGS, number, column.heading, heading(ink, column.show))


def _write_sums(ink: Ink, sheet: Sheet, block: Block, last: int, elsewhere: str | None, totals: Totals) -> None:
    bold = brush(ink, bold=True)
    totals.lead(ink, sheet, (block.name, "", ""), (_SUMS, 0))
    put(sheet, _SUMS, 0, _counted(block), bold)
    for number, column in enumerate(block.columns):
        if not column.total:
            continue
        # Where the lines stand elsewhere a formula would add up nothing: the sum of all of them is written.
        formula = None if elsewhere else _sum_of_the_shown(number, last)
        figures = block.frame[column.key]
        totals.lead(ink, sheet, (block.name, "", column.key), (_SUMS, number))
        put_sum(sheet, (_SUMS, number), formula, (figures, column.show), bold)


def _sum_of_the_shown(number: int, last: int) -> str:
    # SUBTOTAL with 109 adds what the filter leaves: a person who filters by a client sees that client's points.
    letter = xl_col_to_name(number)
    return f"=SUBTOTAL(109,{letter}{_FIRST + 1}:{letter}{last + 1})"


def _counted(block: Block) -> str:
    count = len(block.frame)
    lines = "1 line" if count == 1 else f"{count:,} lines"
    has_sums = any(column.total for column in block.columns)
    return f"{lines}; sum" if has_sums else lines
