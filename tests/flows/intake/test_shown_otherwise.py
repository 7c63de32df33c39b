"""What a cell shows and what is read of it do not differ in silence, in any column of any kind of workbook."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.settings.sections import Settings
from tests.flows.readers.xlsb_by_hand import write_xlsb

_DAY = date(2026, 9, 15)
_POINTS = {"ClientId": "100000001", "Points": 5, "Action": "Earned", "Source": "Sale", "SourceId": 7}
_MINDBODY = {**_POINTS, "ActionDateTime": _DAY}
_REWARD = {"RewardId": "R1", "PayoutId": "P1", "Amount": 10, "EligibilityDate": _DAY}
_LIBREOFFICE = Path(__file__).with_name("libreoffice")


def workbook(folder: Path, row: dict[str, Any], heading: str, value: object, code: str) -> Path:
    """Write one row, of which one cell has a value under a number format."""
    path = folder / "a.xlsx"
    book = openpyxl.Workbook()
    book.active.append(list(row))
    book.active.append(list((row | {heading: value}).values()))
    book.active.cell(2, list(row).index(heading) + 1).number_format = code
    book.save(path)
    return path


def check(path: Path) -> CheckedFile:
    return check_file(Settings(), path, "-99")


def codes(file: CheckedFile) -> list[str]:
    return list(file.checked.errors["code"])


_OTHERWISE = [
    *((1000, "0,"), (1_000_000, "0,,"), (5, "0%"), (10, "0.00%"), (10, ";;;"), (3, '[<5]"none";0'), (10, '"ten"')),
    *((10, '#,##0 "k"'), (1000, '0.0,"k"'), ("100", ";;;"), ("100", '"AB"@')),
]


@pytest.mark.parametrize("row", [_MINDBODY, _REWARD], ids=["mindbody", "referral_rock"])
def test_what_is_shown_as_something_else_is_an_error_of_its_cell(row: dict[str, Any], tmp_path: Path) -> None:
    headings = [heading for heading in row if heading not in ("Action", "Source", "ActionDateTime", "EligibilityDate")]
    cells = [(heading, value, code) for value, code in _OTHERWISE for heading in headings]
    book = openpyxl.Workbook()
    book.active.append(list(row))
    for number, (heading, value, code) in enumerate(cells, start=2):
        book.active.append(list((row | {heading: value}).values()))
        book.active.cell(number, list(row).index(heading) + 1).number_format = code
    book.save(tmp_path / "a.xlsx")
    errors = check(tmp_path / "a.xlsx").checked.errors
    of_cells = errors[errors["code"] == "cell_error"]
    found = list(zip(of_cells["row"], of_cells["column"], strict=True))
    assert found == [(number, heading) for number, (heading, _, _) in enumerate(cells, start=2)]


def test_the_same_number_in_another_dress_is_read(tmp_path: Path) -> None:
    formats = [
        *("0.0", "#,##0", "$#,##0.00", "[$€-407] 0", '0 "pts"', "# ?/?", "0_);(0)", "0;[Red]-0"),
        '_(* #,##0_);_(* (#,##0);_(* "-"??_);_(@_)',
    ]
    for row, heading in ((_MINDBODY, "Points"), (_REWARD, "Amount")):
        book = openpyxl.Workbook()
        book.active.append(list(row))
        for number, code in enumerate(formats, start=2):
            # A reward stands in a file once.
            own = {"RewardId": f"R{number}"} if row is _REWARD else {}
            book.active.append(list((row | own | {heading: 10}).values()))
            book.active.cell(number, list(row).index(heading) + 1).number_format = code
        book.save(tmp_path / "a.xlsx")
        file = check(tmp_path / "a.xlsx")
        assert codes(file) == []
        assert [int(found) for found in file.checked.events[heading.lower()]] == [10] * len(formats)


@pytest.mark.parametrize(
    ("value", "code", "amount"),
    [
        (12.345, "0.00", "12.35"),
        (-12.345, "#,##0.00_);(#,##0.00)", "-12.35"),
        (1.295, "$#,##0.00", "1.30"),
        (12.6, "0", None),
        (12.34, "0.0", None),
        (-5, "0;0", None),
        (0, "0;-0;;@", None),
        (0.5, "0%", None),
    ],
)
def test_an_amount_is_rounded_to_the_cents_that_are_shown_or_rejected(
    value: float, code: str, amount: str | None, tmp_path: Path
) -> None:
    file = check(workbook(tmp_path, _REWARD, "Amount", value, code))
    if amount is None:
        assert codes(file) == ["cell_error"]
        return
    assert [str(found) for found in file.checked.events["amount"]] == [amount.rstrip("0")]
    assert any(f"rounded, {value:g} as {amount}" in note.message for note in file.notes)


def test_an_id_that_is_shown_as_a_power_of_ten_is_read_with_all_its_digits_and_said(tmp_path: Path) -> None:
    file = check(workbook(tmp_path, _MINDBODY, "ClientId", 100001000000, "0.00E+00"))
    assert file.checked.events["client_id"].tolist() == ["100001000000"]
    assert any("its cell shows 1.00E+11" in note.message for note in file.notes)
    assert codes(check(workbook(tmp_path, _MINDBODY, "Points", 1234567, "0.00E+00"))) == ["cell_error"]


@pytest.mark.parametrize("code", ["mmm d", "mmm-yy", "h:mm", "yyyy"])
def test_a_date_of_which_a_part_is_shown_is_told_as_it_was_read(code: str, tmp_path: Path) -> None:
    for row, heading in ((_MINDBODY, "ActionDateTime"), (_REWARD, "EligibilityDate")):
        file = check(workbook(tmp_path, row, heading, row[heading], code))
        assert any("a part of the date alone" in note.message and "2026-09-15" in note.message for note in file.notes)
    assert codes(check(workbook(tmp_path, _REWARD, "EligibilityDate", _DAY, ";;;"))) == ["cell_error"]


@pytest.mark.parametrize(("year", "is_told"), [(1926, True), (2126, True), (2026, False), (1999, False)])
def test_a_year_that_two_digits_hide_is_told(year: int, is_told: bool, tmp_path: Path) -> None:
    file = check(workbook(tmp_path, _REWARD, "EligibilityDate", date(year, 9, 15), "m/d/yy"))
    assert any(f"the year of {year}-09-15" in note.message for note in file.notes) == is_told


def test_a_number_that_another_program_writes_with_a_point_has_its_format_too(tmp_path: Path) -> None:
    path = workbook(tmp_path, _MINDBODY, "ClientId", 123, "000000")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"<v>123</v>", b"<v>1.23E2</v>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert check(path).checked.events["client_id"].tolist() == ["000123"]


def test_an_xlsb_is_read_as_shown(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["RewardId", "PayoutId", "Amount"], ["R1", "P1", 1000]]
    assert codes(check(write_xlsb(tmp_path / "a.xlsb", rows, code="0,"))) == ["cell_error"]
    assert codes(check(write_xlsb(tmp_path / "a.xlsb", rows, code="#,##0.00"))) == []


def test_an_xls_is_read_as_shown(tmp_path: Path) -> None:
    book = (_LIBREOFFICE / "rows.xls").read_bytes()
    path = tmp_path / "rows.xls"
    path.write_bytes(book.replace(b'"AB"000000', b"0%;0%;0%;;"))
    errors = check(path).checked.errors
    assert "cell_error" in set(errors.loc[errors["sheet"] == "06_ids_by_number_format", "code"])


_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
_MANIFEST = f'<manifest:manifest xmlns:manifest="{_NAMES}:manifest:1.0"/>'
_ODS = f"""<office:document-content xmlns:office="{_NAMES}:office:1.0" xmlns:table="{_NAMES}:table:1.0"
 xmlns:text="{_NAMES}:text:1.0"><office:body><office:spreadsheet><table:table table:name="s">%s%s</table:table>
