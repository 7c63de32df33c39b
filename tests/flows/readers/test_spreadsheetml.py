from pathlib import Path

import pytest

from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes
from transforms.sheets.sheet import DIGITS_LOST, FORMULA_WITHOUT_VALUE, FileError

HEAD = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:html="http://www.w3.org/TR/REC-html40">
 <Styles>
  <Style ss:ID="Default"/>
  <Style ss:ID="id"><NumberFormat ss:Format="000000"/></Style>
  <Style ss:ID="out"><Font ss:StrikeThrough="1"/></Style>
  <Style ss:ID="bold id" ss:Parent="id"><Font ss:Bold="1"/></Style>
 </Styles>
"""
HEADINGS = (
    "<Row><Cell><Data ss:Type='String'>ClientId</Data></Cell><Cell><Data ss:Type='String'>Points</Data></Cell></Row>"
)
CROSSED_OUT = 'ss:StyleID="out"'
OPTIONS = (
    '<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions>'
)


def book(rows: str, more: str = "") -> bytes:
    table = f'<Table ss:ExpandedColumnCount="2"><Column ss:Width="60"/>{rows}</Table>'
    return f'{HEAD}<Worksheet ss:Name="Rewards">{table}{more}</Worksheet></Workbook>'.encode()


def cell(kind: str, text: str, attributes: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="{kind}">{text}</Data></Cell>'


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param(cell("Number", "12"), "12", id="whole number"),
        pytest.param(cell("Number", "1.25E2"), "125", id="number with an exponent"),
        pytest.param(cell("Number", "123", 'ss:StyleID="id"'), "000123", id="leading zeros"),
        pytest.param(cell("Number", "123", 'ss:StyleID="bold id"'), "000123", id="leading zeros of a parent style"),
        pytest.param(cell("Number", "12345678901234567"), DIGITS_LOST, id="too many digits"),
        pytest.param(cell("DateTime", "2024-11-08T10:26:33.000"), "2024-11-08T10:26:33", id="time"),
        pytest.param(cell("Boolean", "1"), "TRUE", id="boolean"),
        pytest.param(cell("String", "000123"), "000123", id="text"),
        pytest.param(cell("String", "<html:B>Ear</html:B>ned"), "Earned", id="text with formats"),
        pytest.param("<Cell/>", None, id="empty"),
    ],
)
def test_read_spreadsheetml_gives_the_text_of_a_cell(written: str, text: str | None, tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.xls", book(f"<Row>{written}<Cell><Data ss:Type='String'>x</Data></Cell></Row>"))
    assert texts(read_one(path)) == [[text, "x"]]


def test_read_spreadsheetml_lays_out_what_is_left_out(tmp_path: Path) -> None:
    gap = cell("String", "x", 'ss:Index="3"')
    rows = f'{HEADINGS}<Row ss:Index="4">{gap}</Row><Row ss:Span="1"/><Row>{cell("String", "y")}</Row>'
    sheet = read_one(write_bytes(tmp_path / "a.xml", book(rows)))
    assert sheet.cells[2].dropna().to_dict() == {4: "x"}
    assert sheet.cells[0].dropna().to_dict() == {1: "ClientId", 7: "y"}


def test_read_spreadsheetml_knows_merged_cells(tmp_path: Path) -> None:
    merged = cell("String", "CLASSPASS", 'ss:MergeAcross="1"')
    rows = f"<Row>{merged}{cell('String', 'z')}</Row>"
    sheet = read_one(write_bytes(tmp_path / "a.xml", book(rows)))
    assert (texts(sheet), sheet.merged_rows) == ([["CLASSPASS", None, "z"]], {1})


def test_read_spreadsheetml_finds_errors_and_formulas_without_a_value(tmp_path: Path) -> None:
    rows = f"{HEADINGS}<Row>{cell('Error', '#N/A')}<Cell ss:Formula='=RC[-1]'/></Row>"
    sheet = read_one(write_bytes(tmp_path / "a.xml", book(rows)))
    assert sheet.error_cells == {(2, 0): "#N/A", (2, 1): FORMULA_WITHOUT_VALUE}


def test_read_spreadsheetml_says_what_a_person_does_not_see(tmp_path: Path) -> None:
    hidden = f'<Row ss:Hidden="1">{cell("Number", "7", """ss:StyleID="id" """)}</Row>'
    sheet = read_one(write_bytes(tmp_path / "a.xml", book(HEADINGS + hidden, OPTIONS)))
    assert sheet.is_hidden
    assert [word for word in ("is hidden", "by a filter", "leading zeros") if word in " ".join(sheet.notes)] == [
        "is hidden",
        "by a filter",
        "leading zeros",
    ]


FAR = cell("String", "x", 'ss:Index="99999"')


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(book(HEADINGS)[:-40], "cannot be read", id="cut off"),
        pytest.param(book('<Row ss:Index="2000000"><Cell/></Row>'), "limit of 1,048,576 rows", id="far row"),
        pytest.param(book(f"<Row>{FAR}</Row>"), "out of its place", id="far column"),
        pytest.param(book(f'{HEADINGS}<Row ss:Index="1"><Cell/></Row>'), "stands after row 1", id="rows out of order"),
        pytest.param(
            book(HEADINGS).replace(b"<Workbook", b'<!DOCTYPE a [<!ENTITY b "c">]><Workbook'), "DTD", id="entities"
        ),
        pytest.param(book(f"<Row>{cell('Number', 'ten')}</Row>"), "could not convert", id="a number that is none"),
    ],
)
def test_read_spreadsheetml_refuses(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=said):
        read_file(write_bytes(tmp_path / "a.xml", content))


def test_read_file_names_rows_that_are_crossed_out(tmp_path: Path) -> None:
    plain, empty = f"<Row>{cell('Number', '1')}</Row>", '<Row ss:StyleID="out"><Cell/></Row>'
    of_cell = f"<Row>{cell('Number', '1')}{cell('Number', '2', CROSSED_OUT)}</Row>"
    of_row = f'<Row {CROSSED_OUT} ss:Index="9">{cell("Number", "1")}</Row>'
    sheet = read_one(write_bytes(tmp_path / "a.xml", book(HEADINGS + plain + of_cell + empty + of_row)))
    (note,) = sheet.notes
    assert "rows with crossed-out cells were read like any other (2), the first is row 3." in note
