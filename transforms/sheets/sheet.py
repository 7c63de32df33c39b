"""One sheet as it was read: the text of every cell and the row number that a spreadsheet program shows for it.

Every reader of `flows.intake` gives these, whatever the format was, and every rule of `transforms` starts from them.

    FileError    the file as a whole cannot be used; one clear line for the person who sent it
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from transforms.vocabulary import Code

FORMULA_WITHOUT_VALUE = "formula without a stored value"
NESTED_VALUE = "list or object in place of a value"
DIGITS_LOST = "number of more than 15 digits"  # a spreadsheet has replaced the others by zeros
SHOWN_OTHERWISE = "value that its cell shows as another one, or not at all"  # by its number format

# What spreadsheet programs show in place of a value that they could not work out.
SPREADSHEET_ERRORS: frozenset[str] = frozenset(
    {
        *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"),
        *("#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#PYTHON!"),
        *("#ERROR!", "Err:501", "Err:502", "Err:503", "Err:504", "Err:508", "Err:509", "Err:511", "Err:522", "Err:523"),
    }
)


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet, one row of `cells` per row of the sheet.

    `cells` has dtype str, the columns 0 to n-1 and the row numbers of a spreadsheet program as its index (from 1,
    titles and headings counted; in JSON and XML the number of the item). An empty cell is NA, never "".
    """

    name: str | None  # None where the format has no sheets
    cells: pd.DataFrame
    is_hidden: bool = False
    error_cells: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (row, column) -> "#N/A" and the like
    shown_cells: Mapping[tuple[int, int], str] = field(default_factory=dict)  # whole numbers as their format shows them
    # What a person sees in cells that keep another number or text: 1 of 1000 under "0,", "" under ";;;".
    shown_otherwise: Mapping[tuple[int, int], str] = field(default_factory=dict)
    partial_dates: Collection[tuple[int, int]] = ()  # dates whose cells do not show year, month and day
    has_addresses: bool = False  # "C14" means something to the person: spreadsheets, but not CSV, JSON or XML
    heading_row: int | None = None  # known where headings are keys (JSON, XML: row 0), else to be found
    delimiter: str | None = None  # of delimited text
    is_encoding_guessed: bool = False  # of delimited text that was read byte for byte as Windows-1252
    # Rows of delimited text with fewer values than the widest, and how many they have; what is missing reads as empty.
    short_rows: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64"))
    merged_rows: frozenset[int] = frozenset()  # rows of which several columns are merged into one
    notes: tuple[str, ...] = ()  # what the reader had to decide, in words for the person

    def address(self, row: int, column: int) -> str | None:
        """Name a cell as a spreadsheet program does, or None where the format has no addresses."""
        return f"{column_letters(column)}{row}" if self.has_addresses else None


@dataclass(frozen=True)
class Place:
    """Where in a file something is wrong, as far as that can be said."""

    sheet: str | None = None
    row: int | None = None
    column: str | None = None  # the heading as the file spells it
    cell: str | None = None


def join_parts(parts: Sequence[Sheet]) -> Sheet:
    """Put consecutive parts of one sheet together, as a reader gives them that reads a long file bit by bit."""
    first = parts[0]
    if len(parts) == 1:
        return first
    # A later part may be wider.
    cells = pd.concat([part.cells for part in parts]).astype("str")
    short = [part.short_rows for part in parts if len(part.short_rows)]
    short_rows = pd.concat(short) if short else first.short_rows
    return replace(first, cells=cells, short_rows=short_rows)


class FileError(Exception):
    """A wrong file: no row of it can be judged, nothing was accepted, and the file stays where it was."""

    def __init__(self, code: Code, message: str, place: Place | None = None, suggestion: str | None = None) -> None:
        """Keep the code, the sentence for the person, and the place where there is one."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place or Place()
        self.suggestion = suggestion

    def __reduce__(self) -> tuple[type["FileError"], tuple[Code, str, Place, str | None]]:
        """Say how it is made anew, where another process met it."""
        return type(self), (self.code, self.message, self.place, self.suggestion)


class FileNotAtHand(FileError):  # noqa: N818 - reads as what happened
    """Nobody could look into the file: it may be whole, and another program has it, or the network is away."""


def column_letters(column: int) -> str:
    """Name a column as a spreadsheet program does.

    >>> column_letters(0), column_letters(25), column_letters(26), column_letters(16383)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


CELL_ERRORS = SPREADSHEET_ERRORS | {FORMULA_WITHOUT_VALUE, DIGITS_LOST, NESTED_VALUE, SHOWN_OTHERWISE}


def sheet_row(sheet: Sheet, row: int) -> int:
    """Return the row of the laid out sheet that a row of the file has, both counted from 1."""
    return row + 1 if sheet.heading_row == 0 else row


def begin_of_sheet(sheet: Sheet) -> str:
    """Begin a sentence about a row of a sheet, where the format has sheets."""
    return "" if sheet.name is None else f'Sheet "{sheet.name}", '
