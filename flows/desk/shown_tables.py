"""The tables of a sheet as a person sees them: their first rows, and above each column what it is read as."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from flows.desk.columns import ToChoose, fields_by_column, to_choose
from flows.desk.sheets import DeskSheet
from flows.desk.visit import Desk
from flows.desk.words import WORDS
from flows.settings.layouts import layouts_of
from transforms.sheets.fields import normalize_heading
from transforms.sheets.headings import Table, fields_of
from transforms.sheets.nearest import nearest_headings
from transforms.sheets.sheet import FileError, Sheet
from transforms.sheets.tables import find_tables
from transforms.vocabulary import Target

_SHOWN_ROWS = 6
_SHOWN_SIGNS = 60


@dataclass(frozen=True)
class ShownTable:
    """The first rows of a table, as they look in a spreadsheet."""

    sheet: str | None
    read_as: Sequence[str]  # above each column, "" where nobody reads it
    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    choice: ToChoose | None = None  # what may be chosen by hand; None where nothing may


def tables_of(desk: Desk, sheets: Sequence[Sheet]) -> tuple[Table, ...]:
    """Return the tables of the sheets, none where no headings are found."""
    try:
        return find_tables(sheets, layouts_of(desk.settings)).tables
    except FileError:
        return ()


def shown_tables(desk: Desk, sheet: DeskSheet, sheets: Sequence[Sheet]) -> list[ShownTable]:
    """Return the tables of a sheet; where no headings are found, what stands in it as it is."""
    tables = tables_of(desk, sheets)
    if not tables:
        return list(_shown_without_headings(desk, sheet, sheets))
    return [_shown(desk, sheet, table) for table in tables]


def _shown_without_headings(desk: Desk, sheet: DeskSheet, sheets: Sequence[Sheet]) -> Iterator[ShownTable]:
    """Give what stands in sheets of which no headings are known, and the row that comes nearest to some as them."""
    nearest = table_nearest(desk, sheets)
    for one in sheets:
        if nearest is not None and one.name == nearest.sheet.name:
            yield _shown(desk, sheet, nearest)
        elif len(one.cells):
            yield _shown_raw(one)


def table_nearest(desk: Desk, sheets: Sequence[Sheet]) -> Table | None:
    """Return the row that comes nearest to headings, as those of a table of points; None where none does."""
    layouts = layouts_of(desk.settings)
    nearest = nearest_headings(sheets, layouts)
    if nearest is None:
        return None
    sheet, row = nearest
    headings = tuple(text if isinstance(text, str) else None for text in sheet.cells.loc[row])
    fields, layout = fields_of({normalize_heading(text) for text in headings if text}, layouts)
    columns: dict[str, int] = {}
    for column, text in enumerate(headings):
        field = fields.get(normalize_heading(text)) if text else None
        if field is not None:
            # Of two columns with one heading the first one is read.
            columns.setdefault(field, column)
    return Table(sheet, row, headings, columns, frozenset({Target.MINDBODY}), layout)


def _shown(desk: Desk, sheet: DeskSheet, table: Table) -> ShownTable:
    fields = fields_by_column(table)
    is_below = table.sheet.cells.index > table.heading_row
    return ShownTable(
        sheet=table.sheet.name,
        read_as=[WORDS.get(fields.get(column, ""), "") for column in range(len(table.headings))],
        headings=[heading or "" for heading in table.headings],
        rows=_texts(table.sheet.cells.loc[is_below]),
        choice=to_choose(desk, table, sheet.site_id),
    )


def _shown_raw(sheet: Sheet) -> ShownTable:
    unread = [""] * len(sheet.cells.columns)
    return ShownTable(sheet.name, read_as=unread, headings=unread, rows=_texts(sheet.cells))


def _texts(cells: pd.DataFrame) -> list[tuple[int, list[str]]]:
    """Return the first rows that hold anything, by their numbers, each cell as it looks."""
    filled = cells.dropna(how="all").head(_SHOWN_ROWS)
    return [(int(row), [_shown_text(text) for text in texts]) for row, *texts in filled.itertuples(name=None)]


def _shown_text(text: Any) -> str:
    return text[:_SHOWN_SIGNS] if isinstance(text, str) else ""


def undated_sheets(tables: Sequence[Table]) -> list[str]:
    """Name the sheets that have points and no column of dates: their rows count as of when they are posted."""
    return [table.sheet.name or "" for table in tables if _has_points_without_dates(table)]


def _has_points_without_dates(table: Table) -> bool:
    is_of_points = Target.MINDBODY in table.targets and "points" in table.columns
    return is_of_points and "action_date_time" not in table.columns
