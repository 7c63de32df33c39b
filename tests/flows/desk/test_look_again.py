"""Rows to look at again are decided one by one, whatever lets the rest of their sheet go."""

import pytest

from tests.flows.desk.conftest import Browser, Studio
from tests.flows.desk.test_manager import code_of, send
from transforms.vocabulary import Role


def send_undated(browser: Browser, client_id: str, *points: int) -> str:
    rows = [f"{client_id},{count},Earned" for count in points]
    name = f"undated {len(points)}.csv"
    sheet = send(browser, *rows, headings="ClientId,Points,Action", name=name)
    browser.post(f"{sheet}/read", undated="yes")
    browser.post(f"{sheet}/post", code=code_of(browser.get(f"{sheet}/check")))
    return sheet


def test_a_row_that_may_be_an_earlier_one_is_not_posted_with_the_others(studio: Studio) -> None:
    ana = studio.browser("Ana")
    send_undated(ana, "200000021", 3)
    studio.post()
    sheet = send_undated(ana, "200000021", 3, 4)
    studio.post()
    assert [line["points"] for line in studio.committed("200000021")] == [3, 4]
    page = ana.get(f"{sheet}/posting?tab=held")
    assert "1 posted, 1 waiting." in page
    row = page.partition('name="row" value="')[2].partition('"')[0]
    ana.post(f"{sheet}/decide", row=row, decision="post")
    studio.post()
    assert [line["points"] for line in studio.committed("200000021")] == [3, 4, 3]


@pytest.mark.long
def test_nor_by_the_ok_of_somebody_else(studio: Studio) -> None:
    studio.configure("\n[desk]\nsecond_person = true\n")
    ana, bo = studio.browser("Ana"), studio.browser("Bo", ("", Role.APPROVER))
    for points in ((5,), (5, 6), (5, 5)):
        sheet = send_undated(ana, "200000022", *points)
        studio.post()
        page = bo.get(f"{sheet}/ok")
        assert ("decided by itself" in page) is (len(points) == 2)
        bo.post(f"{sheet}/ok", decision="ok", seen=page.partition('name="seen" value="')[2].partition('"')[0])
        studio.post()
    assert [line["points"] for line in studio.committed("200000022")] == [5, 6]
