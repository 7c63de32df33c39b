from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from flows.marked_copy.statuses import Look, RowStatus, statuses_of_check
from flows.marked_copy.write import write_marked
from flows.readers.read import read_file
from flows.readers.spreadsheetml import NAMESPACE
from tests.flows.readers.reading import write_bytes, write_xlsx
from tests.transforms.sheet_makers import RULES
from transforms.check.part import Checked, check_sheets
from transforms.sheets.notes import Note

ROWS = [["ClientId", "Points", "Action"], ["000123", 5, "Earned"], ["A2", 12.5, "Earnd"], ["A3", 7, "Redeemed"]]
CSV = b"ClientId,Points,Action\n000123,5,Earned\n=1+1,x,Earned\n"


def mark(path: Path, out: Path, **more: object) -> tuple[Worksheet, list[str]]:
    sheets = read_file(path)
    checked = check_sheets(sheets, RULES)
    more = {"statuses": statuses_of_check(checked), **more}
    lost = write_marked(path, sheets, checked.errors, out, **more)  # type: ignore[arg-type]
    return openpyxl.load_workbook(out).worksheets[0], lost


def check(path: Path) -> Checked:
    return check_sheets(read_file(path), RULES)


def test_write_marked_colors_bad_cells_and_says_why(tmp_path: Path) -> None:
    page, _ = mark(write_xlsx(tmp_path / "a.xlsx", ROWS), tmp_path / "marked.xlsx")
    colored = {cell.coordinate for row in page.iter_rows() for cell in row if cell.fill.fill_type == "solid"}
    assert colored == {"B3", "C3", "D3"}
    assert "Suggestion: Earned" in page["C3"].comment.text
    assert page["D3"].alignment.wrap_text
    assert [cell.value for cell in page["D"]] == ["Status", "good", page["D3"].value, "good"]
    assert page["D3"].value.startswith("rejected: Points must be")


