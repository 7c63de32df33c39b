"""Find how far the cells of a sheet of an .xlsx reach, whatever the sheet itself claims.

Nearly every program writes `<c r="B2"`; these places are read for millions of cells at once, in blocks, so that it
costs a tenth of parsing. A sheet with any cell that is written otherwise is looked through by regular expressions.
"""

import re
import string

import numpy as np

_USUAL = b'<c r="'
_BLOCK = 8 * 2**20
_LONGEST = 11  # signs of a place and the quotation mark after it: XFD1048576"
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)([0-9]+)["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["']([0-9]+)["']""")
_LETTERS = string.ascii_letters.encode()
_DIGITS = string.digits.encode()


def find_extent(xml: bytes) -> tuple[int, int, int]:
    """Return the last row and column that any cell names, and how many do."""
    if b":c" in xml:  # the elements have a prefix
        return _search_extent(xml)
    rows = columns = filled = 0
    # A cell that begins at the end of a block is read to its end in the next.
    beyond = len(_USUAL) + _LONGEST
    for start in range(0, len(xml), _BLOCK):
        block = np.frombuffer(xml[start : start + _BLOCK + beyond], np.uint8)
        found = _extent_of_block(block)
        if found is None:
            return _search_extent(xml)
        block_rows, block_columns, block_filled = found
        rows = max(rows, block_rows)
        columns = max(columns, block_columns)
        filled += block_filled
    return rows, columns, filled


def _extent_of_block(signs: np.ndarray) -> tuple[int, int, int] | None:
    """Return the same for the cells that begin in a block, or None where one is written in another way."""
    # Zeros after the end let every sign of the last cell be asked for, and fit nothing that is looked for.
    padded = np.concatenate([signs, np.zeros(len(_USUAL) + _LONGEST, np.uint8)])
    starts = np.flatnonzero(signs[:_BLOCK] == ord("<"))
    starts = starts[padded[starts + 1] == ord("c")]
    third = padded[starts + 2]
    is_longer_name = _is_between(third, "a", "z") | _is_between(third, "A", "Z")  # <cols> and the like are no cells
    starts = starts[~is_longer_name]
    for place, sign in enumerate(_USUAL):
        if (padded[starts + place] != sign).any():
            return None
    places = _read_places(padded, starts + len(_USUAL))
    if places is None:
        return None
    rows, columns = places
    return int(rows.max(initial=0)), int(columns.max(initial=0)), len(starts)


def _read_places(signs: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Read places such as B2 that begin at these signs, or return None where one does not end in its quotation mark.

    All places are read at once, the first sign of each, then the second, until all have ended: at most eleven steps of
    numpy in place of one of Python for each of a million cells.
    """
    rows = np.zeros(len(starts), np.int64)
    columns = np.zeros(len(starts), np.int64)
    is_open = np.ones(len(starts), bool)
    for step in range(_LONGEST):
        sign = signs[starts + step]
        is_digit = is_open & _is_between(sign, "0", "9")
        # A letter after a digit is no place of a cell: it ends the place below, without a quotation mark.
        is_letter = is_open & _is_between(sign, "A", "Z") & (rows == 0)
        np.copyto(rows, rows * 10 + sign - ord("0"), where=is_digit)
        np.copyto(columns, columns * 26 + sign - ord("A") + 1, where=is_letter)
        is_ending = is_open & ~is_digit & ~is_letter
        is_wrong = (sign != ord('"')) | (rows == 0) | (columns == 0)
        if (is_ending & is_wrong).any():
            return None
        is_open &= ~is_ending
        if not is_open.any():
            return rows, columns
    return None


def _is_between(signs: np.ndarray, first: str, last: str) -> np.ndarray:
    is_between: np.ndarray = (signs >= ord(first)) & (signs <= ord(last))
    return is_between


def _search_extent(xml: bytes) -> tuple[int, int, int]:
    # The places of rows count too, since a cell may leave its own out.
    places = [letters + digits for letters, digits in _PLACE.findall(xml)]
    places += _ROW.findall(xml)
    # A million places name far fewer rows and columns, so each is turned into a number once.
    together = b" ".join(places)
    rows = set(together.translate(None, delete=_LETTERS).split())
    columns = set(together.translate(None, delete=_DIGITS).split())
    last_row = max(map(int, rows), default=0)
    last_column = max(map(column_number, columns), default=-1)
    return last_row, last_column + 1, len(places)


def column_number(letters: bytes) -> int:
    """Return the column that letters name, from 0.

    >>> column_number(b"A"), column_number(b"xfd")
    (0, 16383)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number - 1
