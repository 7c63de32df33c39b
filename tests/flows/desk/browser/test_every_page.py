"""Every page as people meet it: on a phone, in the dark, by keyboard alone, with nothing that keeps anybody out."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.flows.desk.browser.conftest import Office
from tests.flows.workplace import HEADINGS, earned

PASSWORD = "four words put together"
PHONE = {"width": 375, "height": 740}
_AXE = Axe()


def sheet_of(name: str, *rows: str) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": "\n".join([HEADINGS, *rows, ""]).encode()}


# The first of its file: the link is good until somebody may use the desk.
def test_the_first_one_gets_in_by_keyboard_alone_and_lets_another_in(office: Office) -> None:
    link = re.search(r"http\S+/welcome/\S+", office.process.said)
    assert link
    ada = office.window()
    ada.goto(link[0])
    expect(ada.get_by_label("Your name")).to_be_focused()
    for typed in ("Ada", PASSWORD, PASSWORD):
        ada.keyboard.type(typed)
        ada.keyboard.press("Tab")
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("heading", level=1)).to_have_text("Your studio")
    walk_to(ada, "Skip to the page")
    ada.keyboard.press("Enter")
    with ada.expect_file_chooser() as chosen:
        walk_to(ada, "Points sheet", most=1)
        ada.keyboard.press("Enter")
    chosen.value.set_files(sheet_of("keys.csv", earned("200000012")))
    walk_to(ada, "Send it")
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("heading", level=1)).to_have_text("keys.csv")
    walk_to(ada, "People")
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("heading", level=1)).to_have_text("People")
    walk_to(ada, "Name")
    ada.keyboard.type("Ben")
    walk_to(ada, "send sheets")
    ada.keyboard.press("Space")
    walk_to(ada, "Let them in")
    ada.keyboard.press("Enter")
    link_of_ben = ada.get_by_label("Link for Ben").input_value()

    ben = office.window()
    ben.goto(link_of_ben)
    expect(ben.get_by_role("heading", level=1)).to_have_text("Welcome, Ben")
    ben.get_by_label("Password").fill(PASSWORD)
    ben.get_by_label("The same again").fill("another one altogether")
    ben.get_by_role("button").click()
    expect(ben.get_by_role("alert")).to_contain_text("not the same")
    ben.get_by_label("Password").fill(PASSWORD)
    ben.get_by_label("The same again").fill(PASSWORD)
    ben.get_by_role("button").click()
    expect(ben.get_by_role("link", name="Sheets")).to_be_visible()
    expect(ben.get_by_role("link", name="People")).to_have_count(0)
    # A link is good once.
    ben.goto(link_of_ben)
    expect(ben.get_by_role("heading", level=1)).to_have_text("This link is good no more")
    ben.get_by_role("button", name="Sign out").click()
    sign_in(ben, "Ben", "wrong")
    expect(ben.get_by_role("alert")).to_be_visible()
    told = ben.get_by_role("alert").inner_text()
    sign_in(ben, "Nobody", "wrong")
    expect(ben.get_by_role("alert")).to_have_text(told)
    sign_in(ben, "Ben", PASSWORD)
    expect(ben.get_by_role("heading", level=1)).to_have_text("Your studio")


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def walk_to(page: Page, name: str, most: int = 80) -> None:
    """Press Tab until what is called so has the focus, and is seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()")
        if here.startswith(name):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


def pages_to_see(page: Page) -> Iterator[str]:
    """Lead through every page that one person can reach, and stop at each."""
    paths = ("/", "/clients", "/clients?client=200000010", "/rewards", "/waiting", "/nights", "/months/2026-09")
    for path in (*paths, "/months/2026-09/sign", "/differences", "/people", "/nowhere"):
        page.goto(path)
        yield path
    page.goto("/")
    rows = (earned("200000010", 7), "200000010,some,Earnd,Sale,,yesterday", earned("200000011", 900_000))
    page.get_by_label("Points sheet or export").set_input_files(sheet_of("a page.csv", *rows))
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("button", name="That is right, go on")).to_be_visible()
    yield "how we read it"
    page.get_by_role("button", name="That is right, go on").click()
    page.wait_for_url("**/check*")
    for tab in ("fix", "ready", "again", "known"):
        page.goto(re.sub(r"\?.*", "", page.url) + f"?tab={tab}")
        yield f"check, {tab}"
    page.get_by_role("button", name="Send it for an OK").click()
    expect(page.get_by_text("It waits for an OK")).to_be_visible()
    yield "posting"
    page.goto(page.url.replace("/posting", "/ok"))
    yield "OK"
    page.goto(page.url.replace("/ok", "/undo"))
    yield "undo"


def keeps_out(page: Page) -> list[str]:
    """Return what axe finds on a page, a line each."""
    found = _AXE.run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def sticks_out(page: Page) -> list[str]:
    """Return what is wider than the page."""
    return page.evaluate(
        """() => [...document.querySelectorAll("body *")]
             .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.parentElement.closest(".scroll"))
             .map((one) => one.outerHTML.slice(0, 120))"""
    )


@pytest.mark.timeout(300)
def test_nothing_keeps_anybody_out_in_light_or_dark_at_a_desk_or_on_a_phone(office: Office) -> None:
    ana = office.sit_down("Ana")
    found: dict[str, list[str]] = {}
    for place in pages_to_see(ana):
        for scheme in ("light", "dark"):
            ana.emulate_media(color_scheme=scheme)
            found[f"{place}, {scheme}"] = keeps_out(ana)
        ana.set_viewport_size(PHONE)
        found[f"{place}, on a phone"] = sticks_out(ana)
        ana.set_viewport_size({"width": 1280, "height": 900})
    assert {place: lines for place, lines in found.items() if lines} == {}


def test_the_longest_names_stay_within_a_phone(office: Office) -> None:
    longest = office.sit_down("W" * 80)
    longest.set_viewport_size(PHONE)
    for path in ("/", "/people", "/differences", f"/clients?client={'9' * 200}"):
        longest.goto(path)
        assert sticks_out(longest) == [], path
    expect(longest.get_by_label("Client number")).to_have_value("9" * 200)


def test_what_would_be_found_is_found(office: Office) -> None:
    ana = office.sit_down("Ana")
    ana.goto("/")
    ana.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input><p id=wide>')")
    assert [line.partition(":")[0] for line in keeps_out(ana)] == ["label"]
    ana.evaluate("document.getElementById('wide').style.width = '3000px'")
    ana.set_viewport_size(PHONE)
    assert len(sticks_out(ana)) == 1
    ana.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    assert office.faults != []
    office.faults.clear()
