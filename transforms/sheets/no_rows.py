"""Tell what is no row of a table: titles, blank rows, repeated headings, group rows, subtotals and totals.

Whatever is not surely one of these is a row, and is rejected if it is wrong: a row is never dropped in silence.
"""

import pandas as pd

from transforms.sheets.fields import MARKED_FIELDS
from transforms.sheets.headings import Table
from transforms.sheets.sheet import CELL_ERRORS

_TOTAL = r"(?:(?:sub|grand)[\s-]*)?totals?\b.*|# ?(?:of )?clients\b.*"
_ENDS_WITH_TOTAL = r".*\b(?:sub|grand)?[\s-]*totals?:?"
_NAMES = ("client_id", "reward_id")
_ENTERED = ("action", "payout_id")  # no total and no group row fills these


def reasons_of(cells: pd.DataFrame, table: Table) -> pd.Series:
    """Say why a row of the sheet is no row; NA for rows and for the headings."""
    marks = [column for field, column in table.columns.items() if field in MARKED_FIELDS]
    # A Status alone makes no row.
    filled_count = cells.drop(columns=marks).notna().sum(axis=1)
    reason = pd.Series(None, index=cells.index, dtype="str")
    # Where headings are keys (JSON, XML) nobody lays a page out, so a client called "Total" is a client.
    if table.sheet.heading_row is None:
        reason[cells.index.isin(table.repeated_rows)] = "repeated heading"
        # A row with an action was entered by somebody, whatever it is called: it is judged, never passed over. Passed
        # over as the name of a group, a client without points beside it would be missing, and nobody told.
        is_doubtful = reason.isna() & (filled_count > 0) & _is_unentered(cells, table)
        doubtful = cells[is_doubtful]
        is_total = _is_total(doubtful)
        reason[doubtful[is_total].index] = "total"
        is_lone = (filled_count[doubtful.index] == 1) & reason[doubtful.index].isna()
        lone = doubtful[is_lone]
        is_group = _is_group(lone, table)
        reason[lone[is_group].index] = "group"
    reason[reason.index < table.heading_row] = "title"
    reason[filled_count == 0] = "blank"
    reason[reason.index == table.heading_row] = None
    return reason


def _is_unentered(cells: pd.DataFrame, table: Table) -> pd.Series:
    entered = [table.columns[field] for field in _ENTERED if field in table.columns]
    is_empty = cells[entered].isna()
    return is_empty.all(axis=1)


def _is_total(cells: pd.DataFrame) -> pd.Series:
    """Tell rows whose first filled cell is the label of a sum."""
    label = _first_text(cells).str.casefold()
    begins_so = label.str.fullmatch(_TOTAL)
    # With a blank, as in "ClassPass Total": an id such as AB-TOTAL is a client's.
    ends_so = label.str.fullmatch(_ENDS_WITH_TOTAL) & label.str.contains(" ")
    return begins_so | ends_so


def _first_text(cells: pd.DataFrame) -> pd.Series:
    """Return the text of the first filled cell of each row."""
    return cells.bfill(axis=1).iloc[:, 0].astype("str")


def _is_group(cells: pd.DataFrame, table: Table) -> pd.Series:
    """Tell the name of a group from a row that is incomplete, among rows with one filled cell.

    It stands in a column that no rule reads, or its cell is merged over several columns, or it is the first column and
    the text has no digit: an id without anything else to it is a row that somebody did not finish.
    """
    column = cells.notna().idxmax(axis=1)
    text = _first_text(cells)
    # An error of the spreadsheet is not the name of a group.
    text = text.mask(text.isin(CELL_ERRORS), "#")
    read = list(table.columns.values())
    first_column = min(read)
    of_ids = [table.columns[field] for field in _NAMES if field in table.columns]
    is_in_first = column.eq(first_column) & (first_column in of_ids)
    is_name = is_in_first & ~text.str.contains("[0-9#]")
    is_unread = ~column.isin(read)
    is_merged = cells.index.isin(table.sheet.merged_rows)
    return is_name | is_unread | is_merged
