"""The way of a sheet through the pages, from its upload to its posting and back, against a real sandbox."""

import re
from dataclasses import replace
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from pydantic import SecretStr

from flows.desk.app import PAGES
from flows.desk.visit import About
from tests.flows.desk.conftest import Browser, Studio
from tests.flows.workplace import HEADINGS, earned, further_sites, redeemed
from transforms.vocabulary import Role


def send(browser: Browser, *rows: str, headings: str = HEADINGS, name: str = "march.csv", site: str = "-99") -> str:
    content = "\n".join([headings, *rows]) + "\n"
    return browser.post("/sheets", file=(name, content.encode(), "text/csv"), site=site)


def to_check(browser: Browser, sheet: str) -> str:
    browser.post(f"{sheet}/read")
    return browser.get(f"{sheet}/check")


def code_of(page: str) -> str:
    found = re.search(r'name="code" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


def post(browser: Browser, sheet: str) -> None:
    browser.post(f"{sheet}/post", code=code_of(to_check(browser, sheet)))


def test_a_sheet_is_read_checked_and_posted(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, earned("100000011", 30), redeemed("100000011", 5))
    reading = ana.get(f"{sheet}/read")
    assert "client number" in reading
    assert (
        "client 100000011 earned 30 points for Sale on Sun 20 Sep 2026, 10:00 am by the clock of Los Angeles" in reading
    )
    page = to_check(ana, sheet)
    assert (
        "Posts 1 earned (30 points) and 1 redeemed (5 points). That takes 2 calls to Mindbody, less than a minute."
        in page
    )
    ana.post(f"{sheet}/post", code=code_of(page))
    assert "Posting begins." in ana.get(f"{sheet}/posting")
    studio.post()
    assert "2 posted." in ana.get(f"{sheet}/posting")
    assert [line["points"] for line in studio.committed("100000011")] == [30, 5]
    assert "2 posted" in ana.get("/")


@pytest.mark.long
def test_a_cell_is_mended_in_place_for_all_rows_like_it_and_traceable(studio: Studio) -> None:
    ana = studio.browser("Ana")
    rows = [f"100000012,{points},Earnd,Sale,,2026-09-2{day}T17:00:00Z" for day, points in enumerate((7, 8, 9))]
    sheet = send(ana, *rows, "100000012,x,Earned,Sale,,2026-09-25T17:00:00Z")
    page = to_check(ana, sheet)
    assert "Nothing can be posted yet: 4 rows need fixing first." in page
    assert "Use “Earned” for all 3 rows" in page
    key = re.search(r'name="key" value="([0-9a-f]+)"><input type="hidden" name="suggested"', page)
    assert key
    ana.post(f"{sheet}/mend", key=key[1], suggested="Earned")
    page = ana.get(f"{sheet}/check?tab=fix")
    assert "Posts 3 earned (24 points)" in page
    assert "“Earnd” became “Earned” (Ana)" in page
    (other,) = set(re.findall(r'name="key" value="([0-9a-f]+)"', page))
    ana.post(f"{sheet}/mend", key=other, text="12")
    assert ana.post(f"{sheet}/mend", 409, key=other, text="13").count("mended already") == 1
    post(ana, sheet)
    studio.post()
    assert sorted(line["points"] for line in studio.committed("100000012")) == [7, 8, 9, 12]
    assert "4 posted." in ana.get(f"{sheet}/posting")


def test_a_workbook_that_is_mended_stays_a_workbook(studio: Studio) -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Front desk"
    page.append(["ClientId", "Points", "Action", "ActionDateTime", "Total"])
    page.append(["200000013", 5, "Erned", "2026-09-20T17:00:00Z", "=1+1"])
    content = BytesIO()
    book.save(content)
    ana = studio.browser("Ana")
    sheet = ana.post("/sheets", file=("desk.xlsx", content.getvalue(), "x"), site="-99")
    checked = to_check(ana, sheet)
    key = re.search(r'name="key" value="([0-9a-f]+)"', checked)
    assert key
    ana.post(f"{sheet}/mend", key=key[1], suggested="Earned")
    assert "Posts 1 earned (5 points)" in ana.get(f"{sheet}/check")
    marked = ana.client.get(f"{sheet}/marked")
    cells = load_workbook(BytesIO(marked.content))["Front desk"]
    assert (cells["C2"].value, cells["B2"].value, cells["E2"].value) == ("Earned", 5, "=1+1")


def test_a_question_is_asked_once_and_remembered(studio: Studio) -> None:
    ana = studio.browser("Ana")
    headings = "ClientId,Points,Action,Day"
    for number in range(2):
        sheet = send(ana, f"100000011,{number + 3},Earned,2026-09-2{number}T10:00:00Z", headings=headings)
        page = ana.get(f"{sheet}/read")
        assert ("One question" in page) is (number == 0)
        if number == 0:
            code = code_of(page)
            ana.post(f"{sheet}/read", 409)
            ana.post(f"{sheet}/answer", 409, code=code, answer="nonsense")
            ana.post(f"{sheet}/answer", 409, code="0" * 16, answer="Day")
            ana.post(f"{sheet}/answer", code=code, answer="Day")
            page = ana.get(f"{sheet}/read")
        assert "on Sun 20 Sep 2026" in page or "on Mon 21 Sep 2026" in page


def test_a_sheet_without_dates_is_not_posted_before_somebody_says_so(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, "100000011,3,Earned", headings="ClientId,Points,Action")
    assert "No column says when" in ana.get(f"{sheet}/read")
    ana.post(f"{sheet}/read", 409)
    ana.post(f"{sheet}/post", 409, code="x")
    ana.post(f"{sheet}/read", undated="yes")
    assert "Posts 1 earned" in ana.get(f"{sheet}/check")


@pytest.mark.long
def test_what_is_not_new_has_no_button(studio: Studio) -> None:
    ana = studio.browser("Ana")
    row = earned("100000011", 41)
    first = send(ana, row)
    post(ana, first)
    studio.post()
    again = to_check(ana, send(ana, row))
    assert "This very sheet was sent before" in again
    assert "Post it" not in again
    other = to_check(ana, send(ana, row, name="april.csv", headings=HEADINGS + ",Notes"))
    assert "Nothing of it is new" in other
    assert "Post it" not in other
    assert len(studio.committed("100000011")) == len({line["points"] for line in studio.committed("100000011")})


@pytest.mark.long
def test_nothing_is_posted_but_what_was_seen(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet, twin = (send(ana, earned("200000014", 6), name=name) for name in ("a.csv", "b.csv"))
    code = code_of(to_check(ana, sheet))
    post(ana, twin)
    studio.post()
    assert "not what you saw" in ana.post(f"{sheet}/post", 409, code=code)
    ana.post(f"{sheet}/post", 409, code="")
    assert len(studio.committed("200000014")) == 1


@pytest.mark.long
def test_what_changes_between_the_click_and_the_posting_is_shown_again(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet, twin = (send(ana, earned("200000015", 6), *more) for more in ([], [earned("200000015", 7)]))
    post(ana, sheet)
    post(ana, twin)
    studio.post()
    assert "not what you saw" in ana.get(f"{twin}/check")
    assert len(studio.committed("200000015")) == 1


def test_a_sheet_of_another_site_is_not_there(studio: Studio) -> None:
    studio.configure(further_sites({"7": "x"}))
    ana, bo = studio.browser("Ana"), studio.browser("Bo", ("7", Role.UPLOADER))
    sheet = send(ana, earned("100000011", 77))
    for page in PAGES:
        if page.about is About.SHEET:
            token = {"form_token": bo.session.form_token} if bo.session and page.is_change else None
            answer = bo.client.request(
                page.method, page.path.format(sheet_id=sheet.rpartition("/")[2], row="2"), data=token
            )
            assert answer.status_code == 404, page
    assert "march.csv" not in bo.get("/?site=-99")
    assert bo.post("/sheets", 403, file=("x.csv", b"x", "text/csv"), site="-99")
    foreign = send(
        bo,
        "-99,100000011,5,Earned,2026-09-20T17:00:00Z",
        headings="SiteId,ClientId,Points,Action,ActionDateTime",
        site="7",
    )
    assert "it holds rows for" in bo.client.get(f"{foreign}/read").text


def test_a_viewer_changes_nothing(studio: Studio) -> None:
    ana, eve = studio.browser("Ana"), studio.browser("Eve", ("", Role.VIEWER))
    sheet = send(ana, earned("100000011", 78))
    to_check(ana, sheet)
    assert "Post it" not in eve.get(f"{sheet}/check")
    for page in PAGES:
        if page.about is About.SHEET and page.is_change:
            eve.post(page.path.format(sheet_id=sheet.rpartition("/")[2], row="2"), 403)


@pytest.mark.long
def test_what_was_turned_down_is_tried_again(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, redeemed("200000016", 50))
    post(ana, sheet)
    studio.post()
    page = ana.get(f"{sheet}/posting")
    assert "0 posted, 1 turned down." in page
    post(ana, send(ana, earned("200000016", 80), name="points.csv"))
    studio.post()
    ana.post(f"{sheet}/try-again", reason="has points now")
    studio.post()
    assert "1 posted." in ana.get(f"{sheet}/posting")
    assert [line["points"] for line in studio.committed("200000016")] == [80, 50]


@pytest.mark.long
def test_a_row_and_the_whole_sheet_are_undone_after_a_look(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, earned("200000017", 20), earned("200000017", 30, "2026-09-22T17:00:00Z"))
    post(ana, sheet)
    studio.post()
    page = ana.get(f"{sheet}/posting")
    row = re.search(r'name="row" value="(\w+)"', page)
    assert row
    ana.post(f"{sheet}/undo", 409, row=row[1], reason=" ")
    ana.post(f"{sheet}/undo", 409, row="somebody else's", reason="wrong")
    ana.post(f"{sheet}/undo", row=row[1], reason="wrong client")
    shown = ana.get(f"{sheet}/undo")
    assert "1 redeemed, 20 points" in shown
    seen = re.search(r'name="seen" value="(\w+)"', shown)
    assert seen
    ana.post(f"{sheet}/undo/decide", decision="undo", seen=seen[1])
    studio.post()
    assert "posted, and taken back" in ana.get(f"{sheet}/posting")
    ana.post(f"{sheet}/undo", reason="all of it")
    shown = ana.get(f"{sheet}/undo")
    assert "30 points" in shown
    ana.post(f"{sheet}/undo/decide", decision="leave")
    studio.post()
    assert [line["points"] for line in studio.committed("200000017")] == [20, 30, 20]


@pytest.mark.long
def test_two_people_where_the_settings_ask_for_them(studio: Studio) -> None:
    studio.configure("\n[desk]\nsecond_person = true\n")
    ana, bo = studio.browser("Ana"), studio.browser("Bo", ("", Role.APPROVER))
    sheet = send(ana, earned("200000018", 21))
    post(ana, sheet)
    studio.post()
    assert studio.committed("200000018") == []
    assert "It waits for an OK" in ana.get(f"{sheet}/posting")
    assert "OK, post it" not in ana.get(f"{sheet}/ok")
    ana.post(f"{sheet}/ok", 409, decision="ok", seen="x")
    assert "march.csv" in bo.get("/waiting")
    seen = re.search(r'name="seen" value="(\w+)"', bo.get(f"{sheet}/ok"))
    assert seen
    bo.post(f"{sheet}/ok", 409, decision="ok", seen="0" * 12)
    bo.post(f"{sheet}/ok", decision="ok", seen=seen[1])
    assert "Somebody else has decided" in bo.post(f"{sheet}/ok", 409, decision="drop", seen=seen[1])
    studio.post()
    assert len(studio.committed("200000018")) == 1
    decided = studio.workplace.rows("SELECT actor FROM event_decisions WHERE verb = 'approve'")
    assert [row["actor"] for row in decided] == ["Bo"]


def test_what_is_over_a_limit_waits_for_somebody_else(studio: Studio) -> None:
    studio.configure("\n[guards]\nmax_points_per_event = 100\n")
    ana = studio.browser("Ana")
    sheet = send(ana, earned("200000019", 101))
    page = to_check(ana, sheet)
    assert "more points at once than is usual" in page
    ana.post(f"{sheet}/post", code=code_of(page))
    studio.post()
    assert studio.committed("200000019") == []
    assert "It waits for an OK" in ana.get(f"{sheet}/posting")
    # Whoever sends sheets and gives no OK cannot get it out by another way.
    cy = studio.browser("Cy", ("-99", Role.UPLOADER))
    row = studio.workplace.rows("SELECT event_id FROM events WHERE state = 'held'")[0]["event_id"]
    cy.post(f"{sheet}/again", 409)
    cy.post(f"{sheet}/decide", 409, row=row, decision="post")
    cy.post(f"{sheet}/ok", 409, decision="ok", seen="x")
    studio.post()
    assert studio.committed("200000019") == []


def test_texts_of_a_sheet_stay_texts(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, "<script>alert(1)</script>,<b>5</b>,Earned,,,2026-09-20T17:00:00Z", name="<img src=x>.csv")
    for page in (ana.get(f"{sheet}/read"), to_check(ana, sheet), ana.get("/")):
        assert "<script>" not in page
        assert "<b>5" not in page
        assert "<img" not in page


def test_no_path_is_made_of_what_was_sent(studio: Studio) -> None:
    ana = studio.browser("Ana")
    send(ana, earned("100000011", 3), name="../../../../escaped.csv")
    assert [path.name for path in studio.workplace.folder.rglob("*escaped*")] == ["escaped.csv"]
    (path,) = studio.workplace.folder.rglob("*escaped*")
    assert path.is_relative_to(studio.workplace.folder / "desk")
    assert ana.status("/sheets/../../etc/passwd") in (404, 303)


@pytest.mark.long
def test_a_service_that_is_out_of_reach_loses_nothing(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, earned("200000020", 3))
    post(ana, sheet)
    here = studio.desk
    password = {"password": SecretStr("an old password")}
    (site,) = here.settings.mindbody.sites
    mindbody = here.settings.mindbody.model_copy(update={"sites": (site.model_copy(update=password),)})
    studio.desk = replace(here, settings=here.settings.model_copy(update={"mindbody": mindbody}))
    studio.post()
    page = ana.get(f"{sheet}/posting")
    assert "It stopped" in page
    assert "`" not in page
    studio.desk = here
    ana.post(f"{sheet}/again")
    studio.post()
    assert "1 posted." in ana.get(f"{sheet}/posting")
    assert len(studio.committed("200000020")) == 1
