"""What people do by hand in a real browser: say what columns are, ask about clients, change what was turned down.

And what becomes of what they type where their session ends meanwhile.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flows.ledger.connection import open_ledger
from flows.people.accounts import end_all_sessions, list_accounts
from flows.people.sign_in import begin_session
from tests.flows.desk.browser.conftest import Office
from tests.flows.desk.browser.test_sheet_stories import send, write
from tests.flows.desk.conftest import let_in
from tests.flows.workplace import HEADINGS, earned, redeemed
from transforms.vocabulary import Role

_ALL = ("", Role.ADMINISTRATOR)


def sign_in_beside(page: Page, office: Office, name: str) -> None:
    """Sign somebody in in another window of the same browser, who may be known already."""
    with open_ledger(office.workplace.settings) as ledger:
        known = {one.name: one for one in list_accounts(ledger)}
        if name in known:
            token = begin_session(office.workplace.settings, ledger, known[name].user_id, name).token
        else:
            token = let_in(office.workplace.settings, ledger, name, _ALL).token
    page.context.add_cookies([{"name": "tieout", "value": token, "url": office.address}])


def test_what_was_typed_stays_where_the_session_ends_and_goes_as_nobody_else(office: Office, tmp_path: Path) -> None:
    zoe = office.sit_down("Zoe", _ALL)
    send(zoe, write(tmp_path, "ended.csv", HEADINGS, "200000021,some,Earned,Sale,,2026-09-20T17:00:00Z"))
    zoe.get_by_role("button", name="That is right, go on").click()
    zoe.get_by_label("Points is").fill("12")
    # As it ends by itself over night.
    with open_ledger(office.workplace.settings) as ledger:
        end_all_sessions(ledger, "Zoe")
    zoe.get_by_role("button", name="Mend").click()
    expect(zoe.get_by_role("alert")).to_contain_text("You were signed out meanwhile, and nothing was sent")
    sign_in_beside(zoe, office, "Eve")
    zoe.get_by_role("button", name="Mend").click()
    expect(zoe.get_by_role("alert")).to_contain_text("Somebody else is signed in here now")
    assert zoe.get_by_label("Points is").input_value() == "12"
    sign_in_beside(zoe, office, "Zoe")
    zoe.get_by_role("button", name="Mend").click()
    expect(zoe.get_by_text("Posts 1 earned (12 points).")).to_be_visible()
    expect(zoe.get_by_text("(Zoe)")).to_be_visible()


@pytest.mark.long
def test_columns_are_said_by_hand(office: Office, tmp_path: Path) -> None:
    ana = office.sit_down("Ana", _ALL)
    rows = ["Member,Bonus,What,Day", "200000022,7,Earned,26/10/2026 6:30 pm"]
    send(ana, write(tmp_path, "columns.csv", *rows))
    form = ana.get_by_role("group").filter(has_text="Say what each column is")
    if not form.get_by_label("Member").is_visible():
        form.get_by_text("Say what each column is").click()
    said = {"Member": "client number", "Bonus": "points", "What": "earned or redeemed", "Day": "when"}
    for column, word in said.items():
        form.get_by_label(re.compile(f"^{column} such as")).select_option(word)
    form.get_by_label("What comes first in a date").select_option(index=1)
    form.get_by_label("Whose clock the times are by").select_option(index=1)
    form.get_by_role("button", name="Read it so").click()
    expect(ana.get_by_text("client 200000022 earned 7 points on Mon 26 Oct 2026, 6:30 pm")).to_be_visible()
    ana.get_by_role("button", name="That is right, go on").click()
    expect(ana.get_by_text("Posts 1 earned (7 points).")).to_be_visible()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_clients_are_asked_about_and_what_was_turned_down_is_changed(office: Office, tmp_path: Path) -> None:
    ana, bo = office.sit_down("Ana", _ALL), office.sit_down("Bo", _ALL)
    send(ana, write(tmp_path, "change.csv", HEADINGS, earned("200000023", 20), redeemed("200000023", 50)))
    ana.get_by_role("button", name="That is right, go on").click()
    ana.get_by_role("link", name="Look again").click()
    ana.get_by_role("button", name="Ask Mindbody about 1 client").click()
    expect(ana.get_by_text("redeems 50 points, and has 0 and 20 of this sheet")).to_be_visible()
    ana.get_by_role("button", name="Send it for an OK").click()
    give_ok(bo, "change.csv")
    expect(ana.get_by_text("1 posted, 1 turned down.")).to_be_visible()

    ana.get_by_role("link", name="Change it and send").click()
    ana.get_by_label("points", exact=True).fill("15")
    ana.get_by_role("button", name="Check what you changed").click()
    expect(ana.get_by_text("Posts 1 redeemed (15 points).")).to_be_visible()
    ana.get_by_role("button", name="Send it for an OK").click()
    expect(ana.get_by_text("It waits for an OK")).to_be_visible()
    give_ok(bo, "change")
    expect(ana.get_by_text("1 posted")).to_be_visible()
    done = [(line["action"], line["points"]) for line in office.workplace.commits("200000023")]
    assert done == [("Earned", 20), ("Redeemed", 15)]


def give_ok(page: Page, name: str) -> None:
    link = page.get_by_role("link", name=name)
    page.goto("/waiting")
    while not link.count():
        page.wait_for_timeout(500)
        page.reload()
    link.first.click()
    page.get_by_role("button", name="OK, post it").click()
    expect(page.get_by_text("Somebody else")).to_have_count(0)


def test_who_clicks_on_and_on_until_the_next_page_is_there_sends_once(office: Office, tmp_path: Path) -> None:
    kit = office.sit_down("Kit", _ALL)
    kit.goto("/")
    sheet = write(tmp_path, "twice.csv", HEADINGS, earned("200000022"))
    kit.get_by_label("Points sheet or export").set_input_files(sheet)
    kit.evaluate("setInterval(() => document.querySelector('.drop button').click(), 5)")
    expect(kit.get_by_role("heading", level=1)).to_have_text("twice.csv")
    kit.goto("/")
    expect(kit.get_by_role("link", name="twice.csv", exact=True)).to_have_count(1)
