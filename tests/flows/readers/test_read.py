"""One file after another of every kind, as other programs write them and under wrong names."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes, write_xlsx
from transforms.sheets.sheet import FileError

FILES = Path(__file__).parent / "files"
WORKBOOKS = ["libreoffice.xlsx", "libreoffice.xls", "libreoffice.ods", "xlsxwriter.xlsx", "by_hand.spreadsheetml.xml"]
ROWS = [
    ["Rewards of May", None, None, None, None, None],
    [None, None, None, None, None, None],
    ["Client ID", "Points", "Action", "Source", "Source ID", "Action Date Time"],
    ["000123", "12", "Earned", "Sale", "77", "2025-05-02T10:26:33"],
    ["000123", "12.5", "Earned", None, None, "2025-05-03"],
    ["AB123456", "11", "Redeemed", None, None, None],
    ["Zoë", "8", "earned ", "Class Booking", "123456789", "2025-05-04T23:59:59"],
]


@pytest.mark.parametrize("name", WORKBOOKS)
def test_read_file_gives_the_same_rows_whatever_program_wrote_them(name: str) -> None:
    first, second = read_file(FILES / name)
    assert texts(first) == ROWS
    assert first.cells.index.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert texts(second) == [["RewardId", "PayoutId", "Amount"], ["r1", "p1", "0.1"]]


@pytest.mark.parametrize("name", WORKBOOKS)
def test_read_file_finds_the_error_that_would_look_empty(name: str) -> None:
    assert read_file(FILES / name)[0].error_cells == {(6, 4): "#N/A"}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_read_file_says_what_a_person_does_not_see(name: str) -> None:
    first, second = read_file(FILES / name)
    assert (first.is_hidden, second.is_hidden) == (False, True)
    assert any("leading zeros" in note for note in first.notes)
    assert any("rows hidden" in note and "(1)" in note for note in first.notes)
    assert any("hidden" in note for note in second.notes)


@pytest.mark.parametrize("name", ["password.xlsx", "password.xls", "password.ods"])
def test_read_file_refuses_what_is_encrypted(name: str) -> None:
    with pytest.raises(FileError, match="save it without the password") as refusal:
        read_file(FILES / name)
    assert refusal.value.code == "file_encrypted"


def test_read_file_reads_a_sheet_that_is_only_protected_against_changes(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(FILES / "libreoffice.xlsx")
    book.worksheets[0].protection.set_password("secret")
    book.save(tmp_path / "protected.xlsx")
    assert texts(read_file(tmp_path / "protected.xlsx")[0])[2:4] == ROWS[2:4]


def test_read_file_reads_the_page_that_calls_itself_xls(tmp_path: Path) -> None:
    page = write_bytes(tmp_path / "report.xls", (FILES / "libreoffice.html").read_bytes())
    read = texts(read_one(page))
    assert read[3][:5] == ROWS[3][:5]
    assert read[5][4] == "#N/A"


@pytest.mark.parametrize("name", WORKBOOKS)
@pytest.mark.parametrize("ending", ["csv", "json", "xls", "pdf"])
def test_read_file_tells_the_kind_by_the_content(name: str, ending: str, tmp_path: Path) -> None:
    renamed = write_bytes(tmp_path / f"file.{ending}", (FILES / name).read_bytes())
    assert texts(read_file(renamed)[0]) == ROWS


def zipped(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "empty"),
        pytest.param(b"\xef\xbb\xbf \r\n", "empty", id="blanks alone"),
        pytest.param(bytes(range(256)) * 8, "neither a workbook nor text", id="bytes"),
        pytest.param(b"%PDF-1.7 ...", "PDF"),
        pytest.param(b"\x1f\x8b\x08...", "gzip"),
        pytest.param(b"PAR1....", "Parquet"),
        pytest.param(b"PK\x03\x04 and no more", "damaged"),
        pytest.param(b"\xd0\xcf\x11\xe0 and no more", "damaged"),
    ],
)
def test_read_file_refuses_what_holds_no_rows(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=said) as refusal:
        read_file(write_bytes(tmp_path / "file.xlsx", content))
    assert refusal.value.code == "file_unreadable"


def test_read_file_refuses_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="ZIP archive, but no workbook"):
        read_file(zipped(tmp_path / "a.zip", "rows.csv", b"ClientId\n1"))


def test_read_file_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be opened"):
        read_file(tmp_path / "nothing.csv")


def test_read_file_refuses_half_a_workbook(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", ROWS).read_bytes()
    with pytest.raises(FileError, match="damaged"):
        read_file(write_bytes(tmp_path / "half.xlsx", whole[: len(whole) // 2]))
