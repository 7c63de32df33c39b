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


def find_extent(xml: bytes) -> tuple[int, int, int]:
    """Return the last row and column that any cell names, and how many do."""
    rows = columns = filled = 0
    if b":c" in xml:  # the elements have a prefix
        return _search_extent(xml)
    for start in range(0, len(xml), _BLOCK):
        found = _extent_of_block(np.frombuffer(xml[start : start + _BLOCK + len(_USUAL) + _LONGEST], np.uint8))
        if found is None:
            return _search_extent(xml)
        rows, columns, filled = max(rows, found[0]), max(columns, found[1]), filled + found[2]
    return rows, columns, filled


def _extent_of_block(signs: np.ndarray) -> tuple[int, int, int] | None:
    """Return the same for the cells that begin in a block, or None where one is written in another way."""
    padded = np.concatenate([signs, np.zeros(len(_USUAL) + _LONGEST, np.uint8)])
    starts = np.flatnonzero(signs[:_BLOCK] == ord("<"))
    starts = starts[padded[starts + 1] == ord("c")]
    third = padded[starts + 2]
    starts = starts[~_is_between(third, b"az") & ~_is_between(third, b"AZ")]  # <cols> and the like are no cells
    if any((padded[starts + place] != sign).any() for place, sign in enumerate(_USUAL)):
        return None
    rows, columns, is_whole = _read_places(padded, starts + len(_USUAL))
    if not is_whole:
        return None
    return int(rows.max(initial=0)), int(columns.max(initial=0)), len(starts)


def _read_places(signs: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Read places such as B2 that begin at these signs, and tell whether each ends in its quotation mark."""
    rows, columns = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    is_open = np.ones(len(at), bool)
    for place in range(_LONGEST):
        sign = signs[at + place]
        digit, letter = is_open & _is_between(sign, b"09"), is_open & _is_between(sign, b"AZ") & (rows == 0)
        np.copyto(rows, rows * 10 + sign - ord("0"), where=digit)
        np.copyto(columns, columns * 26 + sign - ord("A") + 1, where=letter)
        ended = is_open & ~digit & ~letter
        if (ended & ((sign != ord('"')) | (rows == 0) | (columns == 0))).any():
            return rows, columns, False
        is_open &= ~ended
        if not is_open.any():
            return rows, columns, True
    return rows, columns, False


def _is_between(signs: np.ndarray, first_and_last: bytes) -> np.ndarray:
    first, last = first_and_last
    is_between: np.ndarray = (signs >= first) & (signs <= last)
    return is_between


def _search_extent(xml: bytes) -> tuple[int, int, int]:
    places = [b"".join(found) for found in _PLACE.findall(xml)] + _ROW.findall(xml)
    together = b" ".join(places)
    rows = set(together.translate(None, _LETTERS).split())
    letters = set(together.translate(None, b"0123456789").split())
    return max(map(int, rows), default=0), max(map(column_number, letters), default=-1) + 1, len(places)


def column_number(letters: bytes) -> int:
    """Return the column that letters name, from 0.

    >>> column_number(b"A"), column_number(b"xfd")
    (0, 16383)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number - 1
