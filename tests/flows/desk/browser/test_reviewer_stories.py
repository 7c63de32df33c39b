"""A reviewer's way in a real browser: what a real night found differs, twenty of it decided about at once; a client."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from flows.sandbox import start_sandbox
from tests.flows.desk.browser.conftest import Office, desk_at_socket
from tests.flows.workplace import earned, open_workplace
from transforms.vocabulary import Role

REVIEWS = ("-99", Role.REVIEWER)
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
        page.get_by_label("Why").select_option("it comes, or came, with another night")
    ana.get_by_label("In words").fill("came a night later")
    ana.get_by_role("button", name="It is explained").click()
    expect(ana.get_by_text("2 differences")).to_be_visible()
    bo.get_by_role("button", name="I work on it").click()
    expect(bo.get_by_text("Somebody else was faster")).to_be_visible()
    assert len(office.workplace.breaks()) == 2


def test_a_client_is_looked_up(office: Office) -> None:
    ana = office.sit_down("Ana", REVIEWS)
    ana.goto("/")
    ana.get_by_role("link", name="Clients").click()
    ana.get_by_label("Client number").fill("200000023")
    ana.get_by_role("button", name="Show").click()
    expect(ana.get_by_role("row", name="night.csv, row 24")).to_contain_text("+23")
