"""Read workbooks: .xlsx .xlsm .xlsb .xls .ods, by python-calamine, which is fast and has no other trouble than these.

It gives "" for a cell that holds #N/A and for a formula without a stored value, so a broken cell would look empty;
and it lays out the whole rectangle from A1 to the last cell, so one stray cell could take all memory. The modules
`ooxml`, `xlsb`, `biff` and `ods` scan the file for both beforehand.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pandas as pd
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from flows.readers.archive import damaged, encrypted
from flows.readers.limits import MAX_SHEETS, check_cells, check_columns, check_text, refuse
from flows.readers.number_formats import is_plain_whole, shown_whole
from flows.readers.panics import without_panics
from flows.readers.shown_numbers import hides_part_of, shown_otherwise, shown_text
from flows.readers.values import column_texts, frame_of_columns
from flows.runtime.garbage import without_collecting
from transforms.sheets.sheet import Sheet

_FLAGS = ("TRUE", "FALSE")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T.*)?")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Scan:
    """What calamine does not tell about a sheet."""

    rows: int = 0  # the last row and column with a cell
    columns: int = 0
    filled: int = 0  # cells, as far as they are written one by one
    error_cells: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (row from 1, column from 0)
    formats: Mapping[tuple[int, int], str] = field(default_factory=dict)  # of numbers, such as 000000 or 0%
    text_formats: Mapping[tuple[int, int], str] = field(default_factory=dict)  # of texts, such as "AB"@
    # Where the file itself says what is shown:
    shown_numbers: Mapping[tuple[int, int], str] = field(default_factory=dict)  # ids, such as 000123
    shown_otherwise: Mapping[tuple[int, int], str] = field(default_factory=dict)  # another number, or nothing
    partial_dates: Collection[tuple[int, int]] = ()  # dates of which not year, month and day are shown
    hidden_rows: int = 0
    struck_rows: Collection[int] = ()  # with a filled cell that is crossed out, from 1
    text: int = 0  # signs in all cells, those of a text that stands in many of them counted each time


def read_workbook(path: Path, scans: Mapping[str, Scan]) -> list[Sheet]:
    """Read all sheets of a scanned workbook; `scans` has one entry per sheet name. A sheet without one is refused."""
    for name, scan in scans.items():
        check_cells(rows=scan.rows, columns=scan.columns, filled=scan.filled, sheet=name)
    check_text(sum(scan.text for scan in scans.values()))
    try:
        with (
            without_panics(),
            without_collecting(),
            path.open("rb") as file,
            CalamineWorkbook.from_filelike(file) as workbook,
        ):
            metas = [meta for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
            if len(metas) > MAX_SHEETS:
                raise refuse(f"the workbook has {len(metas):,} sheets", f"{MAX_SHEETS:,}", "Send fewer.")
            return [
                _read_sheet(workbook.get_sheet_by_name(meta.name), meta.visible, scans[meta.name]) for meta in metas
            ]
    except PasswordError:
        raise encrypted() from None
    except (CalamineError, OSError, ValueError, OverflowError, KeyError):
        raise damaged() from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # calamine's Rust code gave up on a damaged file
            raise
        raise damaged() from None


def _read_sheet(sheet: CalamineSheet, visible: SheetVisibleEnum, scan: Scan) -> Sheet:
    check_columns(1 + max((column for _, column in scan.error_cells), default=-1))
    values = sheet.to_python(skip_empty_area=False)
    # By columns, since the values of a column are mostly of one kind, which is quicker to write as text.
    columns = [column_texts(column) for column in zip(*values, strict=True)]
    seen = _seen(columns, scan)
    _pad(columns, seen.ids)
    is_hidden = visible != SheetVisibleEnum.Visible
    return Sheet(
        name=sheet.name,
        cells=_reaching(frame_of_columns(columns, len(values)), scan.error_cells),
        is_hidden=is_hidden,
        error_cells=scan.error_cells,
        has_addresses=True,
        merged_rows=_merged_rows(sheet),
        shown_cells=seen.ids,
        shown_otherwise=seen.otherwise,
        partial_dates=seen.partial_dates,
        notes=tuple(_notes(sheet.name, is_hidden, scan, seen.ids)),
    )


@dataclass
class Seen:
    """What a person sees in the cells of a sheet that keep something else; by row from 1 and column from 0."""

    ids: dict[tuple[int, int], str] = field(default_factory=dict)  # whole numbers that their format makes ids of
    otherwise: dict[tuple[int, int], str] = field(default_factory=dict)  # another number or text, or nothing ("")
    partial_dates: set[tuple[int, int]] = field(default_factory=set)  # of which year, month or day is not shown

    def look_at_number(self, place: tuple[int, int], code: str, text: str) -> None:
        """Note a number or date, by its format and its text as it is kept."""
        if _DATE.fullmatch(text):
            if hides_part_of(code):
                self.partial_dates.add(place)
            return
        shown = shown_whole(code, int(text)) if is_plain_whole(text) else None
        if shown is not None:
            self.ids[place] = shown
            return
        other = shown_otherwise(code, Decimal(text)) if _NUMBER.fullmatch(text) else None
        if other is not None:
            self.otherwise[place] = other


def _seen(columns: list[list[str | None]], scan: Scan) -> Seen:
    """Return what a person sees of the cells whose format shows something else than they keep."""
    seen = Seen(dict(scan.shown_numbers), dict(scan.shown_otherwise), set(scan.partial_dates))
    for place, code in scan.formats.items():
        text = _text_at(columns, place)
        if text is not None:
            seen.look_at_number(place, code, text)
    for place, code in scan.text_formats.items():
        text = _text_at(columns, place)
        other = None if text is None else shown_text(code, text)
        if other is not None:
            seen.otherwise[place] = other
    return seen


def _text_at(columns: list[list[str | None]], place: tuple[int, int]) -> str | None:
    row, column = place
    # calamine stops at the last cell that it takes for filled, so a scanned cell may lie beyond.
    is_there = column < len(columns) and row <= len(columns[column])
    return columns[column][row - 1] if is_there else None


def _pad(columns: list[list[str | None]], shown: Mapping[tuple[int, int], str]) -> None:
    """Write numbers with the leading zeros that their cells show, and flags as words: they are that in any column."""
    for (row, column), text in shown.items():
        is_any_columns = text.isdigit() or text in _FLAGS
        # Beside the cells that hold anything there may be formats.
        is_there = column < len(columns) and row <= len(columns[column])
        if is_any_columns and is_there:
            columns[column][row - 1] = text


def _reaching(cells: pd.DataFrame, error_cells: Mapping[tuple[int, int], str]) -> pd.DataFrame:
    """Widen the frame where its last rows or columns hold nothing but errors, which calamine took for empty."""
    last_error_row = max((row for row, _ in error_cells), default=0)
    last_error_column = max((column for _, column in error_cells), default=-1)
    height = max(len(cells), last_error_row)
    width = max(len(cells.columns), last_error_column + 1)
    rows = pd.RangeIndex(1, height + 1)
    # The columns that are added would have another type than text.
    return cells.reindex(index=rows, columns=range(width)).astype("str")


def _merged_rows(sheet: CalamineSheet) -> frozenset[int]:
    """Return the rows of which several columns are one cell, where the format tells."""
    rows: set[int] = set()
    for (top, left), (_, right) in sheet.merged_cell_ranges or []:
        if right > left:
            rows.add(top + 1)
    return frozenset(rows)


def _notes(name: str, is_hidden: bool, scan: Scan, shown: Mapping[tuple[int, int], str]) -> Iterator[str]:
    if is_hidden:
        yield f'Sheet "{name}" is hidden.'
    yield from row_notes(name, scan.hidden_rows, scan.struck_rows)
    yield from shown_notes(name, shown)


def row_notes(name: str, hidden_rows: int, struck_rows: Collection[int]) -> Iterator[str]:
    """Say which rows were read though a person may take them for left out: hidden ones, and crossed-out ones."""
    if hidden_rows:
        yield f'Sheet "{name}": rows hidden by a filter or by hand were read too ({hidden_rows:,}).'
    if struck_rows:
        yield (
            f'Sheet "{name}": rows with crossed-out cells were read like any other ({len(struck_rows):,}), the first '
            f"is row {min(struck_rows)}. Delete those that are not to be posted."
        )


def shown_notes(name: str, shown: Mapping[tuple[int, int], str]) -> Iterator[str]:
    """Say that ids were read as their number format shows them."""
    padded = [text for text in shown.values() if text.isdigit()]
    if padded:
        yield f'Sheet "{name}": numbers shown with leading zeros were read as shown ({len(padded):,}).'
    others = [text for text in shown.values() if not text.isdigit() and text not in _FLAGS]
    if others:
        yield f'Sheet "{name}": numbers are read as their cells show them, such as {others[0]} ({len(others):,}).'
