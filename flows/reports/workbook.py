"""Write the report as one workbook made for people: the summary first, then a sheet for each question.

Every sheet says what it shows, holds the sums of the lines that the filter leaves, keeps its headings in sight and
prints in landscape on pages that repeat them. Made twice from one report, the files are the same byte for byte.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]  # no marker, see ink

from flows.reports.charts import draw_breaks, draw_points
from flows.reports.detail import SHEET_LIMIT, detail_path, write_detail
from flows.reports.figures import breaks_by_age, by_day
from flows.reports.ink import Ink, Sheet, brush, heading, open_book, put, put_sum
from flows.reports.report import Report
from flows.reports.summary_sheet import write_summary
from flows.reports.tables import Column, Table, tables
from flows.reports.values import Show, values, visible

_TITLE, _NOTE, _SUMS, _HEADINGS, _FIRST = range(5)  # rows of every sheet but the summary


def write_workbook(report: Report, path: Path, *, sheet_limit: int = SHEET_LIMIT) -> Path:
    """Write `report` to `path` and return it.

    A table of more than `sheet_limit` lines goes whole into a CSV file beside the workbook (`detail_path`), and its sheet
    says so and keeps the sums.
    """
    ink = open_book(str(path), report.finished_at, visible(report.title))
    shown = tables(report)
    summary = _add_sheet(ink, report, "Summary")
    first = write_summary(ink, report, summary)
    draw_breaks(ink, summary, (first + 6, 0), breaks_by_age(report), first)
    draw_points(ink, summary, (first + 6, 4), by_day(report), _FIRST)
    for table in shown:
        elsewhere = None
        if len(table.frame) > sheet_limit:
            elsewhere = write_detail(table, detail_path(path, table.name), report.timezone).name
        _write_table(ink, _add_sheet(ink, report, table.name), table, report.timezone, elsewhere)
    ink.book.close()
    return path


def _add_sheet(ink: Ink, report: Report, name: str) -> Sheet:
    sheet = ink.book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2 if name == "Summary" else 0)
    sheet.set_header(f"&L{_no_codes(report.title)[:120]}&R{_no_codes(report.run_id)[:80]}")
    sheet.set_footer(f"&L&A&CFinished {report.finished_at:%Y-%m-%d %H:%M} UTC&RPage &P of &N")
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    return sheet


def _no_codes(text: str) -> str:
    # An ampersand starts a code in headers and footers.
    return visible(text).replace("&", "+")


def _write_table(ink: Ink, sheet: Sheet, table: Table, timezone: str, elsewhere: str | None) -> None:
    shown = table.frame.iloc[:0] if elsewhere else table.frame
    last = _FIRST + max(len(shown), 1) - 1
    _set_up(ink, sheet, table, last)
    _write_top(ink, sheet, table, last, elsewhere)
    if shown.empty:
        aside = brush(ink, italic=True, font_color="#595959")
        put(sheet, _FIRST, 0, f"See {elsewhere}." if elsewhere else table.empty, aside)
    else:
        _write_lines(ink, sheet, table, ZoneInfo(timezone))


def _write_lines(ink: Ink, sheet: Sheet, table: Table, zone: ZoneInfo) -> None:
    filled = [values(table.frame[column.key], column.show, zone) for column in table.columns]
    brushes = [brush(ink, column.show, **({"text_wrap": True} if _wraps(column) else {})) for column in table.columns]
    for row, line in enumerate(zip(*filled, strict=True), start=_FIRST):
        for number, value in enumerate(line):
            if value is not None:
                put(sheet, row, number, value, brushes[number])


def _wraps(column: Column) -> bool:
    return column.show is Show.TEXT and column.width >= 40


def _set_up(ink: Ink, sheet: Sheet, table: Table, last: int) -> None:
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, column.width)
        if column.zero:
            odd = ink.book.add_format({"bg_color": "#FBD5D5", "font_color": "#9C0006", "bold": True})
            rule = {"type": "cell", "criteria": "!=", "value": 0, "format": odd}
            sheet.conditional_format(_FIRST, number, last, number, rule)
    sheet.freeze_panes(_FIRST, 1)
    sheet.repeat_rows(_HEADINGS)
    sheet.autofilter(_HEADINGS, 0, last, len(table.columns) - 1)
    sheet.set_row(_HEADINGS, 30)


def _write_top(ink: Ink, sheet: Sheet, table: Table, last: int, elsewhere: str | None) -> None:
    note = f"{table.note} All {len(table.frame):,} lines stand in {elsewhere} beside this file." if elsewhere else table.note
    put(sheet, _TITLE, 0, table.name, brush(ink, bold=True, font_size=14, font_color="#1F3A5F"))
    put(sheet, _NOTE, 0, note, brush(ink, font_color="#595959"))
    put(sheet, _SUMS, 0, _counted(table), brush(ink, bold=True))
    for number, column in enumerate(table.columns):
        if column.total:
            letter = xl_col_to_name(number)
            formula = f"=SUBTOTAL(109,{letter}{_FIRST + 1}:{letter}{last + 1})"
            put_sum(sheet, (_SUMS, number), None if elsewhere else formula, table.frame[column.key], brush(ink, bold=True))
    for number, column in enumerate(table.columns):
        put(sheet, _HEADINGS, number, column.heading, heading(ink))


def _counted(table: Table) -> str:
    lines = f"{len(table.frame):,} line" + ("" if len(table.frame) == 1 else "s")
    return f"{lines}; sums of those shown:" if any(column.total for column in table.columns) else lines
