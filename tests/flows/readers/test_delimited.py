from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.readers.delimited import find_delimiter
from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes
from transforms.sheets.sheet import FileError

ROWS = "ClientId;Points;Action;Description\n007;5;Earned;Zoë, café\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_read_file_tells_delimiter_and_encoding(delimiter: str, encoding: str, tmp_path: Path) -> None:
    text = ROWS.replace(",", "").replace(";", delimiter)
    sheet = read_one(write_bytes(tmp_path / "rows.txt", text.encode(encoding)))
    assert texts(sheet)[1] == ["007", "5", "Earned", "Zoë café"]
    assert sheet.address(2, 0) is None


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zip", "tar", "tar.gz", "zst"])
def test_read_file_tells_text_by_its_content_whatever_it_is_called(ending: str, tmp_path: Path) -> None:
    sheet = read_one(write_bytes(tmp_path / f"rows.csv.{ending}", b"a,b\n1,2\n"))
    assert texts(sheet) == [["a", "b"], ["1", "2"]]


def test_read_file_says_that_an_encoding_was_the_last_choice(tmp_path: Path) -> None:
    assert "Windows-1252" in read_one(write_bytes(tmp_path / "a.csv", ROWS.encode("cp1252"))).notes[0]


def test_read_file_takes_a_quoted_line_break_for_part_of_a_value(tmp_path: Path) -> None:
    sheet = read_one(write_bytes(tmp_path / "a.csv", b'a,b\r\n"1\r\n2",3\r\n4,5'))
    assert sheet.cells.index.tolist() == [1, 2, 3]
    assert texts(sheet)[1] == ["1\r\n2", "3"]


def test_read_file_counts_empty_lines(tmp_path: Path) -> None:
    sheet = read_one(write_bytes(tmp_path / "a.csv", b"title\n\na,b\n1,2\n"))
    assert sheet.cells.index[sheet.cells[0] == "1"].tolist() == [4]


def test_read_file_hides_the_line_that_names_the_delimiter(tmp_path: Path) -> None:
    assert texts(read_one(write_bytes(tmp_path / "a.csv", b"sep=;\r\na;b\r\n1;2"))) == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize("text", ["NA", "null", "NaN", "None", "-", "#N/A", "1e3", "007", "1,5"])
def test_read_file_leaves_every_text_as_it_is(text: str, tmp_path: Path) -> None:
    assert texts(read_one(write_bytes(tmp_path / "a.csv", f"ClientId;b\n{text};x".encode())))[1] == [text, "x"]


def test_read_file_keeps_rows_wider_than_the_first_ones(tmp_path: Path) -> None:
    lines = ["a,b"] + ["1,2"] * 20_000 + ["1,2,3"]
    sheet = read_one(write_bytes(tmp_path / "a.csv", "\n".join(lines).encode()))
    assert texts(sheet)[-1] == ["1", "2", "3"]


def test_read_file_refuses_a_quotation_mark_that_is_not_closed(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"after row 2 .* not closed"):
        read_file(write_bytes(tmp_path / "a.csv", b'a,b\n1,2\n3,"4\n5,6\n'))


def test_find_delimiter_goes_by_the_headings() -> None:
    assert find_delimiter("a, b, c, d, e\nClientId;Points;Action\n1;2,5;Earned\n") == ";"


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5).map(str.strip)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=6))
def test_read_file_reads_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [["ClientId", "Points"], *rows])
    path.write_text("\n".join(quoted), encoding="utf-8", newline="")
    read = [[cell or "" for cell in row] for row in texts(read_one(path))]
    assert [row[: len(wrote)] for row, wrote in zip(read[1:], rows, strict=True)] == rows


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        pytest.param("sep=", [], id="nothing else"),
        pytest.param("sep=\nClientId,Points\n1,2\n", [["ClientId", "Points"], ["1", "2"]], id="no delimiter named"),
    ],
)
def test_a_line_of_excel_that_names_no_delimiter_is_passed_over(
    tmp_path: Path, text: str, cells: list[list[str]]
) -> None:
    assert texts(read_one(write_bytes(tmp_path / "a.csv", text.encode()))) == cells
