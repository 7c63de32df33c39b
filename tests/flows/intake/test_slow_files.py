"""Small files that took a minute, and their siblings: each is read in seconds, or refused by a limit with a name."""

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from flows.intake.check import check_file
from flows.intake.check_report import check_lines
from flows.runtime.errors import FileRejected
from flows.settings.sections import Settings

HEADINGS = ["ClientId", "Points", "Action", "Source", "SourceId", "ActionDateTime"]
ROW = ["1", "10", "Earned", "Sale", "5", "2024-01-01"]
UPDATES = "RewardId,PayoutId,Amount,EligibilityDate,Description"
SECONDS = 6  # of processor time; before, these took a minute or more
LONG = 32_000


def check(path: Path) -> str:
    """Return what the check says of a file, which it must say soon."""
    site = {"site_id": "-99", "timezone": "UTC", "username": "u", "password": "p"}
    settings = Settings(workspace=path.parent, mindbody={"api_key": "k", "sites": [site]})
    started = time.process_time()
    try:
        said = " ".join(check_lines(check_file(settings, path, None)))
    except FileRejected as error:
        said = str(error)
    assert time.process_time() - started < SECONDS
    return said


def write(folder: Path, *rows: str, headings: str = ",".join(HEADINGS)) -> Path:
    path = folder / "a.csv"
    path.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
    return path


SIGNS = ["\u00a0", "\u200b", "\t", "\u2028", "0", "9", ".", ",000", "-", "sub ", "total "]
# Each sign in some field and some sign in each field; every sign in every field by `make prove`.
CELLS = [
    pytest.param(sign, field, marks=() if field == place % len(ROW) else pytest.mark.long)
    for place, sign in enumerate(SIGNS)
    for field in range(len(ROW))
]


@pytest.mark.parametrize(("sign", "field"), CELLS)
def test_a_long_cell_costs_by_its_length(tmp_path: Path, sign: str, field: int) -> None:
    texts = ["1{}1", "{}", "x{}x"]
    rows = []
    for text in texts:
        cells = list(ROW)
        cells[field] = '"' + text.format((sign * LONG)[:LONG]) + '"'
        rows.append(",".join(cells))
    assert "rows read" in check(write(tmp_path, *rows))


@pytest.mark.parametrize("sign", ["\u00a0", "\u200b", "0", ".", "(", "5-"])
def test_a_long_cell_of_an_update_costs_by_its_length(tmp_path: Path, sign: str) -> None:
    long = (sign * LONG)[:LONG]
    rows = [f'r1,p1,"1{long}1","2024-01-01{long}","x{long}x"', f'"{long}","{long}","{long}","{long}","{long}"']
    assert "rows read" in check(write(tmp_path, *rows, headings=UPDATES))


def test_empty_columns_are_cut_off(tmp_path: Path) -> None:
    empty = "," * 40_000
    said = check(write(tmp_path, ",".join(ROW) + empty, headings=",".join(HEADINGS) + empty))
    assert "1 rows read, 1 good" in said


def test_more_columns_than_the_limit_are_refused_by_it(tmp_path: Path) -> None:
    more = "".join(f",h{number}" for number in range(40_000))
    assert "the limit of 1,000 columns" in check(write(tmp_path, headings=",".join(HEADINGS) + more))


def test_a_heading_of_a_megabyte_is_named_in_a_line(tmp_path: Path) -> None:
    said = check(write(tmp_path, ",".join([*ROW, "x"]), headings=",".join([*HEADINGS, "h" * 1_000_000])))
    assert "columns not read: hhh" in said
    assert len(said) < 1000


def workbook(path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> Path:
    book = xlsxwriter.Workbook(path)
    fill(book)
    book.close()
    return path


def put(sheet: xlsxwriter.worksheet.Worksheet, row: int, texts: list[str]) -> None:
    for column, text in enumerate(texts):
        sheet.write(row, column, text)


def wide(book: xlsxwriter.Workbook) -> None:
    put(book.add_worksheet(), 0, HEADINGS + [f"h{number}" for number in range(16_378)])


def many_sheets(book: xlsxwriter.Workbook) -> None:
    for _ in range(1_000):
        put(book.add_worksheet(), 0, HEADINGS)


def one_text_everywhere(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet()
    put(sheet, 0, HEADINGS)
    for row in range(1, 20_000):
        put(sheet, row, ["1", "10", "Earned", "y" * 30_000])


@pytest.mark.parametrize(
    ("fill", "limit"),
    [
        pytest.param(wide, "the limit of 1,000 columns", id="16,384 columns"),
        pytest.param(many_sheets, "the limit of 400", id="1,000 sheets"),
        pytest.param(one_text_everywhere, "the limit of 512 MiB", id="one text in 20,000 cells"),
    ],
)
def test_a_workbook_past_a_limit_is_refused_by_it(
    tmp_path: Path, fill: Callable[[xlsxwriter.Workbook], None], limit: str
) -> None:
    assert limit in check(workbook(tmp_path / "a.xlsx", fill))


def test_a_row_that_is_repeated_half_a_million_times_is_refused(tmp_path: Path) -> None:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    cell = f'<table:table-cell office:value-type="string"><text:p>{"y" * 30_000}</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="500000">{cell}</table:table-row>'
    table = f'<table:table table:name="a">{row}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(tmp_path / "a.ods", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    assert "the limit of 512 MiB" in check(tmp_path / "a.ods")


def test_items_of_ever_other_keys_are_refused(tmp_path: Path) -> None:
    items = [{"ClientId": str(n), "Points": 1, "Action": "Earned", f"k{n}": 1} for n in range(20_000)]
    (tmp_path / "a.json").write_text(json.dumps(items))
    assert "the limit of 1,000 columns" in check(tmp_path / "a.json")


def test_cells_that_reach_over_a_million_others_are_refused(tmp_path: Path) -> None:
    cells = "<td rowspan=1000 colspan=1000>1</td>" * 200
    (tmp_path / "a.html").write_text(f"<html><table><tr>{cells}</tr></table></html>")
    assert "the limit of 2,000,000 cells" in check(tmp_path / "a.html")
