import struct
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from flows.readers import limits
from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes, write_xlsx
from tests.flows.readers.xlsb_by_hand import write_xlsb
from transforms.sheets.sheet import DIGITS_LOST, FORMULA_WITHOUT_VALUE, FileError

HEADINGS = ["ClientId", "Points", "Action"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(12.0, "12"),
        pytest.param(12.5, "12.5"),
        pytest.param(100000001, "100000001"),
        pytest.param(0.1 + 0.2, "0.3", id="the noise of binary fractions"),
        pytest.param(12.000000000001, "12.000000000001"),
        pytest.param(1e-7, "0.0000001"),
        pytest.param(True, "TRUE"),
        pytest.param(datetime(2024, 11, 8, 10, 26, 33), "2024-11-08T10:26:33"),  # noqa: DTZ001 - cells have no zone
        pytest.param("'000123", "'000123"),
        pytest.param(12345678901234567, DIGITS_LOST),
    ],
)
def test_read_file_gives_the_text_of_a_cell(value: object, text: str, tmp_path: Path) -> None:
    assert texts(read_one(write_xlsx(tmp_path / "a.xlsx", [["x", value]]))) == [["x", text]]


def test_read_file_reads_dates_in_the_system_of_1904(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active.append(["x", datetime(2024, 11, 8, 10, 26)])  # noqa: DTZ001
    workbook.save(tmp_path / "mac.xlsx")
    assert texts(read_one(tmp_path / "mac.xlsx")) == [["x", "2024-11-08T10:26:00"]]


def test_read_file_finds_formulas_without_a_value(tmp_path: Path) -> None:
    sheet = read_one(write_xlsx(tmp_path / "a.xlsx", [HEADINGS, ["1", "=5+6", "Earned"], ["2", "5", "=A1"]]))
    assert sheet.error_cells == {(2, 1): FORMULA_WITHOUT_VALUE, (3, 2): FORMULA_WITHOUT_VALUE}


def test_read_file_keeps_rows_that_hold_errors_alone(tmp_path: Path) -> None:
    sheet = read_one(write_xlsx(tmp_path / "a.xlsx", [["x"], [None], [None, None, "#N/A"]]))
    assert sheet.cells.shape == (3, 3)
    assert sheet.error_cells == {(3, 2): "#N/A"}


def test_read_file_gives_the_address_that_a_person_sees(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["D5"] = "x"
    workbook.save(tmp_path / "a.xlsx")
    sheet = read_one(tmp_path / "a.xlsx")
    assert sheet.cells.at[5, 3] == "x"
    assert sheet.address(5, 3) == "D5"


def test_read_file_reads_xlsb_and_its_errors(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["ClientId", "Points"], ["A1", 12.0], ["#N/A", "#N/A"]]
    sheet = read_one(write_xlsb(tmp_path / "a.xlsb", rows))
    assert texts(sheet)[:2] == [["ClientId", "Points"], ["A1", "12"]]
    assert sheet.error_cells == {(3, 0): "#N/A", (3, 1): "#N/A"}


def rewrite(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Replace bytes of one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("place", ["XFD1048576", "A99999999"])
def test_read_file_refuses_a_stray_cell_that_would_take_all_memory(place: str, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["x"], ["y"], [1]])
    far = f'r="{place}"'.encode()
    with pytest.raises(FileError, match=r"more than the limit of (500 cells|1,048,576)"):
        read_file(rewrite(path, "xl/worksheets/sheet1.xml", b'r="A3"', far))


def test_read_file_refuses_a_stray_cell_in_xlsb(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="1,048,576"):
        read_file(write_xlsb(tmp_path / "a.xlsb", [["x"]], far_column=60_000_000))


def test_read_file_refuses_a_dtd(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["x"]])
    dtd = b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'
    with pytest.raises(FileError, match="DTD"):
        read_file(rewrite(path, "xl/worksheets/sheet1.xml", b"<worksheet", dtd))


def test_read_file_refuses_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (limits.RATIO_APPLIES_FROM + 1))
    with pytest.raises(FileError, match="times its size, more than the limit of 200"):
        read_file(path)


def test_read_file_refuses_a_part_that_is_longer_than_the_archive_says(tmp_path: Path) -> None:
    path = tmp_path / "liar.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>" * 1000)
    claimed, true = (1000).to_bytes(4, "little"), (4000).to_bytes(4, "little")
    with pytest.raises(FileError, match="damaged"):
        read_file(write_bytes(path, path.read_bytes().replace(true, claimed)))


def test_read_file_refuses_an_encrypted_workbook(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["x"]])
    content = bytearray(path.read_bytes())
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        content[place + flag] |= 1
    with pytest.raises(FileError) as refusal:
        read_file(write_bytes(path, bytes(content)))
    assert refusal.value.code == "file_encrypted"


