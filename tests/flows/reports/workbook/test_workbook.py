"""Reads back with openpyxl what was written; how it looks was judged by eye."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from flows.reports.values import Show
from flows.reports.workbook import ink
from flows.reports.workbook.ink import brush, lead_to, open_book, put_link
from flows.reports.workbook.workbook import write_workbook
from flows.runtime.visible import visible
from tests.flows.reports import samples
from tests.laws import law

SHEETS = ["Summary", "Walk by site", "Breaks", "Rejected rows", "Unknown and held", "Posted", "By client"]
MORE = [
    *("By night", "Refused", "Not posted", "Not read", "Under watch", "Decisions", "Duplicates", "Skipped rows"),
    *("Noticed", "By day", "Proof", "Totals", "Control totals", "Words"),
]
HEADINGS = 4  # the row of the headings, as a spreadsheet shows it


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return load_workbook(write_workbook(samples.report(), tmp_path_factory.mktemp("book") / "report.xlsx"))


def column(sheet: Worksheet, heading: str) -> list[object]:
    headings = [cell.value for cell in sheet[HEADINGS]]
    place = headings.index(heading) + 1
    return [sheet.cell(row, place).value for row in range(HEADINGS + 1, sheet.max_row + 1)]


def texts(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_write_workbook_has_the_sheets_in_order(book: Workbook) -> None:
    assert book.sheetnames == [*SHEETS, *MORE]


def test_write_workbook_says_the_verdict_first(book: Workbook) -> None:
    summary = book["Summary"]
    assert summary["A2"].value == "Ties out: every row and every event is accounted for."
    assert summary["A3"].value.startswith("The services do not agree, by 210 points and an amount of 12.50:")
    assert summary["A4"].value == "Nothing was left unread."
    assert summary["A5"].value == "For a person: 5 rejected rows, 2 held, 4 refused, 1 unknown, 7 open breaks."


def test_write_workbook_opens_on_the_walk_whose_lines_lead_to_their_rows(book: Workbook) -> None:
    summary = book["Summary"]
    row = next(cell.row for cell in summary["A"] if str(cell.value).startswith("Walk: from the sheets"))
    links = {cell.value: cell.hyperlink.location for cell in summary["J"][row:] if cell.hyperlink}
    assert row < 12
    assert links["Refused"] == "'Refused'!A1"
    assert {name.strip("'").partition("'")[0] for name in links.values()} <= set(book.sheetnames)


def test_write_workbook_names_what_does_not_tie(tmp_path: Path) -> None:
    ties = samples.ties()
    ties.loc[0, ["right", "difference", "ties"]] = [66, 1, False]
    report = samples.report(totals=samples.totals(ties_out=False), ties=ties)
    book = load_workbook(write_workbook(report, tmp_path / "r.xlsx"))
    assert book["Summary"]["A2"].value == "Does not tie: Rows is off by 1."
    assert "NO" in texts(book["Proof"])


@pytest.mark.parametrize("name", [*SHEETS[1:], *MORE])
def test_write_workbook_sheets_filter_freeze_and_print(book: Workbook, name: str) -> None:
    sheet = book[name]
    assert sheet.freeze_panes == "B5"
    assert sheet.auto_filter.ref.startswith("A4:")
    assert sheet.print_title_rows == "$4:$4"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.oddHeader.left.text == "Nightly run of 2 July 2025"


def test_write_workbook_draws_both_charts_on_the_summary(tmp_path: Path) -> None:
    with ZipFile(write_workbook(samples.report(), tmp_path / "r.xlsx")) as parts:
        charts = [parts.read(name).decode() for name in sorted(parts.namelist()) if "charts/chart" in name]
    assert [("Open breaks by age" in chart, "Points posted by day" in chart) for chart in charts] == [
        (True, False),
        (False, True),
    ]
    assert "'By day'!$D$5:$D$21" in charts[1]


def test_write_workbook_chart_of_breaks_points_at_the_ages(book: Workbook, tmp_path: Path) -> None:
    with ZipFile(write_workbook(samples.report(), tmp_path / "r.xlsx")) as parts:
        chart = parts.read("xl/charts/chart1.xml").decode()
    first = next(cell.row for row in book["Summary"].iter_rows() for cell in row if cell.value == "0 to 1 day")
    assert f"Summary!$B${first}:$B${first + 3}" in chart


def test_write_workbook_sums_are_formulas_that_obey_the_filter(book: Workbook) -> None:
    headings = [cell.value for cell in book["Posted"][HEADINGS]]
    formula = book["Posted"].cell(3, headings.index("Points earned") + 1)
    assert formula.data_type == "f"
    assert formula.value == "=SUBTOTAL(109,E5:E44)"


def test_write_workbook_formulas_hold_their_values(tmp_path: Path) -> None:
    stored = load_workbook(write_workbook(samples.report(), tmp_path / "r.xlsx"), data_only=True)
    sums = {cell.value for cell in stored["Posted"][3]}
    assert {800, 90, 112.5} <= sums
    assert 67 in [cell.value for cell in stored["Summary"]["B"]]


def test_write_workbook_keeps_ids_to_the_letter(book: Workbook) -> None:
    clients = column(book["By client"], "Client")
    assert clients == ["000001", "000002", "000123", "AB123456"]
    assert column(book["Refused"], "Client")[-1] == "+44"


def test_write_workbook_shows_times_in_utc_and_on_the_clock_of_the_site(book: Workbook) -> None:
    posted = book["Posted"]
    assert column(posted, "Action at (UTC)")[0] == datetime(2025, 7, 2, 9, 0)  # noqa: DTZ001  # a cell has no zone
    assert column(posted, "Action at (America/Los_Angeles)")[0] == datetime(2025, 7, 2, 2, 0)  # noqa: DTZ001


def test_write_workbook_splits_points_by_kind(book: Workbook) -> None:
    kinds, earned, redeemed = (column(book["Posted"], name) for name in ("Kind", "Points earned", "Points redeemed"))
    assert {kind for kind, points in zip(kinds, earned, strict=True) if points is not None} == {"earned"}
    assert {kind for kind, points in zip(kinds, redeemed, strict=True) if points is not None} == {"redeemed"}


def test_write_workbook_says_so_where_there_is_nothing(tmp_path: Path) -> None:
    quiet = load_workbook(write_workbook(samples.quiet(), tmp_path / "q.xlsx"))
    assert quiet["Summary"]["A5"].value == "Nothing waits for a person."
    assert quiet["Breaks"]["A5"].value == "No breaks: source, ledger and service agree."
    assert quiet["Posted"]["A5"].value == "Nothing was posted."


def test_write_workbook_made_twice_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    made = [write_workbook(samples.report(), tmp_path / name) for name in ("one.xlsx", "two.xlsx")]
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in made}) == 1


def test_a_long_workbook_that_is_not_held_in_memory_is_the_same_cell_by_cell(
    book: Workbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ink, "_MOST_IN_MEMORY", 0)
    streamed = load_workbook(write_workbook(samples.report(), tmp_path / "r.xlsx"))
    assert cells_of(streamed) == cells_of(book)
    assert [sheet.merged_cells.ranges for sheet in streamed] == [sheet.merged_cells.ranges for sheet in book]


def cells_of(book: Workbook) -> list[tuple[object, ...]]:
    """Return every cell with its value and its look."""
    return [
        (sheet.title, cell.coordinate, cell.value, cell.data_type, cell.quotePrefix, *_look(cell))
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None or cell.has_style
    ]


def _look(cell: Cell) -> list[str]:
    place = cell.hyperlink.location if cell.hyperlink else None
    return [str(one) for one in (cell.number_format, cell.font, cell.fill, cell.border, cell.alignment, place)]


def test_write_workbook_is_stamped_with_the_end_of_the_run(book: Workbook) -> None:
    finished = datetime(2025, 7, 2, 9, 4, 12)  # noqa: DTZ001  # the stored time is UTC and has no zone
    assert (book.properties.created, book.properties.modified) == (finished, finished)


def test_write_workbook_does_not_depend_on_the_order_of_breaks(tmp_path: Path) -> None:
    turned = samples.breaks().iloc[::-1]
    one = write_workbook(samples.report(), tmp_path / "one.xlsx")
    two = write_workbook(samples.report(breaks=turned), tmp_path / "two.xlsx")
    assert texts(load_workbook(one)["Breaks"]) == texts(load_workbook(two)["Breaks"])


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        pytest.param(Decimal("9.95"), 9.95, id="two-decimals"),
        pytest.param(Decimal("1234567890123.45"), 1234567890123.45, id="fifteen-digits"),
        pytest.param(Decimal("12345678901234.56"), "12345678901234.56", id="sixteen-digits"),
        pytest.param(Decimal("0.123456789"), "0.123456789", id="nine-decimals"),
        pytest.param(Decimal("1E+20"), "100000000000000000000", id="too-large"),
        pytest.param(Decimal("-0.10"), -0.1, id="negative"),
    ],
)
def test_write_workbook_shows_amounts_exactly(tmp_path: Path, amount: Decimal, shown: object) -> None:
    posted = samples.posted(1).assign(kind="reward_update", points=None, amount=[amount])
    book = load_workbook(write_workbook(samples.report(posted=posted), tmp_path / "r.xlsx"))
    assert column(book["Posted"], "Amount") == [shown]


HOSTILE = st.one_of(
    st.builds("{}{}".format, st.sampled_from(["=", "+", "-", "@", "\t=", "\r", "\x0b", "<r>", "{="]), st.text()),
    st.text(),
    st.sampled_from(["=HYPERLINK(1)", "<r><t>x</t></r>", "<r>&</r>", "_x0041_", "\ufffe", "a\nb", " x "]),
)


@law(25)
@given(found=st.lists(HOSTILE, min_size=1, max_size=40))
def test_write_workbook_never_starts_a_formula_from_data(
    tmp_path_factory: pytest.TempPathFactory, found: list[str]
) -> None:
    sheet, row, name, code = "Sheet", 1, "Client ID", "cell_error"
    rows = [(f"{text}.csv", sheet, row, name, "A1", code, text, text, None) for text in found]
    rejected = pd.DataFrame(rows, columns=samples.rejected().columns, dtype="object")
    path = tmp_path_factory.mktemp("hostile") / "r.xlsx"
    book = load_workbook(write_workbook(samples.quiet(rejected=rejected, title=found[0]), path))
    cells = [cell for line in book["Rejected rows"].iter_rows(min_row=5) for cell in line if cell.value is not None]
    assert "f" not in {cell.data_type for cell in cells}
    shown = sorted(unescaped(value) for value in column(book["Rejected rows"], "What it holds") if value is not None)
    assert shown == sorted(visible(text) for text in found if text)


def unescaped(value: object) -> str:
    # A literal _x0041_ is escaped in the file, as Excel does; openpyxl shows the escape.
    return str(value).replace("_x005F_", "_")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(1)"])
def test_write_workbook_stays_text_when_a_person_edits_it(tmp_path: Path, start: str) -> None:
    breaks = samples.breaks().assign(reason=start)
    sheet = load_workbook(write_workbook(samples.report(breaks=breaks), tmp_path / "r.xlsx"))["Breaks"]
    cell = next(cell for cell in sheet[5] if cell.value == start)
    assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)


def test_write_workbook_names_the_event_of_a_break_only_where_it_has_another_id(tmp_path: Path) -> None:
    breaks = samples.breaks()
    same = samples.report(breaks=breaks.assign(event_id=breaks["id"]))
    other = samples.report(breaks=breaks.assign(event_id=[*breaks["id"][:-1], "another"]))
    sheets = [load_workbook(write_workbook(report, tmp_path / "r.xlsx"))["Breaks"] for report in (same, other)]
    assert ["Event" in [cell.value for cell in sheet[HEADINGS]] for sheet in sheets] == [False, True]
    assert {cell for cell in column(sheets[1], "Event") if cell} == {"another"}


def test_write_workbook_wraps_the_id_of_a_reward_and_keeps_it_whole(tmp_path: Path) -> None:
    reward = "3344d59a-0000-4000-8000-000000000003"
    posted = samples.posted(1).assign(reward_id=reward)
    sheet = load_workbook(write_workbook(samples.report(posted=posted), tmp_path / "r.xlsx"))["Posted"]
    cell = next(cell for cell in sheet[5] if cell.value == reward)
    assert cell.alignment.wrap_text
    assert sheet.row_dimensions[5].height > 20  # two lines


def test_write_workbook_cuts_what_no_cell_can_hold_and_says_so(tmp_path: Path) -> None:
    refused = samples.refused().assign(message="x" * 40_000)
    sheet = load_workbook(write_workbook(samples.report(refused=refused), tmp_path / "r.xlsx"))["Refused"]
    assert str(column(sheet, "What the service said")[0]).endswith("x… (cut: 40,000 characters)")


def test_write_workbook_puts_what_is_too_long_for_a_sheet_beside_it(tmp_path: Path) -> None:
    posted = samples.posted(30).assign(client_id="=1+1")
    path = write_workbook(samples.report(posted=posted), tmp_path / "r.xlsx", sheet_limit=29)
    beside = pd.read_csv(tmp_path / "r-posted.csv", dtype="string")
    assert load_workbook(path)["Posted"]["A5"].value == "See r-posted.csv."
    assert (len(beside), set(beside["Client"])) == (30, {"'=1+1"})
    assert beside["Action at (UTC)"].iloc[1] == "2025-07-01 08:59:00"


def test_write_workbook_leaves_nothing_half_made(tmp_path: Path) -> None:
    posted = samples.posted(3).assign(row=["2", "3", "not a row"])
    with pytest.raises(ArithmeticError):
        write_workbook(samples.report(posted=posted), tmp_path / "r.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_write_workbook_says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Cannot write the workbook .*r\.xlsx: .* Choose a folder"):
        write_workbook(samples.quiet(), tmp_path / "missing" / "r.xlsx")


def test_write_workbook_of_utc_shows_every_time_once(tmp_path: Path) -> None:
    book = load_workbook(write_workbook(samples.report(timezone="UTC"), tmp_path / "r.xlsx"))
    assert [cell.value for cell in book["Posted"][HEADINGS] if "Action at" in str(cell.value)] == ["Action at (UTC)"]


def test_write_workbook_shows_a_time_before_1900_as_text(tmp_path: Path) -> None:
    posted = samples.posted(1).assign(action_at=[datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=366)])
    book = load_workbook(write_workbook(samples.report(posted=posted), tmp_path / "r.xlsx"))
    assert column(book["Posted"], "Action at (UTC)") == ["0002-01-02 00:00:00"]


def test_a_sheet_holds_as_many_links_as_a_spreadsheet_takes_and_then_text(tmp_path: Path) -> None:
    path = tmp_path / "links.xlsx"
    with open_book(path, samples.NIGHT, "Links", lines_count=3) as opened:
        sheet = opened.book.add_worksheet("Full")
        opened.links["Full"] = 65_529
        for row in range(3):
            put_link(opened, sheet, (row, 0), "Posted", "'Posted'!A1", brush(opened, Show.LINK))
            lead_to(opened, sheet, (row, 1), "'Posted'!A1", "the other total")
    sheet = load_workbook(path)["Full"]
    assert [cell.value for cell in sheet["A"]] == ["Posted"] * 3
    assert [bool(cell.hyperlink) for cell in sheet["A"]] == [True, False, False]
    assert not any(cell.hyperlink for row in sheet.iter_rows(min_col=2) for cell in row)
