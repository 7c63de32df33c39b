"""A person's way through: send a sheet, mend the marked copy, send that; against one real sandbox."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from flows.ledger.summary import Summary
from flows.readers.read import read_file
from flows.runs.nightly import nightly as nightly_run
from flows.runs.upload import upload as upload_run
from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace

HEADINGS = ["ClientId", "Points", "Action", "Source", "ActionDateTime"]
Rows = list[list[Any]]
Writer = Callable[[Path, Rows], Path]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "60")) as found:
        yield found


_NEXT = iter(range(60))


@pytest.fixture
def client(ready: dict[str, Any]) -> str:
    """A client whom no other test has posted for."""
    return str(ready["mindbody"]["client_ids"][-1 - next(_NEXT)])


def five_rows(client: str) -> Rows:
    """Three good rows, one of them without a time, and two bad ones."""
    return [
        HEADINGS,
        [client, 10, "Earned", "Sale", "2026-09-20T17:00:00Z"],
        [client, 11, "Earned", "Sale", "2026-09-20T17:00:00Z"],
        [client, 12, "Earned", "Sale", None],
        [client, 13.5, "Earned", "Sale", "2026-09-20T18:00:00Z"],
        [client, 14, "Earnd", "Sale", "2026-09-20T19:00:00Z"],
    ]


def write_xlsx(path: Path, rows: Rows) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def write_csv(path: Path, rows: Rows) -> Path:
    with path.with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path.with_suffix(".csv")


def upload(workplace: Workplace, path: Path) -> Summary:
    return upload_run(workplace.settings, path)


def copy_of(ended: Summary) -> Path:
    (path,) = ended.report.parent.glob("*.marked.xlsx")
    return path


def page_of(path: Path) -> Worksheet:
    return openpyxl.load_workbook(path).worksheets[0]


def column(page: Worksheet, heading: str) -> list[Any]:
    texts = {cell.value: cell.column for cell in page[1]}
    return [page.cell(row, texts[heading]).value for row in range(2, page.max_row + 1)]


def edit(path: Path, **cells: Any) -> Path:
    """Change cells of a marked copy, as a person does in a spreadsheet program."""
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        book.worksheets[0][place] = value
    book.save(path)
    return path


def mend(path: Path) -> Path:
    return edit(path, B5=13, C6="Earned")


def points_sent(workplace: Workplace, client: str) -> list[int]:
    return sorted(line["points"] for line in workplace.commits(client))


@pytest.mark.first_case
@pytest.mark.parametrize("write", [pytest.param(write_xlsx, id="xlsx"), pytest.param(write_csv, id="csv")])
def test_a_mended_copy_posts_what_was_bad_and_nothing_twice(workplace: Workplace, client: str, write: Writer) -> None:
    first = upload(workplace, write(workplace.folder / "sheet", five_rows(client)))
    assert [first.totals[key] for key in ("posted", "rejected")] == [3, 2]
    second = upload(workplace, mend(copy_of(first)))
    assert [second.totals[key] for key in ("accepted", "duplicate", "posted", "rejected")] == [2, 3, 2, 0]
    assert points_sent(workplace, client) == [10, 11, 12, 13, 14]
    assert column(page_of(copy_of(second)), "Status") == ["posted"] * 5


def test_mark_file_says_what_became_of_every_row(workplace: Workplace, client: str) -> None:
    rows = [*five_rows(client), ["nobody", 5, "Earned", "Sale", "2026-09-20T17:00:00Z"]]
    page = page_of(copy_of(upload(workplace, write_xlsx(workplace.folder / "sheet", rows))))
    statuses, receipts = column(page, "Status"), column(page, "Receipt")
    assert statuses[:3] == ["posted"] * 3
    assert [status.partition(":")[0] for status in statuses[3:]] == ["rejected", "rejected", "refused"]
    assert [receipt is None for receipt in receipts] == [False, False, False, True, True, False]


@pytest.mark.long
def test_mark_file_names_the_row_that_a_duplicate_repeats(workplace: Workplace, client: str) -> None:
    upload(workplace, write_csv(workplace.folder / "one", five_rows(client)[:2]))
    ended = upload(workplace, write_csv(workplace.folder / "two", five_rows(client)[:3]))
    assert column(page_of(copy_of(ended)), "Status") == ["duplicate of row 2 of one.csv: posted", "posted"]


@pytest.mark.long
def test_an_undated_row_is_held_once_however_often_its_copy_is_sent(workplace: Workplace, client: str) -> None:
    rows = [HEADINGS, [client, 12, "Earned", "Sale", None]]
    upload(workplace, write_csv(workplace.folder / "one", rows))
    held = upload(workplace, write_xlsx(workplace.folder / "two", rows))
    copy = edit(copy_of(held), H1="seen")
    assert column(page_of(copy), "Status")[0].startswith("held: no date")
    again = upload(workplace, copy)
    assert [again.totals[key] for key in ("held", "duplicate", "accepted")] == [0, 1, 0]
    assert points_sent(workplace, client) == [12]


@pytest.mark.long
def test_the_same_file_again_gets_its_copy_again(workplace: Workplace, client: str) -> None:
    path = write_xlsx(workplace.folder / "sheet", five_rows(client))
    upload(workplace, path)
    again = upload(workplace, path)
    assert (again.totals["files"], again.totals["posted"]) == (0, 0)
    assert column(page_of(copy_of(again)), "Status")[:3] == ["posted"] * 3


def rejections(workplace: Workplace) -> list[tuple[str, str]]:
    rows = workplace.rows("SELECT cell, message FROM rejections WHERE code = 'receipt_mismatch'")
    return [(row["cell"], row["message"].partition(":")[0]) for row in rows]


@pytest.mark.long
def test_a_row_with_a_receipt_and_other_values_is_rejected_at_its_receipt(workplace: Workplace, client: str) -> None:
    first = upload(workplace, write_xlsx(workplace.folder / "sheet", five_rows(client)[:4]))
    second = upload(workplace, edit(copy_of(first), B3=999))
    assert rejections(workplace) == [
        ("G3", "The receipt belongs to a row with other values, which is in the ledger already")
    ]
    assert page_of(copy_of(second))["G3"].comment is not None
    assert points_sent(workplace, client) == [10, 11, 12]


@pytest.mark.long
def test_a_receipt_on_another_row_is_rejected(workplace: Workplace, client: str) -> None:
    first = upload(workplace, write_xlsx(workplace.folder / "sheet", five_rows(client)[:4]))
    receipts = column(page_of(copy_of(first)), "Receipt")
    second = upload(workplace, edit(copy_of(first), G3=receipts[0]))
    assert [second.totals[key] for key in ("duplicate", "rejected", "posted")] == [2, 1, 0]


@pytest.mark.long
def test_a_row_copied_with_its_receipt_is_rejected_until_the_receipt_is_emptied(
    workplace: Workplace, client: str
) -> None:
    copy = copy_of(upload(workplace, write_xlsx(workplace.folder / "sheet", five_rows(client)[:2])))
    row = [cell.value for cell in page_of(copy)[2]]
    copied = edit(copy, **{f"{letter}3": value for letter, value in zip("ABCDEFG", row, strict=True)})
    second = upload(workplace, copied)
    assert rejections(workplace) == [("G3", "Another row bears the same receipt")]
    third = upload(workplace, edit(copy_of(second), G3=None))
    assert (third.totals["posted"], points_sent(workplace, client)) == (1, [10, 10])


@pytest.mark.long
def test_without_the_column_of_receipts_nothing_goes_twice(workplace: Workplace, client: str) -> None:
    book = openpyxl.load_workbook(copy_of(upload(workplace, write_xlsx(workplace.folder / "sheet", five_rows(client)))))
    book.worksheets[0].delete_cols(7)
    book.save(workplace.folder / "bare.xlsx")
    second = upload(workplace, mend(workplace.folder / "bare.xlsx"))
    assert [second.totals[key] for key in ("accepted", "duplicate", "held")] == [2, 2, 1]
    assert points_sent(workplace, client) == [10, 11, 12, 13, 14]


def test_a_refused_row_is_mended_like_a_rejected_one(workplace: Workplace, client: str) -> None:
    rows = [HEADINGS, ["nobody", 5, "Earned", "Sale", "2026-09-20T17:00:00Z"]]
    first = upload(workplace, write_xlsx(workplace.folder / "sheet", rows))
    second = upload(workplace, edit(copy_of(first), A2=client))
    assert (first.totals["refused"], second.totals["posted"]) == (1, 1)
    assert column(page_of(copy_of(second)), "Status") == ["posted"]


@pytest.mark.long
def test_a_row_whose_content_was_deleted_is_no_row(workplace: Workplace, client: str) -> None:
    first = upload(workplace, write_xlsx(workplace.folder / "sheet", five_rows(client)[:3]))
    second = upload(workplace, edit(copy_of(first), A3=None, B3=None, C3=None, D3=None, E3=None))
    assert [second.totals[key] for key in ("rows_read", "duplicate", "rejected")] == [1, 1, 0]


@pytest.mark.long
def test_a_night_gives_only_files_back_that_wait_for_a_person(workplace: Workplace, client: str) -> None:
    write_csv(workplace.inbox / "bad", five_rows(client))
    write_csv(workplace.inbox / "good", [HEADINGS, [client, 15, "Earned", "Sale", "2026-09-20T20:00:00Z"]])
    ended = nightly_run(workplace.settings)
    assert [path.name for path in ended.report.parent.glob("*.marked.*")] == ["bad.marked.xlsx"]
    assert f"marked copy of bad.csv: {copy_of(ended)}" in ended.lines


@pytest.mark.long
def test_mark_file_tells_two_files_of_one_name_apart(workplace: Workplace, client: str) -> None:
    (workplace.inbox / "-99").mkdir()
    for folder, at in (("", 18), ("-99", 19)):
        rows = [HEADINGS, [client, 1.5, "Earned", "Sale", f"2026-09-20T{at}:00:00Z"]]
        write_csv(workplace.inbox / folder / "bad", rows)
    ended = nightly_run(workplace.settings)
    assert {path.name for path in ended.report.parent.glob("*.marked.*")} == {"bad.marked.xlsx", "bad 2.marked.xlsx"}


def test_a_laid_out_copy_keeps_what_the_spreadsheet_could_not_work_out(workplace: Workplace, client: str) -> None:
    rows = [HEADINGS, [client, 5, "Earned", "#N/A", "2026-09-20T17:00:00Z"]]
    (sheet,) = read_file(copy_of(upload(workplace, write_csv(workplace.folder / "sheet", rows))))
    assert sheet.cells.at[2, 3] == "#N/A"


@pytest.mark.long
def test_mark_file_says_that_a_file_is_too_long_for_a_sheet(
    workplace: Workplace, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.marked_copy.give_back.MAX_ROWS", 4)
    ended = upload(workplace, write_csv(workplace.folder / "sheet", five_rows(client)))
    assert "sheet.csv: no marked copy, since it has more than the 4 rows of a sheet." in ended.lines
