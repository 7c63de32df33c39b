"""Write a table that is too long for a sheet as a CSV file beside the workbook.

Spreadsheets open CSV files too, and take =, +, - and @ at the start of a cell for a formula: text that starts so gets
an apostrophe before it, as a spreadsheet would write it. Numbers stay numbers.
"""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from flows.reports.table import Block, Column
from flows.reports.values import UNSEEN, Show, visible

SHEET_LIMIT: Final = 100_000  # more lines than these nobody reads in a spreadsheet


def detail_path(workbook: Path, name: str) -> Path:
    """Return where the lines of table `name` stand when they are too many for the workbook.

    >>> detail_path(Path("reports/r1.xlsx"), "Rejected rows").name
    'r1-rejected-rows.csv'
    """
    return workbook.with_name(f"{workbook.stem}-{name.lower().replace(' ', '-')}.csv")


def write_detail(table: Block, path: Path, timezone: str) -> Path:
    """Write all lines of `table` to `path` as UTF-8 CSV with the headings of its sheet, and return the path."""
    shown = {column.heading: _cells(table.frame[column.key], column, timezone) for column in table.columns}
    pd.DataFrame(shown).to_csv(path, index=False, lineterminator="\n")
    return path


def _cells(cells: "pd.Series[Any]", column: Column, timezone: str) -> "pd.Series[Any]":
    # A million lines: whole columns at once.
    if column.show in (Show.UTC, Show.LOCAL):
        moments = pd.to_datetime(cells, utc=True)
        moments = moments.dt.tz_convert(timezone) if column.show is Show.LOCAL else moments
        return moments.dt.strftime("%Y-%m-%d %H:%M:%S")
    if column.show not in (Show.TEXT, Show.ID):
        return cells
    text = cells.astype("string").str.replace(UNSEEN, lambda match: visible(match.group()), regex=True)
    return text.where(~text.str.match(r"[=+\-@]").fillna(False), "'" + text)