</office:spreadsheet></office:body></office:document-content>"""


def cell(kind: str, shown: str, value: str = "") -> str:
    """Write a cell with what is shown of it."""
    return f'<table:table-cell office:value-type="{kind}"{value}><text:p>{shown}</text:p></table:table-cell>'


def ods(path: Path, cells: str) -> Path:
    """Write one reward whose last cells are these."""
    headings = [cell("string", text) for text in ("RewardId", "PayoutId", "Amount", "EligibilityDate")]
    row = [cell("string", "R1"), cell("string", "P1"), cells]
    rows = tuple(f"<table:table-row>{''.join(of_row)}</table:table-row>" for of_row in (headings, row))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _ODS % rows)
    return path


@pytest.mark.parametrize(
    ("kind", "value", "shown", "found"),
    [
        ("float", "1000", "1", ["cell_error"]),
        ("float", "10", "", ["cell_error"]),
        ("percentage", "0.5", "50 %", ["cell_error"]),
        ("float", "3", "none", ["cell_error"]),
        ("float", "10", "10k", ["cell_error"]),
        ("currency", "1234.5", "1.234,50 €", []),
        ("currency", "-12.345", "-$12.35", []),
        ("float", "1000", "1.00E+03", []),
    ],
)
def test_an_ods_is_read_as_shown(kind: str, value: str, shown: str, found: list[str], tmp_path: Path) -> None:
    amount = cell(kind, shown, f' office:value="{value}"')
    assert codes(check(ods(tmp_path / "a.ods", amount))) == found


def test_a_date_of_an_ods_of_which_a_part_is_shown_is_told(tmp_path: Path) -> None:
    kept = ' office:date-value="2026-09-15"'
    partly = check(ods(tmp_path / "a.ods", "<table:table-cell/>" + cell("date", "Sep 15", kept)))
    wholly = check(ods(tmp_path / "b.ods", "<table:table-cell/>" + cell("date", "09/15/26", kept)))
    told = [any("a part of the date alone" in note.message for note in file.notes) for file in (partly, wholly)]
    assert told == [True, False]


def test_an_xml_spreadsheet_is_read_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles><Style ss:ID="p"><NumberFormat '
        'ss:Format="Percent"/></Style><Style ss:ID="c"><NumberFormat ss:Format="Currency"/></Style></Styles>'
        '<Worksheet ss:Name="s"><Table>'
        + "".join(
            "<Row>"
            + "".join(f'<Cell{style}><Data ss:Type="{kind}">{text}</Data></Cell>' for text, kind, style in row)
            + "</Row>"
            for row in (
                [(heading, "String", "") for heading in ("RewardId", "PayoutId", "Amount")],
                [("R1", "String", ""), ("P1", "String", ""), ("5", "Number", ' ss:StyleID="p"')],
                [("R2", "String", ""), ("P2", "String", ""), ("5.5", "Number", ' ss:StyleID="c"')],
            )
        )
        + "</Table></Worksheet></Workbook>"
    )
    file = check(path)
    assert (codes(file), [str(amount) for amount in file.checked.events["amount"]]) == (["cell_error"], ["5.5"])
