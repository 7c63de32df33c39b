import struct
from pathlib import Path

import pytest

from flows.readers import biff, limits
from flows.readers.biff_texts import LONGEST_TEXT, lengths_of_texts
from flows.readers.read import read_file
from transforms.sheets.sheet import FileError

FILES = Path(__file__).parent / "files"
HEAD = struct.pack("<II", 9, 3)


def narrow(length: int, signs: bytes) -> bytes:
    return struct.pack("<HB", length, 0) + signs


def wide(length: int, signs: str) -> bytes:
    return struct.pack("<HB", length, 1) + signs.encode("utf-16-le")


def test_lengths_of_texts_are_those_of_texts_in_one_record() -> None:
    with_runs = struct.pack("<HBH", 2, 8, 1) + b"ab" + b"\0" * 4
    assert lengths_of_texts([HEAD + narrow(3, b"abc") + wide(2, "漢字") + with_runs]) == [3, 2, 2]


def test_lengths_of_texts_go_on_in_the_next_record_with_another_width() -> None:
    first = HEAD + narrow(5, b"ab")
    second = b"\1" + "漢字é".encode("utf-16-le") + narrow(1, b"x")[:2]
    third = narrow(1, b"x")[2:] + narrow(2, b"yz")
    assert lengths_of_texts([first, second, third]) == [5, 1, 2]


@pytest.mark.parametrize("cut", [1, 6, 9, 12])
def test_lengths_of_texts_raise_where_the_list_is_cut(cut: int) -> None:
    whole = HEAD + narrow(3, b"abc") * 3
    with pytest.raises((IndexError, struct.error)):
        lengths_of_texts([whole[:-cut]])


def test_read_file_refuses_an_xls_whose_cells_hold_more_text_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    texts_count = sum(scan.text for scan in biff.scan_biff(FILES / "libreoffice.xls").values()) // LONGEST_TEXT
    for module in (biff, limits):
        # What the cells of this file hold is far less than what as many of the longest would.
        monkeypatch.setattr(module, "MAX_TEXT", texts_count)
    with pytest.raises(FileError, match="MiB of text"):
        read_file(FILES / "libreoffice.xls")
