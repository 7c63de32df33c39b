"""Write a block that is too long for a sheet as a CSV file beside the workbook.

Spreadsheets open CSV files too, and take =, +, - and @ at the start of a cell for a formula: text that starts so gets
an apostrophe before it, as a spreadsheet would write it. Numbers stay numbers.
"""

import re
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from flows.reports.table import Block
from flows.reports.values import Show
from flows.runtime.visible import UNSEEN, visible
from flows.runtime.whole_file import written_whole

SHEET_LIMIT: Final = 100_000  # more lines than these nobody reads in a spreadsheet


def detail_path(workbook: Path, name: str) -> Path:
    """Return where the lines of block `name` stand when they are too many for the workbook.

    >>> detail_path(Path("reports/r1.xlsx"), "Rejected rows").name
    'r1-rejected-rows.csv'
    """
    ending = name.lower().replace(" ", "-")
    return workbook.with_name(f"{workbook.stem}-{ending}.csv")


def write_detail(block: Block, path: Path, timezone: str) -> Path:
    """Write all lines of `block` to `path` as UTF-8 CSV with the headings of its sheet, and return the path."""
    shown = {column.heading: _cells(block.frame[column.key], column.show, timezone) for column in block.columns}
    with written_whole(path) as part:
        pd.DataFrame(shown).to_csv(part, index=False, lineterminator="\n")
    return path


def _cells(cells: "pd.Series[Any]", show: Show, timezone: str) -> "pd.Series[Any]":
    # A million lines: whole columns at once, where the other forms of the report go value by value.
    if show in (Show.UTC, Show.LOCAL, Show.WALL):
        return _times(cells, timezone if show is Show.LOCAL else "UTC")
    if show in (Show.TEXT, Show.ID):
        return _text(cells)
    return cells


def _times(cells: "pd.Series[Any]", timezone: str) -> "pd.Series[Any]":
    moments = pd.to_datetime(cells, utc=True).dt.tz_convert(timezone).dt.tz_localize(None)
    # Arrow writes a time to the second as a spreadsheet does, and a million of them ten times as fast as strftime.
    to_the_second = moments.dt.floor("s").astype("datetime64[s]")
    written = pa.Array.from_pandas(to_the_second).cast(pa.string())
    texts = pd.Series(written, index=cells.index, dtype="str")
    has_fraction = moments.dt.microsecond.fillna(0).ne(0)
    if not has_fraction.any():
        return texts
    fractions = moments[has_fraction].dt.strftime(".%f").str.rstrip("0")
    with_fractions = texts + fractions.reindex(texts.index, fill_value="")
    return texts.where(~has_fraction, with_fractions)


def _text(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    text = cells.astype("string")
    # In a million values there is most often none that could do harm, and one look at all of them says so.
    if UNSEEN.search("|".join(text.dropna())):
        text = text.str.replace(UNSEEN, _visible, regex=True)
    starts_a_formula = text.str.startswith(("=", "+", "-", "@")).fillna(False)
    return text.where(~starts_a_formula, "'" + text) if starts_a_formula.any() else text


def _visible(match: re.Match[str]) -> str:
    return visible(match.group())
