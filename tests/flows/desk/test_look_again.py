"""Rows to look at again are decided one by one, whatever lets the rest of their sheet go."""

import pytest

from flows.desk import looks as looks_of_late
from flows.desk.as_read import AsRead
from flows.desk.looking import Looked
from flows.desk.visit import Desk
from tests.flows.desk.conftest import Browser, Studio
from tests.flows.desk.test_manager import code_of, post, send, to_check
from tests.flows.workplace import earned, redeemed
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


def test_what_its_clients_have_is_told_and_asked_for_within_the_calls_of_the_day(studio: Studio) -> None:
    ana = studio.browser("Ana")
    rows = [earned("200000001", 30), redeemed("200000001", 31), redeemed("nobody-42", 4)]
    sheet = send(ana, *rows)
    to_check(ana, sheet)
    page = ana.get(f"{sheet}/check?tab=again")
    assert "2 are new: nothing was posted for them from here before (200000001, nobody-42)" in page
    assert "Nobody has asked Mindbody about them now" in page
    calls = studio.workplace.rows("SELECT calls FROM call_counts")
    ana.post(f"{sheet}/ask")
    page = ana.get(f"{sheet}/check?tab=again")
    assert "Client nobody-42</a>: unknown at Mindbody, or without any points there" in page
    assert "Client 200000001</a>: redeems 31 points, and has 0 and 30 of this sheet" in page
    assert 'Look again <span class="scope">2<' in page
    assert "Ask Mindbody about" not in page
    assert studio.workplace.rows("SELECT calls FROM call_counts") != calls
    assert "All of its clients were asked about." in ana.post(f"{sheet}/ask", 409)


def test_nobody_is_asked_where_posting_takes_the_calls_that_are_left(studio: Studio) -> None:
    studio.workplace.configure(calls_per_day=4)
    studio.configure("")
    ana = studio.browser("Ana")
    sheet = send(ana, earned("200000002", 30))
    to_check(ana, sheet)
    assert "takes the calls that are left today" in ana.post(f"{sheet}/ask", 409)
    assert studio.workplace.rows("SELECT calls FROM call_counts") == []


def test_a_page_looks_anew_as_soon_as_anything_has_moved_and_not_before(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    really = looks_of_late.look

    def counted(desk: Desk, as_read: AsRead) -> Looked:
        looks.append("look")
        return really(desk, as_read)

    monkeypatch.setattr(looks_of_late, "look", counted)
    ana = studio.browser("Ana")
    sheet, twin = (send(ana, earned("200000003", 6), *more) for more in ([], [earned("200000003", 7)]))
    page = to_check(ana, twin)
    for tab in ("ready", "again", "fix", "known"):
        ana.get(f"{twin}/check?tab={tab}")
    assert len(looks) == 1
    post(ana, sheet)
    studio.post()
    count = len(looks)
    assert "not what you saw" in ana.post(f"{twin}/post", 409, code=code_of(page))
    assert 'Already posted <span class="scope">1<' in ana.get(f"{twin}/check")
    assert len(looks) == count + 1


@pytest.mark.long
def test_what_waits_by_itself_does_so_again_after_its_sheet_was_dropped_and_sent_anew(studio: Studio) -> None:
    studio.configure("\n[desk]\nsecond_person = true\n")
    ana, bo = studio.browser("Ana"), studio.browser("Bo", ("", Role.APPROVER))
    for points, decision in (((5,), "ok"), ((5, 6), "drop"), ((5, 6), "ok")):
        sheet = send_undated(ana, "200000020", *points)
        studio.post()
        seen = bo.get(f"{sheet}/ok").partition('name="seen" value="')[2].partition('"')[0]
        bo.post(f"{sheet}/ok", decision=decision, seen=seen)
        studio.post()
    assert [line["points"] for line in studio.committed("200000020")] == [5, 6]
    assert "1 posted, 1 waiting." in ana.get(f"{sheet}/posting")


def test_what_may_be_a_slip_is_counted_and_told_to_who_gives_the_ok(studio: Studio) -> None:
    studio.configure("\n[desk]\nsecond_person = true\n")
    ana, bo = studio.browser("Ana"), studio.browser("Bo", ("", Role.APPROVER))
    rows = [earned(f"20000000{number}", 10 + number) for number in range(1, 6)]
    sheet = send(ana, *rows, earned("200000006", 900_000))
    page = to_check(ana, sheet)
    # The tab that has something to look at comes first.
    slip = "900,000 points Earned is far above all other rows of the sheet"
    assert 'Look again <span class="scope">1<' in page
    assert slip in page
    assert "1 thing to look at again" in ana.get(f"{sheet}/check?tab=ready")
    ana.post(f"{sheet}/post", code=code_of(page))
    studio.post()
    assert slip in bo.get(f"{sheet}/ok")


@pytest.mark.long
def test_rows_that_were_posted_before_take_no_calls_from_who_asks(studio: Studio) -> None:
    ana = studio.browser("Ana")
    rows = [earned(f"2000000{number}", number) for number in range(10, 20)]
    post(ana, send(ana, *rows))
    studio.post()
    made = studio.workplace.rows("SELECT sum(calls) AS calls FROM call_counts")[0]["calls"]
    # Enough for the one new row, its client and whom it asks; not for the ten that were posted once more.
    text = studio.workplace.config.read_text("utf-8")
    studio.workplace.configure(text.replace("calls_per_day = 1000", f"calls_per_day = {made + 10 + 8}"))
    studio.configure("")
    sheet = send(ana, *rows, earned("200000020", 3), name="again.csv")
    to_check(ana, sheet)
    ana.post(f"{sheet}/ask")
    assert "Mindbody was asked" in ana.get(f"{sheet}/check?tab=again")