def test_write_marked_keeps_the_workbook(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in ROWS:
        sheet.append(row)
    sheet["A2"].font = Font(italic=True)
    sheet["B4"] = "=3+4"
    sheet.auto_filter.ref = "A1:C4"
    workbook.create_sheet("Notes")["A1"] = "mine"
    workbook.save(tmp_path / "a.xlsx")
    page, lost = mark(tmp_path / "a.xlsx", tmp_path / "marked.xlsx")
    assert (page["A2"].font.italic, page["B4"].value, page.auto_filter.ref) == (True, "=3+4", "A1:C4")
    assert page.parent["Notes"]["A1"].value == "mine"
    assert lost == []


def test_write_marked_keeps_the_values_of_formulas(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ROWS[0])
        page.write_row(1, 0, ["A1", None, "Earned"])
        page.write_formula(1, 1, "=5&6", None, "56")
        page.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        page.write_formula(1, 4, "=1<2", None, True)
    mark(tmp_path / "a.xlsx", tmp_path / "marked.xlsx")
    (sheet,) = read_file(tmp_path / "marked.xlsx")
    assert [*sheet.cells.loc[2].tolist()[:2], sheet.cells.at[2, 4]] == ["A1", "56", "TRUE"]
    assert sheet.error_cells == {(2, 3): "#DIV/0!"}
    assert openpyxl.load_workbook(tmp_path / "marked.xlsx").active["B2"].value == "=5&6"


def test_write_marked_says_what_it_cannot_keep(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        page = book.add_worksheet()
        for number, row in enumerate(ROWS):
            page.write_row(number, 0, row)
        page.insert_textbox(6, 0, "a box")
        page.insert_chart(6, 4, _chart(book))
    page, lost = mark(tmp_path / "a.xlsx", tmp_path / "marked.xlsx")
    assert len(page._charts) == 1
    assert lost == ["The copy is without the workbook's shapes and text boxes (1); your own file has them still."]


def _chart(book: Any) -> Any:
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Sheet1!$B$2:$B$4"})
    return chart


def test_write_marked_keeps_filters_lists_and_colors_by_rule(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        page = book.add_worksheet()
        for number, row in enumerate(ROWS):
            page.write_row(number, 0, row)
        page.autofilter("A1:C4")
        page.set_column("A:A", 30)
        page.data_validation("C2:C4", {"validate": "list", "source": ["Earned", "Redeemed"]})
        page.conditional_format("B2:B4", {"type": "data_bar"})
    page, lost = mark(tmp_path / "a.xlsx", tmp_path / "marked.xlsx")
    kept = (page.auto_filter.ref, len(page.data_validations.dataValidation), len(list(page.conditional_formatting)))
    assert (kept, round(page.column_dimensions["A"].width), lost) == (("A1:C4", 1, 1), 31, [])


def test_write_marked_names_the_sheets_of_other_kinds_as_an_xlsx_may(tmp_path: Path) -> None:
    names = ["Rewards: May/June [all]", "x" * 40, "X" * 40]
    rows = "".join(f"<Row><Cell><Data ss:Type='String'>{text}</Data></Cell></Row>" for text in ("Notes", "none"))
    good = "<Row>" + "".join(f"<Cell><Data ss:Type='String'>{text}</Data></Cell>" for text in ROWS[0]) + "</Row>"
    sheets = "".join(f"<Worksheet ss:Name='{name}'><Table>{good}{rows}</Table></Worksheet>" for name in names)
    head = f"<?xml version='1.0'?><Workbook xmlns='{NAMESPACE}' xmlns:ss='{NAMESPACE}'>"
    page, _ = mark(write_bytes(tmp_path / "a.xls", f"{head}{sheets}</Workbook>".encode()), tmp_path / "marked.xlsx")
    assert page.parent.sheetnames == ["Rewards_ May_June _all_", "x" * 31, f"{'X' * 26} 3"]


def test_write_marked_adds_to_a_note_that_is_there(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    workbook = openpyxl.load_workbook(path)
    workbook.active["C3"].comment = openpyxl.comments.Comment("ask Jo", "manager")
    workbook.save(path)
    page, _ = mark(path, tmp_path / "marked.xlsx")
    assert page["C3"].comment.text.startswith("ask Jo\ntieout: The action")


def test_write_marked_lays_out_the_rows_of_other_files(tmp_path: Path) -> None:
    page, _ = mark(write_bytes(tmp_path / "a.csv", CSV), tmp_path / "marked.xlsx")
    assert [cell.value for cell in page["A"]] == ["ClientId", "000123", "=1+1"]
    assert page["A3"].data_type == "s"
    assert page["B3"].fill.fill_type == "solid"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'[{"ClientId": "1", "Points": "x", "Action": "Earned"}]', id="JSON"),
        pytest.param(b"<a><b><ClientId>1</ClientId><Points>x</Points><Action>Earned</Action></b></a>", id="XML"),
    ],
)
def test_write_marked_puts_items_below_their_keys(content: bytes, tmp_path: Path) -> None:
    page, _ = mark(write_bytes(tmp_path / "a", content), tmp_path / "marked.xlsx")
    assert [cell.value for cell in page[1]] == ["ClientId", "Points", "Action", "Status", "Receipt"]
    assert page["B2"].comment is not None


@pytest.mark.parametrize("source", ["xlsx", "csv"])
def test_a_mended_copy_is_good_and_brings_its_receipts_back(source: str, tmp_path: Path) -> None:
    name = None if source == "csv" else "Sheet"
    path = tmp_path / f"a.{source}"
    path = write_bytes(path, CSV) if source == "csv" else write_xlsx(path, ROWS)
    statuses = {(name, 2): RowStatus("posted")}
    page, _ = mark(path, tmp_path / "marked.xlsx", receipts={(name, 2): "abc"}, statuses=statuses)
    page["A3"], page["B3"], page["C3"] = "A2", 12, "Earned"
    page.parent.save(tmp_path / "mended.xlsx")
    checked = check(tmp_path / "mended.xlsx")
    assert checked.rejected == 0
    assert checked.events["receipt"].fillna("").tolist()[:2] == ["abc", ""]


def test_write_marked_again_uses_the_columns_that_are_there(tmp_path: Path) -> None:
    mark(write_xlsx(tmp_path / "a.xlsx", ROWS), tmp_path / "once.xlsx")
    page, _ = mark(tmp_path / "once.xlsx", tmp_path / "twice.xlsx")
    assert [cell.value for cell in page[1]] == ["ClientId", "Points", "Action", "Status", "Receipt"]


def test_write_marked_tells_an_error_of_the_whole_row_at_its_status(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["ClientId", "Points", "Action", "RewardId"], ["1", 5, "Earned", "r"]])
    page, _ = mark(path, tmp_path / "marked.xlsx")
    assert page["E2"].comment.text.startswith("tieout: The row fills RewardId as well")


