import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from flows.desk.app import PAGES, make_app
from flows.desk.render import style_sheet
from flows.desk.visit import About, Desk, Page, own_path
from flows.people.accounts import first_link
from flows.settings.of_house import DeskSettings
from sql.people import Grant
from tests.flows.desk.conftest import AtDesk, Browser, Client
from transforms.vocabulary import Role

SIGNED_OUT = [page for page in PAGES if page.role is not None]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused
ROLES = [*Role, None]


def address(page: Page) -> str:
    names = dict.fromkeys(("sheet_id", "token", "break_id", "run_id", "file_id", "row", "event_id"), "nothing")
    return page.path.format(**names, period="2026-09")


@pytest.mark.parametrize("page", SIGNED_OUT, ids=lambda page: f"{page.method} {page.path}")
def test_nobody_gets_in_without_signing_in(at_desk: AtDesk, page: Page) -> None:
    answer = at_desk().client.request(page.method, address(page))
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


def test_every_change_asks_for_the_token_of_its_own_session(at_desk: AtDesk) -> None:
    ana, other = at_desk("Ana"), at_desk("Bo")
    assert other.session is not None
    for page in PAGES:
        if page.is_change and page.role is not None:
            for token in ("", "x", other.session.form_token):
                answer = ana.client.post(address(page), data={"form_token": token})
                assert answer.status_code == 403, page


@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_for_its_roles_alone(at_desk: AtDesk, role: Role | None) -> None:
    """Where somebody has a role at one site, what asks for it at all sites is closed; of sheets nothing is told."""
    grants: list[Grant] = [] if role is None else [("7", role)]
    browser = at_desk("Ana", *grants, may_nothing=role is None)
    for page in SIGNED_OUT:
        if page.path == "/sign-out":
            continue
        status = ask(browser, page)
        if page.about is About.SHEET:
            assert status == 404, page
        else:
            assert (status == 403) is not may(page, role), (page, status)


def may(page: Page, role: Role | None) -> bool:
    if page.about in (About.ALL_SITES, About.WHOLE) or role is None:
        return False
    return page.role is Role.VIEWER or role in (*page.roles, Role.ADMINISTRATOR)


def test_whose_studio_has_left_is_told_so_and_whom_to_ask(at_desk: AtDesk, desk: Desk) -> None:
    at_desk("Ada")
    eve, new = at_desk("Eve", ("7", Role.UPLOADER), ("7", Role.REVIEWER)), at_desk("Jo", may_nothing=True)
    sites = [site for site in desk.settings.mindbody.sites if site.site_id != "7"]
    mindbody = desk.settings.mindbody.model_copy(update={"sites": tuple(sites)})
    left = replace(desk, settings=desk.settings.model_copy(update={"mindbody": mindbody}))
    for browser, told in ((eve, "Studio 7 is not in the settings any more"), (new, "nobody has said yet")):
        assert browser.session is not None
        client = Client(make_app(left))
        client.http.cookies.set("tieout", browser.session.token)
        for path in ("/", "/differences", "/people"):
            answer = client.get(path)
            assert answer.status_code == 403
            assert told in answer.text
            assert "Ask Ada, who may let people in." in answer.text
            assert "Back to the first page" not in answer.text


def test_who_is_told_that_something_did_not_work_is_led_back_to_it(at_desk: AtDesk) -> None:
    ana = at_desk("Ana")
    sheet = ana.post("/sheets", file=("a.csv", b"x,y\n1,2\n", "text/csv"), site="7")
    assert f'<a href="{sheet}/undo">Back to where you were</a>' in ana.post(f"{sheet}/undo/decide", 409)
    assert f'<a href="{sheet}">Back to where you were</a>' in ana.post(f"{sheet}/again", 409)
    assert "Back to where you were" not in ana.post("/sheets", 409, file=("a.csv", b"", "text/csv"), site="7")


