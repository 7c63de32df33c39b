import pytest

from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, sheet_of
from transforms.check.part import check_sheets
from transforms.sheets.fields import is_slip
from transforms.sheets.sheet import FileError
from transforms.sheets.tables import find_tables


@pytest.mark.parametrize("heading", ["Client ID", "client_id", "CLIENTID", " Client\u00a0Id ", "clientId"])
def test_find_tables_forgets_case_spaces_and_underscores(heading: str) -> None:
    (table,) = find_tables([sheet_of([heading, "Points", "Action"])]).tables
    assert table.columns["client_id"] == 0
    assert table.heading("client_id") == heading


def test_find_tables_looks_below_titles() -> None:
    (table,) = find_tables([sheet_of(["Rewards of May", "", ""], ["", "", ""], CLIENT[:3])]).tables
    assert table.heading_row == 3


def test_find_tables_leaves_out_sheets_without_headings() -> None:
    found = find_tables([sheet_of(["Client ID", "Name"], name="Index"), sheet_of(CLIENT, name="Rows")])
    assert [table.sheet.name for table in found.tables] == ["Rows"]
    assert [(side.sheet.name, side.reason) for side in found.side_sheets] == [("Index", "sheet without headings")]


@pytest.mark.parametrize(
    ("headings", "code", "cell", "suggestion"),
    [
        pytest.param(["ClientId", "Points", "Actoin"], "column_missing", "C1", "Action"),
        pytest.param(["Client Number", "Points", "Action"], "column_missing", "A1", "ClientId"),
        pytest.param(["RewardId", "Payuot Id"], "column_missing", "B1", "PayoutId"),
        pytest.param(["Amount", "Description"], "column_missing", None, None, id="neither required column"),
        pytest.param([*CLIENT[:3], "Suorce"], "heading_not_found", "D1", "Source", id="a slip in an optional heading"),
        pytest.param([*CLIENT[:3], "Receipts"], "heading_not_found", "D1", "Receipt"),
        pytest.param([*CLIENT[:3], "client_id"], "heading_twice", "D1", None),
        pytest.param([*CLIENT[:3], "RewardId", "PayuotId"], "heading_not_found", "E1", "PayoutId", id="of both kinds"),
        pytest.param(["Name", "Phone"], "heading_not_found", None, None),
    ],
)
def test_check_refuses_a_file_with_wrong_headings(
    headings: list[str], code: str, cell: str | None, suggestion: str | None
) -> None:
    with pytest.raises(FileError) as refusal:
        check_sheets([sheet_of(headings, ["1"] * len(headings))], RULES)
    assert (refusal.value.code, refusal.value.place.cell) == (code, cell)
    assert refusal.value.suggestion == suggestion


@pytest.mark.parametrize("extra", ["Resource", "Client Name", "Phone #", "Payout", "Date", "Option"])
def test_check_passes_over_headings_that_are_something_else(extra: str) -> None:
    (table,) = find_tables([sheet_of([*CLIENT[:3], extra])]).tables
    assert table.unused == [extra]


def test_find_tables_names_both_places_of_a_heading() -> None:
    with pytest.raises(FileError, match="A1 and C1"):
        find_tables([sheet_of(["RewardId", "PayoutId", "reward id"])])


@pytest.mark.parametrize("slip", ["sourc", "sources", "suorce", "sourve", "ource", "xsource", "sourec"])
def test_is_slip_knows_one_wrong_letter(slip: str) -> None:
    assert is_slip(slip, "source")


@pytest.mark.parametrize("other", ["source", "resource", "s", "", "sauces"])
def test_is_slip_leaves_other_words(other: str) -> None:
    assert not is_slip(other, "source")


def test_table_serves_both_kinds() -> None:
    (table,) = find_tables([sheet_of(CLIENT + REWARD)]).tables
    assert len(table.targets) == 2
