import pytest

from tests.transforms.sheet_makers import CLIENT, RULES, sheet_of
from transforms.check.part import check_sheets
from transforms.sheets.sheet import FileError, Sheet

ROW = ["A1", "5", "Earned", "", "", ""]


def skipped(*rows: list[str], headings: list[str] = CLIENT) -> list[tuple[int, str]]:
    found = check_sheets([sheet_of(headings, *rows)], RULES).skipped
    return list(zip(found["row"], found["reason"], strict=True))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param([""] * 6, "blank"),
        pytest.param(["\u00a0", " ", "\u200b", "", "", ""], "blank", id="invisible blanks"),
        pytest.param(["client_id", "POINTS", "Action", "source", "Source ID", "ActionDateTime"], "repeated heading"),
        pytest.param(["CLASSPASS", "", "", "", "", ""], "group"),
        pytest.param(["Total", "500", "", "", "", ""], "total"),
        pytest.param(["Subtotal:", "500", "", "", "", ""], "total"),
        pytest.param(["Total# of Clients Referred By CLASSPASS:", "", "", "", "3", ""], "total"),
        pytest.param(["# Clients", "12", "", "", "", ""], "total"),
        pytest.param(["Yoga total:", "500", "", "", "", ""], "total"),
    ],
)
def test_check_names_what_is_no_row(row: list[str], reason: str) -> None:
    assert skipped(ROW, row, ROW) == [(3, reason)]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(["A1", "", "", "", "", ""], id="an id and nothing else"),
        pytest.param(["", "500", "", "", "", ""], id="a sum without a label"),
        pytest.param(["", "", "Earned", "", "", ""], id="an action and nothing else"),
        pytest.param(["#N/A", "", "", "", "", ""], id="an error and nothing else"),
        pytest.param(["Total", "500", "Earned", "", "", ""], id="a client called Total"),
        pytest.param(["A1", "500", "", "total", "", ""], id="total elsewhere"),
    ],
)
def test_check_takes_what_may_be_a_row_for_one(row: list[str]) -> None:
    assert skipped(ROW, row) == []


def test_check_names_titles_and_blank_rows_above_the_headings() -> None:
    found = check_sheets([sheet_of(["Rewards of May 2025"] + [""] * 5, [""] * 6, CLIENT, ROW)], RULES)
    assert found.skipped["reason"].tolist() == ["title", "blank"]
    assert found.events["row"].tolist() == [4]


def test_check_takes_a_merged_row_for_a_group_whatever_it_is_called() -> None:
    sheet = sheet_of(CLIENT, ["Class of 2025", "", "", "", "", ""], ROW)
    merged = Sheet(sheet.name, sheet.cells, has_addresses=True, merged_rows=frozenset({2}))
    assert check_sheets([merged], RULES).skipped["reason"].tolist() == ["group"]


def test_check_takes_a_remark_beside_the_columns_for_no_row() -> None:
    assert skipped(ROW, ["", "", "", "", "", "", "Printed 3/4/2025"], headings=[*CLIENT, ""]) == [(3, "group")]


def test_check_names_whole_sheets_once() -> None:
    found = check_sheets([sheet_of(CLIENT, ROW), sheet_of(["notes", "x"], ["y", "z"], name="Index")], RULES).skipped
    assert found["sheet"].tolist() == ["Index"]
    assert found["row"].isna().all()


def test_check_takes_items_of_keys_for_rows_whatever_they_hold() -> None:
    sheet = sheet_of(CLIENT[:3], ["Total", "5", ""], ["Group", "", ""])
    items = Sheet(None, sheet.cells.set_axis([0, 1, 2]), heading_row=0)
    assert check_sheets([items], RULES).rows_read == 2


def test_check_refuses_delimited_text_whose_rows_are_wider_than_its_headings() -> None:
    sheet = sheet_of([*CLIENT[:3], ""], ["1", "5", "Earned", "x"])
    with pytest.raises(FileError, match="row 2"):
        check_sheets([Sheet(None, sheet.cells)], RULES)
