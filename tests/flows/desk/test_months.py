"""Nights and a month at the desk: the rows behind every figure, who may see what of it, and its signatures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from flows.desk.app import make_app
from flows.desk.visit import Desk
from flows.ledger.connection import open_ledger
from flows.review.month import look_at_period, read_period
from flows.runtime.clock import clock_set_to
from flows.sandbox import start_sandbox
from sql.people import Grant
from tests.flows.desk.conftest import Browser, Client, let_in
from tests.flows.workplace import HEADINGS, PASSWORD, Workplace, further_sites, open_workplace
from transforms.totals.walk_steps import summed
from transforms.vocabulary import Role, WalkLine

# One client's entry lands twice, one is answered and never lands.
FAULTS = "mb:twice=200000001*1,mb:phantom=200000002*1"
SITED = f"SiteId,{HEADINGS},Staff"
ROWS = [
    "-99,200000001,10,Earned,Sale,,2026-09-20T17:00:00Z,Kim",
    "-99,200000002,20,Earned,Sale,,2026-09-20T17:00:00Z,Kim",
    "-99,200000003,30,Earned,Class Booking,,2026-09-20T17:00:00Z,Lee",
    "-99,200000003,5,Redeemed,,,2026-09-21T17:00:00Z,",
    "1001,200000004,777,Earned,Sale,,2026-09-20T17:00:00Z,",
    "1001,nobody,9,Earned,Sale,,2026-09-20T17:00:00Z,",
    "1001,200000005,6,Earnd,Sale,,2026-09-20T17:00:00Z,",
]
MONTH = "/months/2026-09"
# Both nights are of one day, and that of the month that the pages begin with, whenever the tests run.
NOW = datetime(2026, 11, 10, 18, tzinfo=UTC)


@dataclass(frozen=True)
class Nights:
    workplace: Workplace
    desk: Desk

    def browser(self, name: str, *grants: Grant) -> Browser:
        client = Client(make_app(self.desk))
        session = let_in(self.desk.settings, self.desk.ledger, name, *(grants or [("", Role.REVIEWER)]))
        client.http.cookies.set("tieout", session.token)
        return Browser(client, session)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("months")
    options = ("--more-sites", "1", "--extra-clients", "6")
    with start_sandbox(state=folder / "sandbox.db", faults=FAULTS, options=options) as ready, clock_set_to(NOW):
        workplace = open_workplace(folder, ready)
        workplace.talk.post_json("/sandbox/desk/clock", {"now": NOW.isoformat()})
        workplace.configure(workplace.config.read_text(encoding="utf-8") + further_sites({"1001": PASSWORD}))
        workplace.put("september.csv", *ROWS, headings=SITED)
        workplace.run()
        workplace.put("again.csv", *ROWS[:2], headings=SITED)
        workplace.run()
        with open_ledger(workplace.settings) as ledger:
            yield Nights(workplace, Desk(workplace.settings, ledger, 8300))


@pytest.fixture(scope="module")
def ana(nights: Nights) -> Browser:
    return nights.browser("Ana")


def links(page: str, at: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page) if link.startswith(at)]


def test_every_figure_leads_to_rows_that_come_to_it(nights: Nights, ana: Browser) -> None:
    month = look_at_period(nights.desk.settings, nights.desk.ledger, read_period("2026-09"))
    found = links(ana.get(MONTH), f"{MONTH}/rows")
    assert len(found) > 10
    for link in found:
        asked = parse_qs(urlsplit(link).query)
        line, kind = WalkLine(asked["line"][0]), asked.get("kind", [""])[0]
        of_kind = month.walk[month.walk["kind"].eq(kind)]
        events, points = summed(of_kind, line, "events"), summed(of_kind, line, "points")
        page = ana.get(link)
        assert f"{events:,} row{'' if events == 1 else 's'}, {points:,} point" in page, link
        assert page.count('<th scope="row"') >= min(1, events), link


def test_the_sums_of_the_rows_are_the_figures_of_the_walk(nights: Nights) -> None:
    month = look_at_period(nights.desk.settings, nights.desk.ledger, read_period("2026-09"))
    for line in set(month.walk["line"]):
        rows = month.rows[WalkLine(line)]
        assert rows["row_count"].sum() == summed(month.walk, WalkLine(line), "events")
        assert sum(rows["points"].dropna()) == summed(month.walk, WalkLine(line), "points")


def test_rows_name_their_cell_and_what_became_of_them(ana: Browser) -> None:
    page = ana.get(f"{MONTH}/rows?line=posted&kind=earned")
    assert "row 2</a></th>" in page
    assert "september.csv" in page
    assert "earned 10 points for Sale" in page
    assert "Sun 20 Sep 2026, 10:00 am" in page
    # A row that needs fixing tells no day for sure: it is of the day on which it was taken in.
    taken_in = f"/months/{NOW:%Y-%m}"
    bad = "".join(ana.get(link) for link in links(ana.get(taken_in), taken_in) if "needs_fixing" in link)
    assert "row 8" in bad
    assert "Earnd" in bad
    assert "turned down" in ana.get(f"{MONTH}/rows?line=turned_down&kind=earned")


@pytest.mark.parametrize("period", ["2026-13", "x", "0001-01", "9999-12", "2026-09-09..2026-09-01", "%3Cscript%3E"])
def test_what_is_no_period_is_not_there(ana: Browser, period: str) -> None:
    assert ana.status(f"/months/{period}") == 404


@pytest.mark.parametrize("asked", ["line=x&kind=earned", "line=posted&kind=x", "site=7&line=posted&kind=earned"])
def test_what_is_no_figure_is_not_there(ana: Browser, asked: str) -> None:
    assert ana.status(f"{MONTH}/rows?{asked}") == 404


def test_who_reviews_one_studio_sees_nothing_of_the_other(nights: Nights) -> None:
    bo = nights.browser("Bo", ("1001", Role.REVIEWER), ("-99", Role.UPLOADER))
    page = bo.get(MONTH)
    assert "777" in page
    assert "all studios" not in page.replace("over all studios", "").replace("review all studios", "")
    for path in (f"{MONTH}?site=-99", f"{MONTH}/pdf?site=-99", f"{MONTH}/workbook?site=-99"):
        assert bo.status(path) == 404
    assert bo.status(f"{MONTH}/sign") == 403
    bo.post(f"{MONTH}/sign", 403, seen="x")
    everything = page
    for link in links(page, f"{MONTH}/rows"):
        everything += bo.get(link)
        assert bo.status(link.replace("1001", "-99")) == 404
    assert "200000004" in everything
    for other in ("200000001", "200000002", "200000003", "10 points", "Earnd"):
        assert other not in everything
    # A sheet with rows of both studios is not his alone: how many rows it had in all is not told.
    content = bo.client.get(f"{MONTH}/workbook").content
    assert content[:2] == b"PK"
    assert "september.csv" not in bo.get(f"{MONTH}/rows?line=needs_fixing&kind=earned&site=1001")


def test_the_papers_come_as_files(ana: Browser) -> None:
    for name, begins in (("pdf", b"%PDF"), ("workbook", b"PK")):
        answer = ana.client.get(f"{MONTH}/{name}")
        assert answer.content.startswith(begins)
        assert answer.headers["content-disposition"].startswith('attachment; filename="month-2026-09.')
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_month_is_signed_by_two_and_tells_what_changed_since(nights: Nights, ana: Browser) -> None:
    page = ana.get(f"{MONTH}/sign")
    assert "2 differences have no reason yet." in page
    assert "Sign: I prepared it" not in page
    for row in nights.workplace.rows("SELECT break_id, class FROM breaks WHERE state = 'open' AND class <> 'refused'"):
        ana.post("/differences", id=[row["break_id"]], verb="acknowledge", code="timing")
    page = ana.get(f"{MONTH}/sign")
    assert "Every difference has a reason; what a service turned down needs none." in page
    ana.post(f"{MONTH}/sign", 409, seen="preparer-of something else")
    ana.post(f"{MONTH}/sign", 409)
    assert not nights.workplace.rows("SELECT 1 FROM signatures")
    ana.post(f"{MONTH}/sign", seen=code(page), words="looked at each")
    page = ana.get(f"{MONTH}/sign")
    assert "Ana prepared it" in page
    assert "You prepared it. Somebody else" in page
    ana.post(f"{MONTH}/sign", 409, seen=code_shown_to_another(nights))
    cleo = nights.browser("Cleo")
    page = cleo.get(f"{MONTH}/sign")
    assert "Sign: I approve it" in page
    cleo.post(f"{MONTH}/sign", seen=code(page))
    assert "It is signed by both" in cleo.get(f"{MONTH}/sign")
    assert "Changed since" not in cleo.get(MONTH)
    first = nights.workplace.rows("SELECT break_id FROM breaks WHERE class = 'missing_remote'")[0]["break_id"]
    cleo.post("/differences", id=[first], verb="resolve", code="other", words="it <b>came</b>")
    page = cleo.get(f"{MONTH}/sign")
    assert "was in somebody&#39;s hands, and is explained now" in page
    assert "Cleo explained a difference" in page
    assert "<b>came" not in page
    assert first not in re.sub(r'href="[^"]*"', "", page)
    assert "Changed since it was signed: 2 things" in cleo.get(MONTH)


def code(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def code_shown_to_another(nights: Nights) -> str:
    return code(nights.browser("Dee").get(f"{MONTH}/sign"))


def test_the_calendar_leads_to_each_night(nights: Nights, ana: Browser) -> None:
    page = ana.get("/nights")
    first, last = nights_of(nights)
    # Both ran today: the later one stands for the day.
    assert f"/nights/{last}?site=-99" in page
    assert f"/nights/{first}" not in page
    assert "1 row turned down" in page
    assert f"/nights/{first}?site=-99" in ana.get(f"/nights/{last}?site=-99")
    assert "There is no night" not in ana.get("/nights?month=2026-02")
    assert ana.status("/nights?month=%3Cscript%3E") == 200
    assert ana.status("/nights/nothing") == 404


def nights_of(nights: Nights) -> list[str]:
    found = nights.workplace.rows("SELECT run_id FROM runs WHERE kind = 'nightly' ORDER BY started_at")
    return [row["run_id"] for row in found]


def test_every_figure_of_a_night_leads_to_its_rows(nights: Nights, ana: Browser) -> None:
    for run_id in nights_of(nights):
        at = f"/nights/{run_id}"
        for link in links(ana.get(at), f"{at}/rows"):
            page = ana.get(link)
            counted = re.search(r"([\d,]+) rows?\. <span", page)
            assert counted is not None
            # A row that needs fixing is told cell by cell.
            if "needs_fixing" not in link:
                assert int(counted[1]) == page.count('<th scope="row"'), link
                assert "Row by row the night kept" not in page, link
    first = nights_of(nights)[0]
    page = ana.get(f"/nights/{first}/rows?line=posted&kind=earned")
    assert "row 2</a></th>" in page
    assert "earned 10 points for Sale" in page
    assert "Sun 20 Sep 2026, 10:00 am" in page
    assert "more often than sent" in ana.get(f"/nights/{first}/rows?line=twice&kind=earned")


def test_who_reviews_one_studio_sees_nothing_of_the_other_in_a_night(nights: Nights) -> None:
    cy = nights.browser("Cy", ("1001", Role.REVIEWER))
    everything = cy.get("/nights")
    for run_id in nights_of(nights):
        at = f"/nights/{run_id}"
        assert cy.status(f"{at}?site=-99") == 404
        assert (cy.status(f"{at}/pdf"), cy.status(f"{at}/workbook")) == (403, 403)
        page = cy.get(at)
        everything += page
        for link in links(page, f"{at}/rows"):
            everything += cy.get(link)
        for line in ("in_sheets", "needs_fixing", "known", "waiting", "posted_before", "twice", "at_service"):
            everything += cy.get(f"{at}/rows?line={line}&kind=earned")
    assert "200000004" in everything
    for other in ("200000001", "200000002", "200000003", "Earnd", "-99"):
        assert other not in everything


def test_a_night_whose_figures_were_changed_shows_none(nights: Nights) -> None:
    first = nights_of(nights)[0]
    path = nights.desk.settings.root / "snapshots" / f"{first}.json.gz"
    kept = path.read_bytes()
    try:
        path.write_bytes(kept + b"x")
        page = (
            Nights(nights.workplace, Desk(nights.workplace.settings, nights.desk.ledger))
            .browser("Flo")
            .get(f"/nights/{first}")
        )
    finally:
        path.write_bytes(kept)
    assert "is not what it was" in page
    assert "From the sheets to the service" not in page


def test_papers_of_a_night_come_as_files(nights: Nights, ana: Browser) -> None:
    first = nights_of(nights)[0]
    for name, begins in (("pdf", b"%PDF"), ("workbook", b"PK")):
        assert ana.client.get(f"/nights/{first}/{name}").content.startswith(begins)


def test_years_and_months_of_nothing_have_their_page(ana: Browser) -> None:
    assert "2026" in ana.get("/months/2026")
    assert "Nothing came, and nothing was posted." in ana.get("/months/2026-02")
