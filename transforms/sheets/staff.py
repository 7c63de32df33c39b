"""The column that names who gave the points, where a sheet has one: kept for totals, never sent.

It is no field of either service: no rule reads it, no identity and no fingerprint of a row depends on it.
"""

from collections.abc import Collection, Iterable
from typing import Final

import pandas as pd

from transforms.sheets.fields import normalize_heading
from transforms.sheets.headings import Table
from transforms.sheets.layout import NO_HEADING

LONGEST_STAFF: Final = 100
# The first of these that a sheet has; exact, since "Staff notes" is something else.
_HEADINGS: Final = ("staff", "staffmember", "staffname", "employee", "instructor", "teacher", "trainer")


def staff_column(headings: Iterable[str | None], fields: Collection[int] = ()) -> int | None:
    """Return the column that names staff, None where no heading says so; ``fields`` are columns that a rule reads.

    >>> staff_column(["ClientId", "Points", "Staff Name"]), staff_column(["Staff notes", None])
    (2, None)
    """
    column_of: dict[str, int] = {}
    for column, text in enumerate(headings):
        # A layout may have made a field of it.
        if text is not None and column not in fields:
            column_of.setdefault(normalize_heading(text), column)
    return next((column_of[heading] for heading in _HEADINGS if heading in column_of), None)


def staff_of(table: Table) -> int | None:
    """Return the column of a table that names staff: the one that its layout says, else as its headings tell."""
    said = None if table.layout is None else table.layout.staff
    if said is None:
        return staff_column(table.headings, table.columns.values())
    if said == NO_HEADING:
        return None
    wanted = normalize_heading(said)
    for column, text in enumerate(table.headings):
        if text and normalize_heading(text) == wanted:
            return column
    return None


def staff_texts(cells: pd.DataFrame, column: int | None) -> "pd.Series[str]":
    """Return who is named in each row, in one line and no longer than is kept; NA where nobody is."""
    if column is None or column not in cells:
        return pd.Series(None, index=cells.index, dtype="str")
    in_one_line = cells[column].astype("str").str.split().str.join(" ")
    texts: pd.Series[str] = in_one_line.str.slice(0, LONGEST_STAFF)
    return texts
