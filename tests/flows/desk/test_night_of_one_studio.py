"""A night as somebody sees it who looks after one studio: no greener than the whole night is about that studio."""

from collections.abc import Iterator

import pytest

from flows.desk.app import make_app
from flows.desk.visit import Desk
from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from tests.flows.desk.conftest import Browser, Client, let_in
from tests.flows.workplace import HEADINGS, PASSWORD, Workplace, further_sites, open_workplace
from transforms.vocabulary import Role

# What was posted for this client cannot be read back, nor whether it is there; the other studio's can.
FAULTS = "read_503=200000001"
ROWS = (
    "-99,200000001,10,Earned,Sale,,2026-09-20T17:00:00Z",
    "1001,200000002,20,Earned,Sale,,2026-09-20T17:00:00Z",
)
AGREED = "The service agreed with all that was posted and looked at."
NOBODY = "Nobody could say as the night ended whether the service agrees."


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder = tmp_path_factory.mktemp("one-studio")
    options = ("--more-sites", "1", "--extra-clients", "2")
    with start_sandbox(state=folder / "sandbox.db", faults=FAULTS, options=options) as ready:
        workplace = open_workplace(folder, ready)
        # Each posted row is to be read back, so that a row that was not is told.
        text = workplace.config.read_text(encoding="utf-8").replace("[reconcile]", '[reconcile]\nproof = "read"')
        workplace.configure(text + further_sites({"1001": PASSWORD}))
        workplace.put("september.csv", *ROWS, headings=f"SiteId,{HEADINGS}")
        workplace.run()
        yield workplace


@pytest.fixture
def desk(workplace: Workplace) -> Iterator[Desk]:
    with open_ledger(workplace.settings) as ledger:
        yield Desk(workplace.settings, ledger, 8300)


def browser(desk: Desk, name: str, site_id: str) -> Browser:
    client = Client(make_app(desk))
    session = let_in(desk.settings, desk.ledger, name, (site_id, Role.REVIEWER))
    client.http.cookies.set("tieout", session.token)
    return Browser(client, session)


def test_a_studio_whose_client_was_not_read_is_not_told_that_the_service_agreed(
    workplace: Workplace, desk: Desk
) -> None:
    (night,) = workplace.rows("SELECT run_id FROM runs WHERE kind = 'nightly'")
    ana, bo, cy = browser(desk, "Ana", "-99"), browser(desk, "Bo", "1001"), browser(desk, "Cy", "")
    of_night = f"/nights/{night['run_id']}"
    own = ana.get(of_night)
    assert (AGREED in own, NOBODY in own, "1 thing was not read" in own) == (False, True, True)
    assert NOBODY in cy.get(f"{of_night}?site=-99")
    assert "Nobody can say yet whether the services agree." in cy.get(of_night)
    for page in (bo.get(of_night), cy.get(f"{of_night}?site=1001")):
        assert AGREED in page
        assert "Nothing was left unread." in page


def test_a_night_whose_rows_were_posted_and_not_read_back_is_not_marked_as_agreeing(
    workplace: Workplace, desk: Desk
) -> None:
    """Nothing that the night told need say so: what counts is what the ledger knows by now."""
    with desk.ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET compared_at = NULL WHERE site_id = '1001'")
    assert "incomplete" in marks(browser(desk, "Di", "1001"))
    workplace.run()
    assert "incomplete" not in marks(browser(desk, "Ed", "1001"))
    assert "incomplete" in marks(browser(desk, "Flo", "-99"))


def marks(someone: Browser) -> str:
    """Return what the calendar says of its days, without what the signs mean."""
    return someone.get("/nights").partition("legend-of")[0]