def test_read_file_refuses_a_few_cells_spread_over_millions(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["x", "y"], [None, None, 1]])
    with pytest.raises(FileError, match="for 3 filled cells"):
        read_file(rewrite(path, "xl/worksheets/sheet1.xml", b'r="C2"', b'r="C1000000"'))


@pytest.mark.parametrize(
    ("usual", "allowed"),
    [
        pytest.param(b'<c r="A2" t="e">', b"<c t='e' r='A2'>", id="single quotes, another order"),
        pytest.param(b'<c r="A2" t="e">', b'<c\n  t = "e"\tr = "A2">', id="blanks"),
        pytest.param(b'<c r="A2" t="e">', b'<c t="e">', id="without a place"),
    ],
)
def test_read_file_finds_errors_however_the_xml_is_written(usual: bytes, allowed: bytes, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["x"], ["#N/A"], ["y"]])
    sheet = read_one(rewrite(path, "xl/worksheets/sheet1.xml", usual, allowed))
    assert sheet.error_cells == {(2, 0): "#N/A"}


def test_read_file_refuses_a_far_row_whose_cells_have_no_place(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["x"], ["y"]])
    rewrite(path, "xl/worksheets/sheet1.xml", b'<c r="A2"', b"<c")
    with pytest.raises(FileError, match="1,048,576"):
        read_file(rewrite(path, "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="2000000"'))


def test_read_file_says_what_a_person_sees_otherwise_in_xlsb(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["ClientId", "Points"], [123, 5.0], [1234567, 6.0]]
    sheet = read_one(write_xlsb(tmp_path / "a.xlsb", rows, hidden=(2,)))
    assert texts(sheet) == [["ClientId", "Points"], ["000123", "5"], ["1234567", "6"]]
    assert [note.partition(": ")[2].partition(" ")[0] for note in sheet.notes] == ["rows", "numbers"]


@pytest.mark.parametrize("name", ["crossed_out.ods", "crossed_out.xls", "crossed_out.xlsx"])
def test_read_file_names_rows_that_are_crossed_out(name: str) -> None:
    sheet = read_one(Path(__file__).parent / "files" / name)
    assert [row[0] for row in texts(sheet)[1:5]] == [f"10000000{number}" for number in range(1, 5)]
    (note,) = sheet.notes
    # A cell that is crossed out and empty (row 7) crosses nothing out.
    assert note == (
        'Sheet "Rewards": rows with crossed-out cells were read like any other (2), the first is row 3. Delete those '
        "that are not to be posted."
    )


def test_read_file_names_rows_that_are_crossed_out_in_xlsb(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["ClientId", "Points"], ["1", 5.0], ["2", 6.0]]
    (note,) = read_one(write_xlsb(tmp_path / "a.xlsb", rows, struck=(2,))).notes
    assert "crossed-out cells were read like any other (1), the first is row 3." in note


def test_read_file_finds_formulas_without_a_value_in_ods(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.ods", (Path(__file__).parent / "files" / "libreoffice.ods").read_bytes())
    formula = b'table:formula="of:=5+6" office:value-type="float" office:value="11" calcext:value-type="float"'
    sheet = read_file(rewrite(path, "content.xml", formula + b"><text:p>11</text:p>", formula[:23] + b">"))[0]
    assert sheet.error_cells == {(6, 1): FORMULA_WITHOUT_VALUE, (6, 4): "#N/A"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param(0, 0x40000000, id="the first row lies behind the last"),
        pytest.param(1, 0x40000000, id="a thousand million rows"),
        pytest.param(3, 0x4000, id="more columns than there are"),
    ],
)
def test_read_file_refuses_an_xls_that_says_it_is_larger_than_any(field: int, value: int, tmp_path: Path) -> None:
    content = bytearray((Path(__file__).parent / "files" / "libreoffice.xls").read_bytes())
    record = content.index(struct.pack("<HH", 0x0200, 14))  # DIMENSIONS
    dimensions = list(struct.unpack_from("<IIHH", content, record + 4))
    dimensions[field] = value
    struct.pack_into("<IIHH", content, record + 4, *dimensions)
    with pytest.raises(FileError, match="damaged"):
        read_file(write_bytes(tmp_path / "a.xls", bytes(content)))


def test_read_file_reads_a_date_cell_to_the_millisecond_and_no_noise(tmp_path: Path) -> None:
    five = 46285 + 17 / 24
    serials = [five, five + 1e-11, five - 1e-11, five - 0.0004 / 86400, five + 0.123 / 86400]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, serials, book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
    (read,) = read_file(tmp_path / "a.xlsx")
    assert list(read.cells.iloc[0]) == ["2026-09-20T17:00:00"] * 4 + ["2026-09-20T17:00:00.123"]
