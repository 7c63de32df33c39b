"""Tell which rows of delimited text have fewer values than others: what is missing looks like an empty cell.

Many programs leave out the separators of empty cells at the end of a row, and a row that somebody has typed, or that
lost a separator, looks just so. The fast way to read does not tell them apart.
"""

import csv
from collections.abc import Iterator
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np
import pandas as pd

_BLOCK = 2**20
_QUOTE = b'"'
_OF_TWO_BYTES = "utf-16"


class ValueCounts:
    """Counts the values of each row beside a reader that goes through the same file in parts.

    A class because it has to go on where the part before has ended.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str, *, width: int, hidden: int) -> None:
        self._width = width
        # A file whose rows all have as many values is known by counting its delimiters, which takes no time.
        self.are_equal = not hidden and _are_surely_equal(path, encoding, delimiter, width)
        self._counts: Iterator[int] | None = None
        if not self.are_equal:
            self._counts = _counts(path, encoding, delimiter, hidden)

    def short_rows(self, rows: pd.Index) -> pd.Series:
        """Return how many values the next rows have, of those that have fewer than the widest; blank rows have none."""
        if self._counts is None:
            return pd.Series(dtype="int64")
        # What the other reader has split otherwise, after a stray quotation mark, is not counted here.
        known_then_full = chain(self._counts, repeat(self._width))
        counts = np.fromiter(islice(known_then_full, len(rows)), dtype="int64")
        is_short = (counts > 0) & (counts < self._width)
        return pd.Series(counts[is_short], index=rows[is_short])


def _are_surely_equal(path: Path, encoding: str, delimiter: str, width: int) -> bool:
    """Tell by counting alone that all rows have as many values: text without quotation marks, no separator missing."""
    if encoding.startswith(_OF_TWO_BYTES) or not delimiter.isascii():
        return False
    sign = delimiter.encode()
    lines = separators = 0
    last = b"\n"
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if _QUOTE in block or b"\r" in block.replace(b"\r\n", b"").removesuffix(b"\r"):
                return False
            lines += block.count(b"\n")
            separators += block.count(sign)
            last = block[-1:]
    # No row has more values than the widest, so that no other row makes up for a missing separator.
    return separators == (width - 1) * (lines + (last != b"\n"))


def _counts(path: Path, encoding: str, delimiter: str, hidden: int) -> Iterator[int]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            for row in islice(csv.reader(file, delimiter=delimiter), hidden, None):
                yield len(row)
    except csv.Error:  # the reader itself says what is wrong
        return
