"""Rows that a stray quotation mark has swallowed: a value that goes on until the next mark, over whole rows.

Programs write a line break inside a value between quotation marks, and so does whoever types `"VIP`. The text of such a
value is split like rows of its table: what would be an event there was most likely meant as one.
"""

from collections.abc import Iterator

import pandas as pd

from transforms.sheets.headings import Table
from transforms.sheets.letters import letters_of
from transforms.sheets.lost_rows import rows_like_events
from transforms.sheets.sheet import FileError, Place
from transforms.vocabulary import Code


def refuse_swallowed(table: Table) -> None:
    """Raise `FileError` where a value of delimited text holds what looks like rows of the table."""
    if table.sheet.delimiter is None:
        return
    cells = table.sheet.cells
    width = 1 + max(column for column, text in enumerate(table.headings) if text is not None)
    is_below_headings = cells.index > table.heading_row
    for row in cells.index[_has_line_breaks(cells) & is_below_headings]:
        within = _lines_of(cells.loc[row], table.sheet.delimiter)
        # A line of prose may hold a comma; a row of the table holds as many as all of them.
        lines = [line for line in within if len(line) == width]
        swallowed = rows_like_events(pd.DataFrame(lines, dtype="str"), table) if lines else []
        # The row itself is one; where its first value holds a line break, the rest of it after that is no other.
        if len(swallowed) > 1:
            raise FileError(
                Code.FILE_UNREADABLE,
                f"row {row}: a quotation mark begins a value of {len(lines) - 1:,} more lines, which look "
                f"like rows ({lines[swallowed[1]][0]} …). Take the mark out if they are rows, or the line "
                "breaks if they are not, and send the file again.",
                Place(row=int(row)),
            )


def _has_line_breaks(cells: pd.DataFrame) -> pd.Series:
    has_breaks = pd.Series(False, index=cells.index)
    for column in cells.columns:
        # By its letters first: most columns have none at all, and need not be looked through cell by cell.
        if b"\n" in letters_of(cells[column]):
            has_breaks |= cells[column].str.contains("\n", regex=False).eq(True)
    return has_breaks


def _lines_of(values: pd.Series, delimiter: str) -> Iterator[list[str | None]]:
    """Split a row again, as if there were no quotation marks."""
    texts = ["" if pd.isna(value) else value for value in values]
    whole = delimiter.join(texts)
    for line in whole.splitlines():
        yield [value.strip() or None for value in line.split(delimiter)]
