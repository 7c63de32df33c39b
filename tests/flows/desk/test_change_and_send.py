"""What was turned down is changed in place and sent as the corrected row, once."""

import re
from io import BytesIO

import pytest
from openpyxl import Workbook

from tests.flows.desk.conftest import Browser, Studio
from tests.flows.desk.test_manager import code_of, post, send
from tests.flows.workplace import earned, redeemed


def turned_down(studio: Studio, browser: Browser, client_id: str, points: int = 50) -> str:
    """A sheet of which one row was posted, and one turned down: not enough points."""
    sheet = send(browser, earned(client_id, 20), redeemed(client_id, points))
    post(browser, sheet)
    studio.post()
    assert "1 posted, 1 turned down." in browser.get(f"{sheet}/posting")
    return sheet


def cell_of(page: str, value: str) -> str:
    found = re.search(rf'name="([0-9a-f]+\.\d+)" value="{value}"', page)
    assert found, page
    return found[1]


def change(browser: Browser, sheet: str, before: str, after: str) -> str:
    """Return the sheet that was made of the change."""
    cell = cell_of(browser.get(f"{sheet}/change"), before)
    return browser.post(f"{sheet}/change", **{cell: after}).removesuffix("/check")


def test_a_turned_down_row_is_changed_and_sent_once(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = turned_down(studio, ana, "200000023")
    assert "Nothing was changed" in ana.post(f"{sheet}/change", 409)
    changed = change(ana, sheet, "50", "15")
    page = ana.get(f"{changed}/check")
    assert "Posts 1 redeemed (15 points)." in page
    assert "“50” became “15” (Ana)" in page
    assert 'Already posted <span class="scope">1<' in page
    ana.post(f"{changed}/post", code=code_of(page))
    studio.post()
    assert [line["points"] for line in studio.committed("200000023")] == [20, 15]
    page = ana.get(f"{sheet}/posting?tab=changed")
    assert "1 posted, 1 turned down and changed since." in page
    assert "It was changed since, and posted." in page
    assert "Try it again" not in page
    ana.post(f"{sheet}/try-again", 409, reason="anyway")
    ana.post(f"{sheet}/change", 409)
    assert [line["points"] for line in studio.committed("200000023")] == [20, 15]


@pytest.mark.long
def test_of_two_people_who_change_one_row_the_second_is_asked(studio: Studio) -> None:
    ana, bo = studio.browser("Ana"), studio.browser("Bo")
    sheet = turned_down(studio, ana, "200000024")
    first, second = change(ana, sheet, "50", "5"), change(bo, sheet, "50", "6")
    code = code_of(bo.get(f"{second}/check"))
    ana.post(f"{first}/post", code=code_of(ana.get(f"{first}/check")))
    studio.post()
    assert "not what you saw" in bo.post(f"{second}/post", 409, code=code)
    page = bo.get(f"{second}/check?tab=again")
    assert "another row was sent in the place of the one that it corrects" in page
    bo.post(f"{second}/post", code=code_of(page))
    studio.post()
    assert [line["points"] for line in studio.committed("200000024")] == [20, 5]
    assert "1 waiting" in bo.get(f"{second}/posting")


@pytest.mark.long
def test_a_row_that_was_tried_again_is_not_sent_changed_beside_it(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = turned_down(studio, ana, "200000025")
    changed = change(ana, sheet, "50", "16")
    post(ana, send(ana, earned("200000025", 80, "2026-09-22T17:00:00Z"), name="points.csv"))
    studio.post()
    ana.post(f"{sheet}/try-again", reason="has points now")
    studio.post()
    assert [line["points"] for line in studio.committed("200000025")] == [20, 80, 50]
    page = ana.get(f"{changed}/check")
    assert "Nothing can be posted yet: 1 row needs fixing first." in page


@pytest.mark.long
def test_a_change_that_is_turned_down_is_changed_once_more(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = turned_down(studio, ana, "200000026")
    for after in ("40", "12"):
        changed = change(ana, sheet, "50" if after == "40" else "40", after)
        ana.post(f"{changed}/post", code=code_of(ana.get(f"{changed}/check")))
        studio.post()
        first, sheet = sheet, changed
    assert [line["points"] for line in studio.committed("200000026")] == [20, 12]
    assert "changed since" in ana.get(f"{first}/posting")


@pytest.mark.long
def test_a_workbook_is_changed_as_a_workbook(studio: Studio) -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Front desk"
    page.append(["ClientId", "Points", "Action", "ActionDateTime"])
    page.append(["200000027", 9, "Redeemed", "2026-09-20T17:00:00Z"])
    content = BytesIO()
    book.save(content)
    ana = studio.browser("Ana")
    sheet = ana.post("/sheets", file=("desk.xlsx", content.getvalue(), "x"), site="-99")
    post(ana, sheet)
    studio.post()
    assert "Row 2, Front desk" in ana.get(f"{sheet}/change")
    changed = change(ana, sheet, "Redeemed", "Earned")
    assert "Posts 1 earned (9 points)." in ana.get(f"{changed}/check")


@pytest.mark.long
def test_a_row_that_was_changed_twice_counts_alike_on_every_page(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = turned_down(studio, ana, "200000026")
    changed = change(ana, sheet, "50", "40")
    ana.post(f"{changed}/post", code=code_of(ana.get(f"{changed}/check")))
    studio.post()
    assert "1 turned down" in ana.get(f"{changed}/posting")
    again = change(ana, changed, "40", "15")
    ana.post(f"{again}/post", code=code_of(ana.get(f"{again}/check")))
    studio.post()
    # The first one's own correction was turned down, too; what stands for both is the last.
    assert "1 posted, 1 turned down and changed since." in ana.get(f"{sheet}/posting")
    home = ana.get("/")
    assert home.count("1 turned down and changed since</a>") == 2
    assert "1 turned down</a>" not in home
