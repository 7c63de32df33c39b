"""What Arrow's parser reads is what pandas' reads, cell by cell; where that is not sure, pandas' goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.readers import plain_text
from flows.readers.delimited import read_delimited
from flows.readers.plain_text import read_plain
from tests.laws import law
from transforms.sheets.letters import letters_of
from transforms.sheets.sheet import FileError

_PIECES = ["a", "1", " ", "", "é", "€", "😀", "NA", "null", "#N/A", "'", "\\", "\x1a", "\x0b", "\x85", "\u2028"]
_PIECES += ["\ufeff"]  # the mark of UTF-8, which is none within a text
_ODD = ['"', '""', "\r", "\0", ",", "\n\n", '"a\nb"']
_MOST_LINES = 12


@st.composite
def _contents(draw: st.DrawFn) -> bytes:
    """Make mostly plain text, with something odd in some; each ending of lines, with and without a mark in front."""
    pieces = st.sampled_from(_PIECES + draw(st.sampled_from([[], _ODD])))
    value = st.lists(pieces, max_size=3).map("".join)
    width = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(value, min_size=width, max_size=width), min_size=1, max_size=_MOST_LINES))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    text = ending.join(map(",".join, rows)) + draw(st.sampled_from(["", ending]))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig"])))


@law(500)
@given(content=_contents(), part_rows=st.integers(1, 5))
@example(content=b"a,b\r\n1,2\r3,4\r\n", part_rows=1)
@example(content=b"a,b\n1,2,3\n4\n", part_rows=1)
@example(content=b"a,b\n1,2\n\xef\xbb\xbf3,4\n", part_rows=2)
def test_both_parsers_read_the_same_cells(content: bytes, part_rows: int) -> None:
    assert _told(content, part_rows, long_bytes=0) == _told(content, part_rows, long_bytes=2**60)


def _told(content: bytes, part_rows: int, *, long_bytes: int) -> list[object]:
    """Return all that is read of a text, whose parts may be cut elsewhere where a row is wider than those above."""
    before, plain_text._LONG_BYTES = plain_text._LONG_BYTES, long_bytes
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "rows.csv"
            path.write_bytes(content)
            return _read(path, part_rows)
    finally:
        plain_text._LONG_BYTES = before


def _read(path: Path, part_rows: int) -> list[object]:
    told: list[object] = []
    try:
        for sheet in read_delimited(path, part_rows):
            cells = sheet.cells
            told += [tuple(cells.columns), str(cells.columns.dtype), *map(str, cells.dtypes)]
            told += [(row, *("" if pd.isna(text) else text for text in values)) for row, *values in cells.itertuples()]
            told += [letters_of(cells[column]) for column in cells]
            told.append(sheet.short_rows.to_dict())
    except FileError as error:
        told.append(str(error))
    return told


@pytest.fixture
def plainly(tmp_path: Path) -> Iterator[Callable[[bytes, int], list[int]]]:
    """Give how many rows Arrow's parser reads of a text, part by part."""

    def read(content: bytes, part_rows: int) -> list[int]:
        path = tmp_path / "rows.csv"
        path.write_bytes(content)
        return [reached.rows for _, reached in read_plain(path, ",", 2, part_rows)]

    return read


def test_plain_text_is_read_in_parts_of_its_lines(plainly: Callable[[bytes, int], list[int]]) -> None:
    assert plainly(b"a,b\n1,2\n3,4\n5,6\n7,8", 2) == [2, 4, 5]
    assert plainly(b"a,b\n1,2\n", 2) == [2]


@pytest.mark.parametrize("odd", [b'5,"6"', b"5,6\x00", b"5,6\r7,8", b"5", b"5,6,7", b"", b"\xef\xbb\xbf5,6"])
def test_it_stops_before_what_may_be_read_otherwise(odd: bytes, plainly: Callable[[bytes, int], list[int]]) -> None:
    assert plainly(b"a,b\n1,2\n" + odd + b"\n9,9\n", 2) == [2]


def test_a_long_file_is_read_on_by_pandas_from_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    line = b"100000001,10,Earned,Sale\n"
    lines = 2 * plain_text._LONG_BYTES // len(line)
    # A row that lacks a value and one with a value more: counted together they look as if none did.
    path.write_bytes(line * lines + b"1,2,3\n" + b"1,2,3,4,\n" + line)
    part_rows = lines // 4
    parts = [sheet.cells for sheet in read_delimited(path, part_rows)]
    assert pd.concat(parts).index.tolist() == list(range(1, lines + 4))
    assert parts[-1].iloc[-1].dropna().tolist() == ["100000001", "10", "Earned", "Sale"]
