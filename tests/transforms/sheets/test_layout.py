from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, check_rows, codes, sheet_of
from transforms.check.part import check_sheets
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import FileError
from transforms.sheets.times import DateOrder

DESK = Layout(
    "front desk",
    {"Client No.": "client_id", "When": "action_date_time"},
    DateOrder.DAY_FIRST,
    ZoneInfo("Australia/Sydney"),
)
OWN = ["Client No.", "Points", "Action", "When"]
WITH_DESK = replace(RULES, layouts=(DESK,))


def test_check_reads_a_site_its_own_headings_dates_and_zone() -> None:
    checked = check_rows(["007", "5", "Earned", "3/4/2025 8:30 pm"], headings=OWN, rules=WITH_DESK)
    assert checked.events["client_id"].tolist() == ["007"]
    assert checked.events["action_at"].iloc[0].isoformat() == "2025-04-03T09:30:00+00:00"
    said = 'Sheet "Rewards": read by the layout "front desk", as was said of sheets with these headings.'
    assert checked.notes[0].message == said


def test_check_names_the_site_its_own_heading_in_an_error() -> None:
    checked = check_rows(["", "5", "Earned", "4/24/2025"], headings=OWN, rules=WITH_DESK)
    assert checked.errors["column"].tolist() == ["Client No.", "When"]


def test_check_takes_a_layout_for_none_where_a_heading_of_it_is_missing() -> None:
    with pytest.raises(FileError, match="no column ClientId"):
        check_rows(["007", "5", "Earned"], headings=OWN[:3], rules=WITH_DESK)


def test_check_reads_other_sheets_without_the_layout() -> None:
    sheets = [
        sheet_of(OWN, ["1", "5", "Earned", "3/4/2025"], name="Desk"),
        sheet_of(CLIENT, ["2", "5", "Earned", "", "", "3/4/2025"], name="Other"),
    ]
    checked = check_sheets(sheets, WITH_DESK)
    assert checked.events["sheet"].tolist() == ["Desk"]
    assert codes(checked) == [("F2", "action_time_unreadable")]


def test_check_prefers_the_layout_with_most_headings() -> None:
    other = Layout("short", {"Client No.": "client_id"}, DateOrder.MONTH_FIRST)
    rules = replace(RULES, layouts=(other, DESK))
    assert "front desk" in check_rows(["1", "5", "Earned", ""], headings=OWN, rules=rules).notes[0].message


def test_check_leaves_a_documented_heading_beside_the_own_one_aside() -> None:
    checked = check_rows(["1", "5", "Earned", "", "x"], headings=[*OWN, "ClientId"], rules=WITH_DESK)
    assert checked.events["client_id"].tolist() == ["1"]


def test_check_reads_dates_of_rewards_in_the_order_of_a_layout_without_headings() -> None:
    rules = replace(RULES, layouts=(Layout("dates", date_order=DateOrder.DAY_FIRST),))
    checked = check_rows(["r", "p", "", "3/4/2025"], headings=REWARD, rules=rules)
    assert checked.events["eligibility_on"].tolist() == ["2025-04-03"]


def test_check_reads_no_documented_column_that_a_person_said_is_none() -> None:
    ignored = frozenset({"Points", "Source", "Who"})
    layout = Layout("by hand", {"ClientId": "client_id", "Bonus": "points", "Action": "action"}, ignored=ignored)
    headings = ["ClientId", "Bonus", "Points", "Action", "Source", "Who"]
    rules = replace(RULES, layouts=(replace(layout, staff="Who"),))
    checked = check_rows(["007", "5", "99", "Redeemed", "Sale", "Jo"], headings=headings, rules=rules)
    assert checked.events[["points", "staff"]].values.tolist() == [[5, "Jo"]]
    assert checked.events["source"].isna().all()


def test_what_a_row_is_known_by_depends_on_documented_columns_that_are_not_read() -> None:
    """The same cells are other rows once a column counts no more; a column that never counted changes nothing."""
    layout = Layout("by hand", {"ClientId": "client_id"})
    assert replace(layout, ignored=frozenset({"Source"})).reads != layout.reads
    assert replace(layout, ignored=frozenset({"Who"})).reads == layout.reads