def ask(browser: Browser, page: Page) -> int:
    assert browser.session is not None
    token = {"form_token": browser.session.form_token, "site": "7"}
    data = token if page.is_change else None
    answer = browser.client.request(page.method, address(page), data=data)
    return int(answer.status_code)


def test_every_answer_says_what_a_browser_may_do_with_it(at_desk: AtDesk) -> None:
    for path in ("/sign-in", "/desk.css", "/desk.js", "/nowhere", "/people", "/welcome/x"):
        headers = at_desk().client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")


def test_what_is_printed_is_dark_on_white_whatever_the_screen_is() -> None:
    """Browsers leave out the background on paper: light letters alone would be left."""
    style = style_sheet()
    assert style.count("prefers-color-scheme") == style.count("@media screen and (prefers-color-scheme: dark)") == 2


def test_a_page_elsewhere_that_leads_its_name_here_gets_no_answer(at_desk: AtDesk) -> None:
    answer = at_desk().client.get("/sign-in", headers={"host": "evil.example:8300"})
    assert answer.status_code == 421


def test_no_page_holds_code_or_asks_for_anything_elsewhere(at_desk: AtDesk) -> None:
    ana = at_desk("Ana")
    for page in PAGES:
        if page.method == "GET" and "{" not in page.path:
            text = ana.client.get(page.path).text
            assert text.replace('<script src="/desk.js" defer></script>', "", 1).count("<script") == 0
            assert " style=" not in text
            assert "http://" not in text.replace("http://127.0.0.1", "")


