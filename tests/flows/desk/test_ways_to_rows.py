"""What the pages of the desk ask the ledger: no statement walks through what is over; on SQLite and PostgreSQL."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.desk.app import PAGES
from flows.desk.visit import Desk
from flows.ledger.connection import open_ledger
from tests.aged import age
from tests.flows.desk.conftest import Browser, Studio
from tests.flows.desk.test_manager import code_of, send, to_check
from tests.flows.workplace import earned, open_workplace, redeemed
from tests.sql.test_plans import EVENTS, PER_NIGHT, Plans, put_files, said


@pytest.fixture
def studio(
    tmp_path: Path, ready_for: Callable[[str], dict[str, Any]], database: str, database_url: str
) -> Iterator[Studio]:
    """A studio with a night behind it, and many of before."""
    place = open_workplace(tmp_path, ready_for(database), database_url=database_url, calls_per_day=1_000_000)
    place.run()
    with open_ledger(place.settings) as ledger:
        age(ledger, EVENTS["sqlite" if ledger.file else "postgresql"], PER_NIGHT, with_decisions=True)
        put_files(place, 0)
        front_desk = {"ClientId": "200000009", "Points": 3, "Action": "Earned"}
        place.talk.post_json("/sandbox/desk/transactions", {**front_desk, "ActionDateTime": "2026-09-20T09:00:00Z"})
        place.run()
        yield Studio(place, Desk(place.settings, ledger, 8300))


def bring_a_sheet_to_its_end(studio: Studio, ana: Browser) -> str:
    """Send, mend, post, try again, undo; return where the sheet is."""
    rows = [earned("200000001", 31), redeemed("200000002", 900), "200000003,4,Earnd,Sale,,2026-09-20T17:00:00Z"]
    sheet = send(ana, *rows)
    key = re.search(r'name="key" value="([0-9a-f]+)"', to_check(ana, sheet))
    assert key
    ana.post(f"{sheet}/mend", key=key[1], suggested="Earned")
    ana.post(f"{sheet}/post", code=code_of(ana.get(f"{sheet}/check")))
    studio.post()
    assert "2 posted, 1 turned down." in ana.get(f"{sheet}/posting")
    ana.post(f"{sheet}/try-again", reason="again")
    studio.post()
    ana.post(f"{sheet}/undo", reason="all of it")
    ana.get(f"{sheet}/undo")
    ana.post(f"{sheet}/undo/decide", decision="leave")
    return sheet


@pytest.mark.long
def test_no_page_walks_through_what_is_old(studio: Studio) -> None:
    ana = studio.browser("Ana")
    plans = Plans()
    try:
        sheet = bring_a_sheet_to_its_end(studio, ana)
        for tab in ("posted", "refused", "all", "known"):
            ana.get(f"{sheet}/posting?tab={tab}")
        differences = list(studio.workplace.breaks())
        assert differences
        for page in PAGES:
            if page.method == "GET" and "{" not in page.path and page.path != "/sign-in":
                ana.client.get(page.path)
        (night,) = studio.workplace.rows(
            "SELECT run_id FROM runs WHERE kind = 'nightly' ORDER BY started_at DESC LIMIT 1"
        )
        for path in ("/clients?client=200000001", f"/nights/{night['run_id']}", sheet):
            ana.client.get(path)
        for link in re.findall(r'href="(/rows/\w+)"', ana.get(f"{sheet}/posting?tab=all")):
            ana.get(link)
        ana.client.get(f"{sheet}/rows/2?on=Sheet1")
        ana.client.get(f"{sheet}/change")
        for narrowed in ("kind=unexpected_remote", "client=200000001", "older=3", "site=-99", "owner=Ana"):
            ana.get(f"/differences?{narrowed}")
        ana.post("/differences", id=differences[:1], verb="resolve", code="timing", words="it comes")
    finally:
        plans.end()
    assert len(plans.asked) > 80
    assert not plans.walks, "\n".join(said(plans.walks))
