"""Read long delimited text without quotation marks by Arrow's parser: the same cells as pandas', and sooner.

Only where both surely read alike: every line is a row, and every row has as many values. The text is cut into parts by
its lines; at the first part that may be read otherwise this stops, and pandas goes on from there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

_BLOCK = 2**20
_MARK = b"\xef\xbb\xbf"  # of UTF-8, at the beginning of a file
_ENCODINGS = ("utf-8", "utf-8-sig")
# Below it, to load the parser takes longer than it saves.
_LONG_BYTES = 2 * 2**20
# A line feed ends a row, with or without a carriage return before it.
_FEED, _RETURN = b"\n", b"\r"
# A quotation mark, a zero, which some programs read on after and some do not, and a line without any value.
_ODD = (b'"', b"\0", b"\n\n", b"\n\r")
_ODD_BEGINNINGS = (_MARK, _FEED, _RETURN)


@dataclass(frozen=True)
class Reached:
    """How far a text was read."""

    rows: int = 0
    is_end: bool = False


def is_long_and_plain(path: Path, encoding: str, width: int) -> bool:
    """Tell whether `read_plain` is worth a try on a text whose rows have equally many values."""
    return encoding in _ENCODINGS and width > 1 and path.stat().st_size >= _LONG_BYTES


def read_plain(path: Path, delimiter: str, width: int, part_rows: int) -> Iterator[tuple[pd.DataFrame, Reached]]:
    """Give the cells as text, NA where there are none, in parts of so many rows, with how far that is.

    Columns are numbered from 0 and rows from 1. It may end before the text does; what it has given is right.
    """
    reached = Reached()
    with path.open("rb") as file:
        for content, is_end in _parts(file, part_rows):
            begin = len(_MARK) if not reached.rows and content.startswith(_MARK) else 0
            cells = _cells(content[begin:], delimiter, width)
            if cells is None:
                return
            first = reached.rows + 1
            reached = Reached(reached.rows + len(cells), is_end)
            yield cells.set_axis(pd.RangeIndex(first, first + len(cells))), reached


def _parts(file, part_rows: int) -> Iterator[tuple[bytes, bool]]:  # type: ignore[no-untyped-def]  # a binary file
    """Give so many lines at once, and whether they are the last ones."""
    held: list[bytes] = []
    missing = part_rows
    while block := file.read(_BLOCK):
        while (found := block.count(_FEED)) >= missing:
            end = _end_of_line(block, missing)
            held.append(block[:end])
            block = block[end:]
            is_end = not block and not file.peek(1)
            yield b"".join(held), is_end
            held, missing = [], part_rows
        held.append(block)
        missing -= found
    rest = b"".join(held)
    if rest:
        yield rest, True


def _end_of_line(block: bytes, number: int) -> int:
    """Return where the line of this number, from 1, ends in the block."""
    signs = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(signs == _FEED[0])
    return int(ends[number - 1]) + 1


def _cells(content: bytes, delimiter: str, width: int) -> pd.DataFrame | None:
    """Split the lines into values; None where another parser might split them otherwise."""
    import pyarrow as pa
    from pyarrow import csv

    if any(odd in content for odd in _ODD) or content.startswith(_ODD_BEGINNINGS):
        return None
    if content.count(_RETURN) != content.count(_RETURN + _FEED):
        return None
    names = [str(number) for number in range(width)]
    try:
        table = csv.read_csv(
            pa.BufferReader(content),
            # In one piece, by this process alone: others are at work beside it.
            read_options=csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=names),
            parse_options=csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:  # a row has fewer values, or more
        return None
    text = pd.StringDtype(na_value=np.nan)
    from_arrow = text.__from_arrow__  # type: ignore[attr-defined]  # documented, and not among the published types
    cells = pd.DataFrame({number: from_arrow(table.column(name)) for number, name in enumerate(names)})
    return cells.set_axis(pd.Index(list(range(width)), dtype="int64"), axis=1)
