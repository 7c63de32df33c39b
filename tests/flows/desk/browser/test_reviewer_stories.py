"""A reviewer's way in a real browser: what a real night found differs, twenty of it decided about at once; a client."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from flows.sandbox import start_sandbox
from tests.flows.desk.browser.conftest import Office, desk_at_socket
from tests.flows.desk.browser.test_every_page import PHONE, keeps_out, sticks_out
from tests.flows.workplace import earned, open_workplace
from transforms.vocabulary import Role

REVIEWS = ("-99", Role.REVIEWER)
EVERYWHERE = ("", Role.REVIEWER)
# What the service says that it took, and does not have.
LOST = 22


@pytest.fixture(scope="module")
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A studio after a night of which the service has forgotten most."""
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, faults=f"phantom@1-{LOST}", options=("--extra-clients", "60")) as ready:
        place = open_workplace(tmp_path_factory.mktemp("office"), ready)
        place.put("night.csv", *(earned(f"2000000{number:02}", number) for number in range(1, LOST + 3)))
        place.run()
        # Chromium begins after the night, which needs a loop of its own.
        with desk_at_socket(place, request.getfixturevalue("chromium")) as office:
            yield office


def test_twenty_differences_are_decided_about_at_once(office: Office) -> None:
    ana, bo = office.sit_down("Ana", REVIEWS), office.sit_down("Bo", REVIEWS)
    for page in (ana, bo):
        page.goto("/differences")
        expect(page.get_by_text("22 differences")).to_be_visible()
        for box in page.get_by_role("checkbox", name="missing at the service").all()[:20]:
            box.check()
        choose(page, "it comes, or came, with another night")
    of_all(ana).get_by_label("In words").fill("came a night later")
    ana.get_by_role("button", name="It is explained").click()
    expect(ana.get_by_text("2 differences")).to_be_visible()
    bo.get_by_role("button", name="I work on it").click()
    expect(bo.get_by_text("Somebody else was faster")).to_be_visible()
    assert len(office.workplace.breaks()) == 2


def of_all(page: Page) -> Locator:
    return page.get_by_role("group", name="Decide")


def choose(page: Page, reason: str) -> None:
    of_all(page).get_by_label("Why").select_option(reason)


def test_a_night_is_reviewed_and_its_month_signed_by_two(office: Office) -> None:
    ana, bo = office.sit_down("Ann", EVERYWHERE), office.sit_down("Bob", EVERYWHERE)
    ana.goto("/nights")
    ana.locator("a.day.differs").click()
    expect(ana.get_by_role("heading", level=1)).to_contain_text("Night of")
    expect(ana.get_by_text("22 differences were open as the night ended.")).to_be_visible()
    # Every figure leads to its rows.
    ana.get_by_role("row", name="not there, or not yet").get_by_role("link", name=f": {LOST}").click()
    expect(ana.get_by_role("row", name="client 200000007")).to_contain_text("night.csv")

    ana.goto("/months/2026-09/sign")
    expect(ana.get_by_role("button", name="Sign:")).to_have_count(0)
    ana.get_by_role("link", name="Go through them").click()
    for box in ana.get_by_role("checkbox", name="missing at the service").all():
        box.check()
    choose(ana, "the service has it wrong")
    of_all(ana).get_by_label("In words").fill("the service forgot them")
    ana.get_by_role("button", name="It is explained").click()
    expect(ana.get_by_text("Nothing differs here")).to_be_visible()

    ana.goto("/months/2026-09/sign")
    ana.get_by_role("button", name="Sign: I prepared it").click()
    expect(ana.get_by_role("button", name="Sign:")).to_have_count(0)
    bo.goto("/months/2026-09/sign")
    bo.get_by_role("button", name="Sign: I approve it").click()
    expect(bo.get_by_role("listitem").filter(has_text="Bob")).to_be_visible()
    signed = office.workplace.rows("SELECT role, by_name FROM signatures ORDER BY signature_id")
    assert [tuple(row.values()) for row in signed] == [("preparer", "Ann"), ("approver", "Bob")]


def test_a_client_is_looked_up(office: Office) -> None:
    ana = office.sit_down("Ana", REVIEWS)
    ana.goto("/")
    ana.get_by_role("link", name="Clients").click()
    ana.get_by_label("Client number").fill("200000023")
    ana.get_by_role("button", name="Show").click()
    expect(ana.get_by_role("row", name="night.csv, row 24")).to_contain_text("+23")


@pytest.mark.long
def test_a_difference_keeps_nobody_out_at_a_desk_or_on_a_phone(office: Office) -> None:
    ana = office.sit_down("Ana", REVIEWS)
    # Whatever another story has decided about is there still.
    ana.goto("/differences?all=1")
    ana.get_by_role("link", name="Missing at the service").first.click()
    expect(ana.get_by_text("We posted: earned")).to_be_visible()
    assert keeps_out(ana) == []
    ana.set_viewport_size(PHONE)
    assert sticks_out(ana) == []