def test_write_marked_again_clears_what_was_mended(tmp_path: Path) -> None:
    page, _ = mark(write_xlsx(tmp_path / "a.xlsx", ROWS), tmp_path / "once.xlsx")
    page["B3"] = 12
    page.parent.save(tmp_path / "once.xlsx")
    page, _ = mark(tmp_path / "once.xlsx", tmp_path / "twice.xlsx")
    assert (page["B3"].comment, page["B3"].fill.fill_type) == (None, None)
    assert page["C3"].comment.text.count("tieout: ") == 1


HELD = RowStatus("held: no date", Look.WAITS, "To let it be sent: tieout approve e1")


@pytest.mark.parametrize("source", ["xlsx", "csv"])
def test_a_row_that_waits_is_colored_and_told_like_a_bad_one(source: str, tmp_path: Path) -> None:
    name = None if source == "csv" else "Sheet"
    path = write_bytes(tmp_path / "a.csv", CSV) if source == "csv" else write_xlsx(tmp_path / "a.xlsx", ROWS)
    page, _ = mark(path, tmp_path / "marked.xlsx", statuses={(name, 2): HELD})
    assert page["D2"].value == "held: no date. To let it be sent: tieout approve e1"
    assert page["A2"].comment.text == f"tieout: {page['D2'].value}"
    assert [page[place].fill.start_color.rgb for place in ("A2", "D2", "B2")] == ["FFFFEB9C", "FFFFEB9C", "00000000"]


@pytest.mark.parametrize("source", ["xlsx", "csv"])
def test_what_was_noticed_stands_at_its_cell_and_changes_no_color(source: str, tmp_path: Path) -> None:
    name = None if source == "csv" else "Sheet"
    path = write_bytes(tmp_path / "a.csv", CSV) if source == "csv" else write_xlsx(tmp_path / "a.xlsx", ROWS)
    noticed = [
        Note("about the file"),
        Note("about the column", name, 1, "Points"),
        Note("about the cell", name, 2, "ClientId"),
    ]
    page, _ = mark(path, tmp_path / "marked.xlsx", noticed=noticed)
    assert page["D1"].comment.text.startswith("tieout: mend the colored cells")
    assert page["D1"].comment.text.endswith("\nabout the file")
    assert page["B1"].comment.text == "tieout: about the column"
    assert page["A2"].comment.text == "tieout: about the cell"
    assert page["A2"].fill.fill_type is None


def test_a_copy_of_the_bad_rows_alone_is_read_as_these_rows(tmp_path: Path) -> None:
    titled = [["Rewards of May"], *ROWS]
    page, lost = mark(write_xlsx(tmp_path / "a.xlsx", titled), tmp_path / "bad.xlsx", only_bad=True)
    assert (page.max_row, page["A2"].value, lost) == (2, "A2", [])
    assert page["D2"].value.startswith("row 4 rejected: ")
    assert page["B2"].comment.text.startswith("tieout: Points")
    page["B2"], page["C2"] = 12, "Earned"
    page.parent.save(tmp_path / "mended.xlsx")
    mended = check(tmp_path / "mended.xlsx")
    assert (mended.rejected, mended.events["client_id"].tolist()) == (0, ["A2"])


def test_a_copy_as_text_holds_ids_as_their_formats_show_them(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ROWS[0])
        page.write_row(1, 0, [123, 12.5, "Earned"])
        page.write_number(1, 0, 123, book.add_format({"num_format": '"AB"000000'}))
    page, _ = mark(tmp_path / "a.xlsx", tmp_path / "bad.xlsx", only_bad=True)
    assert page["A2"].value == "AB000123"


@pytest.mark.parametrize("text", ["<r><t>5</t></r>", "<r><open></r>"])
def test_a_cell_that_looks_like_markup_of_a_workbook_is_a_text(tmp_path: Path, text: str) -> None:
    content = CSV.replace(b"=1+1", text.encode())
    page, _ = mark(write_bytes(tmp_path / "a.csv", content), tmp_path / "marked.xlsx")
    assert [cell.value for cell in page["A"]] == ["ClientId", "000123", text]
