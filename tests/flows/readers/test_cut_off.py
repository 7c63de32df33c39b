from pathlib import Path

import pytest

from flows.readers.cut_off import NOTE
from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes
from transforms.sheets.sheet import FileError

ROWS = "ClientId,Points,Action\n1,5,Earned\n2,1200,Earned\n"
PAGE = b"<html><table><tr><td>ClientId</td><td>Points</td></tr><tr><td>1</td><td>1200</td></tr></table></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", [9, 12])
def test_read_file_refuses_a_last_row_that_is_surely_cut_off(encoding: str, end: int, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="in the middle of its last row"):
        read_file(write_bytes(tmp_path / "a.csv", ROWS[:-end].encode(encoding)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ROWS[:-1], id="no last line break"),
        pytest.param(ROWS[:-4], id="last value cut"),
        pytest.param(ROWS + "3,7\n3,7", id="short like another row"),
    ],
)
def test_read_file_says_that_the_last_row_may_be_cut_off(text: str, tmp_path: Path) -> None:
    assert NOTE in read_one(write_bytes(tmp_path / "a.csv", text.encode())).notes


def test_read_file_says_nothing_where_the_last_row_is_whole(tmp_path: Path) -> None:
    assert read_one(write_bytes(tmp_path / "a.csv", ROWS.encode())).notes == ()


@pytest.mark.parametrize("end", [20, 30, 60])
def test_read_file_refuses_a_page_that_is_cut_off(end: int, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="ends inside a table"):
        read_file(write_bytes(tmp_path / "a.xls", PAGE[:-end]))


@pytest.mark.parametrize("name", ["libreoffice.xls", "libreoffice.xlsx", "libreoffice.ods"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_read_file_refuses_a_workbook_that_is_cut_off(name: str, share: float, tmp_path: Path) -> None:
    content = (Path(__file__).parent / "files" / name).read_bytes()
    with pytest.raises(FileError, match=r"damaged|no workbook"):
        read_file(write_bytes(tmp_path / name, content[: int(len(content) * share)]))


def test_read_file_refuses_damaged_utf8_and_does_not_take_it_for_another_encoding(tmp_path: Path) -> None:
    damaged = "ClientId,Points,Action\nZoë,5,Earned\n".encode() + b"2,\xff5,Earned\n"
    with pytest.raises(FileError, match="some bytes of it are not"):
        read_file(write_bytes(tmp_path / "a.csv", damaged))


def test_read_file_reads_windows_1252_with_its_accents(tmp_path: Path) -> None:
    western = "ClientId,Points,Action\nZoë,5,Earned\nÉva,6,Earned\n".encode("cp1252")
    assert texts(read_one(write_bytes(tmp_path / "a.csv", western)))[1][0] == "Zoë"
