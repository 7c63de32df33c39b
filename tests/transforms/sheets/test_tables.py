import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, sheet_of
from transforms.check.part import check_sheets
from transforms.sheets.sheet import FileError
from transforms.sheets.tables import find_tables

AROUND = st.sampled_from([[""], ["Rewards of May"], ["Total", "44"], ["Columns you may fill:"], ["", "Points"]])
GOOD = ["100000001", "5", "Earned"]


@st.composite
def pages(draw: st.DrawFn) -> tuple[list[list[str]], dict[str, str]]:
    """Give the rows of a sheet with tables, titles, legends and blanks in any order, and the points of each client."""
    page: list[list[str]] = []
    points_of: dict[str, str] = {}
    headings: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        if not headings or draw(st.booleans()):
            more = draw(st.sets(st.sampled_from([*CLIENT[3:5], "Balance", "Note"])))
            headings = list(draw(st.permutations([*CLIENT[:3], *more])))
            page.append(headings)
        for _ in range(draw(st.integers(0, 3))):
            client = f"1000{len(points_of):05}"
            points_of[client] = str(draw(st.integers(1, 400)))
            cells = {"ClientId": client, "Points": points_of[client], "Action": "Earned", "Balance": "900"}
            page.append([cells.get(heading, "") for heading in headings])
        page += draw(st.lists(AROUND, max_size=2))
        if draw(st.booleans()):
            page.insert(0, draw(AROUND))
    return page, points_of


@law(100)
@given(pages())
def test_every_row_has_its_own_values_or_is_an_error(drawn: tuple[list[list[str]], dict[str, str]]) -> None:
    page, points_of = drawn
    try:
        checked = check_sheets([sheet_of(*page)], RULES)
    except FileError:
        return
    read = dict(zip(checked.events["client_id"], checked.events["points"].astype(str), strict=True))
    wrong = {cell for row in checked.errors["row"] for cell in page[row - 1]}
    assert read.items() <= points_of.items()
    assert points_of.keys() <= read.keys() | wrong


def test_a_repeated_heading_goes_on_with_the_same_table() -> None:
    (table,) = find_tables([sheet_of(CLIENT[:3], GOOD, ["client id", "POINTS", "action"], GOOD)]).tables
    assert table.repeated_rows == {3}


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(["ClientId", "Action", "Points"], id="another order"),
        pytest.param([*CLIENT[:4]], id="one more"),
        pytest.param(["", *CLIENT[:3]], id="moved"),
        pytest.param(REWARD[:2], id="of the other service"),
    ],
)
def test_other_headings_begin_another_table(again: list[str]) -> None:
    tables = find_tables([sheet_of(CLIENT[:3], GOOD, again)]).tables
    assert [table.heading_row for table in tables] == [1, 3]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param([CLIENT[:3], GOOD, ["ClientId", "Points"], GOOD], id="half a heading in the middle"),
        pytest.param([GOOD, CLIENT[:3], GOOD], id="a row above the headings"),
        pytest.param([["ClientId", "Points", "Acton"], GOOD, CLIENT[:3]], id="a slip in the first headings"),
        pytest.param([["r1", "p1"], REWARD[:2], ["r2", "p2"]], id="a reward above the headings"),
    ],
)
def test_rows_that_would_be_lost_refuse_the_file(page: list[list[str]]) -> None:
    with pytest.raises(FileError):
        find_tables([sheet_of(*page)])


def test_a_sheet_with_a_slip_in_its_headings_is_no_side_sheet() -> None:
    with pytest.raises(FileError, match="Action"):
        find_tables([sheet_of(CLIENT[:3], GOOD), sheet_of(["ClientId", "Points", "Acton"], GOOD, name="Feb")])


def test_a_summary_is_a_side_sheet() -> None:
    found = find_tables([sheet_of(CLIENT[:3], GOOD), sheet_of(["Row Labels", "Sum of Points"], ["A", "5"], name="Sum")])
    assert [side.reason for side in found.side_sheets] == ["sheet without headings"]


def test_where_no_heading_is_known_the_row_that_comes_nearest_is_shown() -> None:
    page = [["Rewards of May", "", ""], ["Member", "Pts", "What"], ["100000001", "5", "Earned"]]
    with pytest.raises(FileError) as refused:
        find_tables([sheet_of(*page)])
    assert 'Sheet "Rewards", row 2 comes nearest ("Member", "Pts", "What")' in refused.value.message
    assert "needs the columns ClientId, Points and Action" in refused.value.message
    assert (refused.value.place.sheet, refused.value.place.row) == ("Rewards", 2)
