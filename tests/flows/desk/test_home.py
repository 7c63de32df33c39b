"""The first page: what became of each sheet, and how long its content is kept."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from flows.desk.visit import Desk
from flows.keeping import find
from flows.keeping.remove import remove
from flows.runtime.clock import clock_set_to
from sql.budget import take_calls
from tests.flows.desk.conftest import AtDesk, Browser, Studio
from tests.flows.desk.test_manager import post, send, to_check
from tests.flows.workplace import HEADINGS, earned, redeemed
from transforms.vocabulary import Role, Target

_COUNT = re.compile(r"\?tab=(\w+)\">([^<]+)</a>")


def counts(browser: Browser) -> list[tuple[str, str]]:
    return _COUNT.findall(browser.get("/"))


def test_each_count_leads_to_its_rows(studio: Studio) -> None:
    ana, eve = studio.browser("Ana"), studio.browser("Eve", ("", Role.VIEWER))
    sheet = send(ana, earned("200000005", 20), redeemed("200000005", 50), "200000005,x,Earned,,,2026-09-20T17:00:00Z")
    post(ana, sheet)
    studio.post()
    assert counts(ana) == [("posted", "1 posted"), ("refused", "1 turned down"), ("fix", "1 to fix")]
    assert "needs a look" in ana.get("/")
    assert f'href="{sheet}/rows/4">row 4</a>' in ana.get(f"{sheet}/posting?tab=fix")
    assert f'href="{sheet}/undo"' in ana.get("/")
    assert f'href="{sheet}/undo"' not in eve.get("/")
    ana.post(f"{sheet}/undo", reason="wrong")
    seen = ana.get(f"{sheet}/undo").partition('name="seen" value="')[2].partition('"')[0]
    ana.post(f"{sheet}/undo/decide", decision="undo", seen=seen)
    studio.post()
    assert ("posted", "1 taken back") in counts(ana)
    assert f'href="{sheet}/undo"' not in ana.get("/")


def test_older_sheets_stand_on_further_pages(studio: Studio) -> None:
    ana = studio.browser("Ana")
    for number in range(21):
        send(ana, earned("200000006", number + 1), name=f"sheet {number}.csv")
    assert "sheet 0.csv" not in ana.get("/")
    assert "Older" in ana.get("/")
    older = ana.get("/?site=-99&page=2")
    assert "sheet 0.csv" in older
    assert "Older" not in older
    assert "None yet" in ana.get("/?page=99999999")


@pytest.mark.long
def test_content_is_removed_once_nobody_can_need_it(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over goes, and its pages stay; what is open, waits or was turned down without a word stays."""
    studio.configure("\n[keep]\ndesk_days = 30\n")
    ana = studio.browser("Ana")
    over, turned_down = send(ana, earned("200000007", 20)), send(ana, redeemed("200000007", 50), name="down.csv")
    for sheet in (over, turned_down):
        post(ana, sheet)
        studio.post()
    dropped, still_open = (send(ana, earned("200000007", 9), name=name) for name in ("dropped.csv", "open.csv"))
    to_check(ana, dropped)
    ana.post(f"{dropped}/drop")
    settings, ledger = studio.desk.settings, studio.desk.ledger
    assert not find.look_around(settings, ledger).removable
    monkeypatch.setattr(find, "utc_now", lambda: datetime.now(UTC) + timedelta(days=31))
    house = find.look_around(settings, ledger)
    assert {thing.path.name for thing in house.removable} == {sheet.rpartition("/")[2] for sheet in (over, dropped)}
    reasons = {thing.path.name: reason for thing, reason in house.staying}
    assert "nobody has dropped it" in reasons[still_open.rpartition("/")[2]]
    assert "difference" in reasons[turned_down.rpartition("/")[2]]
    assert remove(settings, house.removable) == []
    left = {path.name for path in settings.desk_folder.iterdir() if path.is_dir()}
    assert left == {sheet.rpartition("/")[2] for sheet in (still_open, turned_down)}
    assert "1 posted." in ana.get(f"{over}/posting")
    assert "client number" in ana.get(f"{over}/rows/2")


def test_a_sheet_with_rows_of_another_studio_says_so_on_its_page_and_can_be_dropped(at_desk: AtDesk) -> None:
    bo = at_desk("Bo", ("-99", Role.UPLOADER))
    rows = [f"{site},{earned('200000007')}" for site in ("7", "-99")]
    sheet = send(bo, *rows, headings=f"SiteId,{HEADINGS}")
    page = bo.get(f"{sheet}/read")
    assert "It cannot be read: it holds rows for studio 7 too" in page
    bo.post(f"{sheet}/read", 409)
    bo.post(f"{sheet}/post", 409, code="x")
    bo.post(f"{sheet}/drop")
    assert "march.csv" not in bo.get("/")


def test_where_the_days_calls_do_not_reach_check_says_so(at_desk: AtDesk, desk: Desk) -> None:
    now = datetime(2026, 11, 10, 12, tzinfo=UTC)
    with clock_set_to(now):
        ana = at_desk("Ana")
        assert "calls a day" not in to_check(ana, send(ana, earned("200000007"), site="7"))
        with desk.ledger.begin() as connection:
            take_calls(connection, Target.MINDBODY, now.date(), 999, 1000)
        times = [f"2026-09-20T17:00:{second:02}Z" for second in range(4)]
        page = to_check(ana, send(ana, *(earned("200000007", 1, time) for time in times), site="7"))
    assert "Posts 4 earned (4 points)." in page
    assert "1,000 calls a day from here, and of today&#39;s 1 is left: the rest is posted over the next day." in page
    assert "earned 1 point for Sale" in page
