from random import Random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, check_rows, codes, sheet_of
from transforms.check.events import EVENTS
from transforms.check.part import Checked, check_sheets
from transforms.sheets.sheet import FileError

BOTH = [*CLIENT[:3], *REWARD[:3]]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        pytest.param(["1", "5", "Earned", "", "", ""], "earned"),
        pytest.param(["1", "5", "Redeemed", "", "", ""], "redeemed"),
        pytest.param(["", "", "", "r", "p", "1"], "reward_update"),
    ],
)
def test_check_tells_the_kind_row_by_row(row: list[str], kind: str) -> None:
    assert check_rows(row, headings=BOTH).events["kind"].tolist() == [kind]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param(["1", "5", "Earned", "r", "p", "1"], "row_kind_ambiguous"),
        pytest.param(["", "", "Earned", "r", "p", "1"], "row_kind_ambiguous", id="the action alone"),
        pytest.param(["", "5", "", "", "p", "1"], "row_kind_unknown"),
    ],
)
def test_check_refuses_a_row_of_both_kinds_or_neither(row: list[str], code: str) -> None:
    checked = check_rows(row, headings=BOTH)
    assert codes(checked) == [(None, code)]
    assert checked.errors["value"].isna().all()


def test_check_takes_a_row_for_the_only_kind_that_the_headings_serve() -> None:
    assert [code for _, code in codes(check_rows(["", "5", ""]))] == ["client_id_missing", "action_missing"]
    assert [code for _, code in codes(check_rows(["", "p"], headings=REWARD))] == ["reward_id_missing"]


def test_check_names_a_cell_error_in_a_row_without_a_kind() -> None:
    assert codes(check_rows(["", "#N/A", "", "", "p"], headings=BOTH)) == [
        (None, "row_kind_unknown"),
        ("B2", "cell_error"),
    ]


def test_check_sees_errors_that_the_reader_found_in_empty_looking_cells() -> None:
    sheet = sheet_of(CLIENT, ["1", "5", "Earned", "Sale", "", ""])
    broken = type(sheet)(sheet.name, sheet.cells, error_cells={(2, 4): "#N/A"}, has_addresses=True)
    assert codes(check_sheets([broken], RULES)) == [("E2", "cell_error")]


def test_check_keeps_file_order_over_both_kinds_and_several_sheets() -> None:
    first = sheet_of(BOTH, ["", "", "", "r", "p", ""], ["1", "5", "Earned", "", "", ""], name="A")
    second = sheet_of(CLIENT[:3], ["2", "6", "Redeemed"], name="B")
    events = check_sheets([first, second], RULES).events
    assert list(zip(events["sheet"], events["row"], strict=True)) == [("A", 2), ("A", 3), ("B", 2)]


def test_check_finds_a_reward_twice_over_sheets() -> None:
    sheets = [sheet_of(REWARD[:3], ["r", "p", amount], name=name) for amount, name in (("1", "A"), ("2", "B"))]
    assert check_sheets(sheets, RULES).errors["sheet"].tolist() == ["A", "B"]


def test_check_suggests_and_never_changes() -> None:
    errors = check_rows(["1", "1,200", "Earnd", "Apointment Booking", "", "5.6.2024"]).errors
    assert errors["value"].tolist() == ["1,200", "Earnd", "Apointment Booking", "5.6.2024"]
    assert errors["suggestion"].tolist()[:3] == ["1200", "Earned", "Appointment Booking"]


def test_check_gives_a_receipt_back() -> None:
    checked = check_rows(["1", "5", "Earned", "abc123", "posted"], headings=[*CLIENT[:3], "Receipt", "Status"])
    assert checked.events["receipt"].tolist() == ["abc123"]
    assert checked.notes == ()


def test_check_says_which_columns_it_does_not_read() -> None:
    assert "Phone" in check_rows(["1", "5", "Earned", "555"], headings=[*CLIENT[:3], "Phone"]).notes[0].message


def test_check_of_headings_alone_reads_no_row() -> None:
    checked = check_sheets([sheet_of(CLIENT)], RULES)
    assert (checked.rows_read, len(checked.errors)) == (0, 0)
    assert list(checked.events.columns) == list(EVENTS.columns)


# Texts that are right, nearly right and wrong, for every column.
CELLS = st.sampled_from(
    ["", " ", "-", "1", "0", "12", "12.5", "Earned", "redeemed", "Earnd", "Sale", "Total", "Group", "#N/A", "x\u00a0",
     "2024-11-08", "2024-11-08T10:26:33Z", "2099-01-01", "8/11/2024", "r1", "r2", "p", "5.00", "$5", "\u200b", "\x00"]
)  # fmt: skip
ROWS = st.lists(st.lists(CELLS, min_size=11, max_size=11), max_size=12)


few = law(25)  # each example is a whole check, a tenth of a second


def fates(checked: Checked) -> list[int]:
    rejected = set(checked.errors["row"])
    return sorted([*checked.events["row"], *rejected, *checked.skipped["row"].dropna()])


@few
@given(ROWS)
def test_check_gives_every_row_exactly_one_fate(rows: list[list[str]]) -> None:
    checked = check_sheets([sheet_of(CLIENT + REWARD, *rows)], RULES)
    assert fates(checked) == list(range(2, len(rows) + 2))
    assert checked.rejected == checked.errors["row"].nunique()


@few
@given(ROWS, st.randoms(use_true_random=False))
def test_check_does_not_depend_on_the_order_of_rows(rows: list[list[str]], random: Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (check_sheets([sheet_of(CLIENT + REWARD, *order)], RULES) for order in (rows, shuffled))
    for one, other in ((first.events, second.events), (first.errors, second.errors)):
        pd.testing.assert_frame_equal(unplaced(one), unplaced(other))


def unplaced(frame: pd.DataFrame) -> pd.DataFrame:
    texts = frame.drop(columns=["row", "cell"], errors="ignore").astype("str")
    return texts.sort_values(list(texts.columns), ignore_index=True)


@few
@given(ROWS)
def test_check_lists_no_cell_and_code_twice(rows: list[list[str]]) -> None:
    errors = check_sheets([sheet_of(CLIENT + REWARD, *rows)], RULES).errors
    assert not errors.duplicated(["row", "column", "code"]).any()


def test_check_refuses_a_file_without_headings() -> None:
    with pytest.raises(FileError, match="no headings found") as refusal:
        check_sheets([sheet_of(["1", "2"], ["3", "4"])], RULES)
    assert refusal.value.code == "heading_not_found"
