"""Columns that a person maps by hand, remembered for sheets like this and for no other."""

import re
import tomllib

import pytest

from flows.settings.answers import answers_path, changed_answers, read_answers
from tests.flows.desk.conftest import Browser, Studio
from tests.flows.desk.test_manager import send, to_check

_HEADINGS = "Member,Bonus,Points,What,Teacher,Day,Hour"
_ROW = "200000031,7,99,Earned,Jo,26/10/2026,6:30 pm"


def choices(page: str) -> dict[str, str]:
    """Return by heading the name of its field in the form."""
    example = "(?: <span[^>]*>[^<]*</span>)?"
    return dict(re.findall(rf'<label><span>([^<]+?){example}</span>\s*<select name="(column\d+)"', page))


def code_of(page: str) -> str:
    return page.partition('/columns"')[2].partition('name="code" value="')[2].partition('"')[0]


def choose(browser: Browser, sheet: str, status: int = 303, order: str = "", clock: str = "", **fields: str) -> str:
    page = browser.get(f"{sheet}/read")
    names = choices(page)
    named = {names[heading]: field for heading, field in fields.items()}
    return browser.post(f"{sheet}/columns", status, code=code_of(page), order=order, clock=clock, **named)


_MAPPED = {
    "Member": "client_id",
    "Bonus": "points",
    "What": "action",
    "Teacher": "staff",
    "Day": "action_date_time",
    "Hour": "time_of_day",
}


def test_columns_are_mapped_by_hand_and_remembered(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, _ROW, headings=_HEADINGS)
    assert "Say what each column is" in ana.get(f"{sheet}/read")
    assert "Two columns are chosen as “points”" in choose(ana, sheet, 409, **_MAPPED, Points="points")
    assert "No column is chosen as “earned or redeemed”" in choose(ana, sheet, 409, **{**_MAPPED, "What": ""})
    assert "Choose what each column is" in choose(ana, sheet, 409, **{**_MAPPED, "What": "nonsense"})
    assert "Choose what each column is" in choose(ana, sheet, 409, **_MAPPED, order="Y/M")
    choose(ana, sheet, **_MAPPED, order="D/M", clock="site")
    told = "client 200000031 earned 7 points on Mon 26 Oct 2026, 6:30 pm by the clock of Los Angeles"
    page = ana.get(f"{sheet}/read")
    assert told in page
    assert '<th scope="col" class="read">staff</th>' in page
    assert "Posts 1 earned (7 points)" in to_check(ana, sheet)
    other = send(ana, _ROW.replace("26/10", "27/10"), headings=_HEADINGS, name="november.csv")
    assert told.replace("Mon 26", "Tue 27") in ana.get(f"{other}/read")
    choose(ana, other, **{**_MAPPED, "Points": "points", "Bonus": ""}, order="D/M", clock="site")
    assert "earned 99 points" in ana.get(f"{other}/read")
    # The one of before is read so too, and somebody sees that before it is posted.
    assert ana.client.get(f"{sheet}/check").headers["location"].endswith("/read")
    assert "Posts 1 earned (99 points)" in to_check(ana, sheet)


def test_a_documented_column_is_not_read_where_a_person_says_so(studio: Studio) -> None:
    ana = studio.browser("Ana")
    headings = "ClientId,Points,Action,Source,ActionDateTime"
    sheet = send(ana, "200000032,5,Redeemed,Sale,2026-09-20T17:00:00Z", headings=headings)
    assert "1 row needs fixing" in to_check(ana, sheet)
    mapped = {"ClientId": "client_id", "Points": "points", "Action": "action", "ActionDateTime": "action_date_time"}
    choose(ana, sheet, **mapped)
    assert ana.client.get(f"{sheet}/check").headers["location"].endswith("/read")
    assert "Posts 1 redeemed (5 points)" in to_check(ana, sheet)
    # Sheets with other columns are read as ever.
    plain = send(ana, "200000032,6,Earned,2026-09-20T17:00:00Z", headings="ClientId,Points,Action,ActionDateTime")
    assert "earned 6 points" in ana.get(f"{plain}/read")


def test_columns_of_one_name_and_those_of_the_settings_are_not_chosen_here(studio: Studio) -> None:
    ana = studio.browser("Ana")
    twins = send(ana, "200000033,5,6,Earned", headings="Who,Pts,Pts,What")
    assert "Say what each column is" not in ana.get(f"{twins}/read")
    studio.configure('\n[columns."desk"]\n"Who" = "ClientId"\n"Pts" = "Points"\n"What" = "Action"\n')
    ana = studio.browser("Bo")
    sheet = send(ana, "200000033,5,Earned", headings="Who,Pts,What")
    assert "stands in the settings" in choose(ana, sheet, 409, Who="client_id", Pts="points", What="action")
    assert "read otherwise by now" in ana.post(f"{sheet}/columns", 409, code="0" * 16)


@pytest.mark.parametrize("heading", ["\x7f", '"', "\\", "[x]", "été", "a=b\t"])
def test_whatever_a_heading_is_the_answers_can_be_read_again(studio: Studio, heading: str) -> None:
    with changed_answers(studio.desk.settings) as answers:
        answers.layouts[heading] = {heading: "-"}
    path = answers_path(studio.desk.settings)
    assert read_answers(studio.desk.settings) == {heading: {heading: "-"}}
    assert tomllib.loads(path.read_text("utf-8"))