def test_a_form_that_is_too_large_is_dropped_while_it_comes(at_desk: AtDesk) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"a" * 65536

    ana = at_desk("Ana")
    answer = ana.client.post(
        "/people/add", content=endless(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413
    answer = ana.client.post("/people/add", content=b"x", headers={"content-length": "999999999"})
    assert answer.status_code == 413


def test_signing_in_and_out_by_the_pages(at_desk: AtDesk, desk: Desk) -> None:
    token = first_link(desk.ledger)
    browser = at_desk()
    browser.get(f"/welcome/{token}")
    own = browser.client.http.cookies["tieout-form"]
    words = {"name": "Ana <b>", "password": "four words put together", "again": "four words put together"}
    answer = browser.client.post(f"/welcome/{token}", data={**words, "own_token": own})
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = browser.get("/people")
    assert "Ana &lt;b&gt;" in page
    assert "Ana <b>" not in page
    form_token = page.partition('name="form_token" value="')[2].partition('"')[0]
    browser.client.post("/sign-out", data={"form_token": form_token})
    assert browser.status("/people") == 303
    # The cookie of before is good for nothing, though somebody kept it.
    browser.client.http.cookies.set("tieout", cookie.partition("=")[2].partition(";")[0])
    assert browser.status("/people") == 303
    again = {"name": "ana <B>", "password": words["password"], "own_token": browser.client.http.cookies["tieout-form"]}
    answer = browser.client.post("/sign-in", data={**again, "then": "/people"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")


def test_signing_in_says_the_same_whether_there_is_such_a_person(at_desk: AtDesk) -> None:
    at_desk("Ana")
    browser = at_desk()
    browser.get("/sign-in")
    own = browser.client.http.cookies["tieout-form"]
    pages = [
        browser.client.post("/sign-in", data={"name": name, "password": "wrong", "own_token": own})
        for name in ("Ana", "Eve")
    ]
    assert [page.status_code for page in pages] == [401, 401]
    # The token is random, and may hold either name.
    told, told_to_nobody = (page.text.replace(own, "") for page in pages)
    assert told.replace("Ana", "") == told_to_nobody.replace("Eve", "")


def test_signing_in_by_a_form_of_another_site_is_refused(at_desk: AtDesk) -> None:
    browser = at_desk()
    assert browser.client.post("/sign-in", data={"name": "Ana", "password": "x" * 12}).status_code == 403


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""])
def test_signing_in_leads_nowhere_else(path: str) -> None:
    assert own_path(path) == "/"


def test_a_proxy_is_believed_about_who_it_is_and_nobody_else(at_desk: AtDesk, desk: Desk) -> None:
    at_desk("Ana")
    chosen = DeskSettings(proxy_addresses=("10.1.1.1",), user_header="X-User")
    behind = replace(desk, settings=desk.settings.model_copy(update={"desk": chosen}))
    headers = {"X-User": "ana", "X-Forwarded-Proto": "https"}
    for peer, status in (("10.1.1.1", 200), ("10.1.1.2", 303)):
        client = Client(make_app(behind), peer, headers)
        answer = client.get("/people")
        assert answer.status_code == status, peer
        if status == 200:
            assert "__Host-tieout=" in answer.headers["set-cookie"]
            assert "Secure" in answer.headers["set-cookie"]
            client.http.headers["X-User"] = "nobody"
            assert client.get("/people").status_code == 303


def test_under_tls_a_neighbor_cannot_plant_the_cookie_of_the_form_to_sign_in(at_desk: AtDesk, desk: Desk) -> None:
    at_desk("Ana")
    behind = desk.settings.model_copy(update={"desk": DeskSettings(proxy_addresses=("10.1.1.1",))})
    client = Client(make_app(replace(desk, settings=behind)), "10.1.1.1", {"X-Forwarded-Proto": "https"})
    client.http.cookies.set("tieout-form", "planted")
    answer = client.get("/sign-in")
    assert "planted" not in answer.text
    assert answer.headers["set-cookie"].startswith("__Host-tieout-form=")
    told = client.post("/sign-in", data={"name": "Ana", "password": "x" * 12, "own_token": "planted"})
    assert told.status_code == 403


def test_the_desk_listens_elsewhere_only_where_nobody_reads_along() -> None:
    with pytest.raises(ValueError, match="could read passwords"):
        DeskSettings(listen=EVERYWHERE)
    with pytest.raises(ValueError, match="believed from a proxy"):
        DeskSettings(user_header="X-User")
    with pytest.raises(ValueError, match="belong together"):
        DeskSettings(tls_key="key.pem")
    assert DeskSettings(listen=EVERYWHERE, proxy_addresses=("10.0.0.1",)).listen == EVERYWHERE


def test_a_ledger_out_of_reach_is_told_in_words_and_the_page_looks_again(at_desk: AtDesk, desk: Desk) -> None:
    ana = at_desk("Ana")
    assert desk.ledger.file is not None
    moved = desk.ledger.file.rename(desk.ledger.file.with_suffix(".away"))
    for path in ("/", "/nowhere", "/differences"):
        answer = ana.client.get(path)
        assert answer.status_code == 503
        assert "The desk does not get at its records just now" in answer.text
        assert 'data-live="3" data-reload="yes"' in answer.text
        assert not re.search(r"sqlite|ledger|tieout |Traceback", answer.text)
    answer = ana.client.post("/people/add", data={"name": "Bo"})
    assert (answer.status_code, "What you sent was not taken in" in answer.text) == (503, True)
    moved.rename(desk.ledger.file)
    assert ana.status("/") == 200


def test_a_page_is_told_who_is_signed_in_by_now(at_desk: AtDesk) -> None:
    ana = at_desk("Ana")
    assert ana.session is not None
    assert ana.client.get("/signed-in").json() == {"name": "Ana", "form_token": ana.session.form_token}
    answer = at_desk().client.get("/signed-in")
    assert (answer.status_code, answer.json()) == (401, {})


def test_who_signs_in_again_comes_back_to_the_very_page(at_desk: AtDesk) -> None:
    answer = at_desk().client.get("/differences?kind=late&page=2")
    assert answer.headers["location"] == "/sign-in?then=/differences%3Fkind%3Dlate%26page%3D2"
    assert 'name="then" value="/differences?kind=late&amp;page=2"' in at_desk().get(answer.headers["location"])
