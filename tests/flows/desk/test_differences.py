"""Differences at the desk: listed, narrowed down, decided about many at once, each at its own sites alone."""

import re
from datetime import UTC, datetime

import pytest

from flows.desk import difference
from flows.desk.visit import Desk
from sql.breaks import open_breaks, update_breaks
from sql.runs import start_run
from tests.flows.desk.conftest import AtDesk
from transforms.vocabulary import Outcome, Role, RunKind

FOUND_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def differ(number: int, site_id: str = "-99", points: int = 5) -> dict[str, object]:
    return {
        "break_id": f"b{number}",
        "class": Outcome.MISSING_REMOTE,
        "target": "mindbody",
        "site_id": site_id,
        "client_id": f"2000000{number:02}",
        "points": points,
        "points_ledger": points,
        "points_service": None,
        "detail": "It <b>is</b> not there. Run `tieout reconcile` again.",
    }


@pytest.fixture(autouse=True)
def found(desk: Desk) -> None:
    rows = [*(differ(number) for number in range(1, 22)), differ(50, "7", 8)]
    with desk.ledger.begin() as connection:
        start_run(connection, "night-1", RunKind.NIGHTLY, FOUND_AT)
        update_breaks(connection, rows, [], run_id="night-1", now=FOUND_AT)


def states(desk: Desk) -> dict[str, str]:
    with desk.ledger.begin() as connection:
        return {row.break_id: row.state for row in open_breaks(connection)}


def test_they_are_told_in_words_and_narrowed_down(at_desk: AtDesk) -> None:
    ana = at_desk("Ana")
    page = ana.get("/differences")
    assert "22 differences, 113 points: 22 missing at the service." in page
    assert "It &lt;b&gt;is&lt;/b&gt; not there." in page
    assert "tieout reconcile" not in page
    assert "1 difference, 5 points" in ana.get("/differences?client=200000003")
    assert "1 difference, 8 points" in ana.get("/differences?site=7")
    assert "Nothing differs here" in ana.get(f"/differences?kind={Outcome.LATE}")
    assert "22 differences" in ana.get("/differences?kind=%3Cscript%3E&older=x&page=-1")


def test_twenty_are_decided_about_at_once_and_bear_the_name(at_desk: AtDesk, desk: Desk) -> None:
    ana = at_desk("Ana")
    ids = [f"b{number}" for number in range(1, 21)]
    ana.post("/differences", 409, id=ids, verb="resolve", code="other", words="")
    ana.post("/differences", 409, id=[*ids, "nothing"], verb="resolve", code="timing")
    assert len(states(desk)) == 22
    ana.post("/differences", id=ids, verb="resolve", code="timing", words="came a night later")
    assert sorted(states(desk)) == ["b21", "b50"]
    page = ana.get("/differences/b1")
    assert "Ana: it is explained; it comes, or came, with another night: came a night later" in page
    # Of two who decide at once the second one is told.
    assert "Somebody else was faster" in at_desk("Bo").post(
        "/differences", 409, id=["b1"], verb="resolve", code="timing"
    )


def test_those_of_other_sites_are_neither_seen_nor_changed(at_desk: AtDesk, desk: Desk) -> None:
    bo = at_desk("Bo", ("7", Role.REVIEWER))
    assert "1 difference, 8 points" in bo.get("/differences")
    assert "Nothing differs here" in bo.get("/differences?site=-99")
    assert bo.status("/differences/b1") == 404
    bo.post("/differences", 409, id=["b1"], verb="resolve", code="timing")
    bo.post("/differences", id=["b50"], verb="acknowledge", code="timing")
    assert (states(desk)["b1"], states(desk)["b50"]) == ("open", "acknowledged")


def test_a_client_is_looked_up_at_ones_own_sites_alone(at_desk: AtDesk) -> None:
    ana, bo = at_desk("Ana"), at_desk("Bo", ("7", Role.VIEWER))
    page = ana.get("/clients?client=200000001")
    assert "By the clock of Los Angeles" in page
    assert "Nothing is known" not in page
    assert "Nothing is known" in bo.get("/clients?client=200000001")
    assert "Nothing is known" in ana.get("/clients?client=%3Cscript%3E")
    assert "<script>" not in ana.get("/clients?client=%3Cscript%3E")


def test_comments_with_files_are_kept_by_their_hash_and_given_back_as_downloads(at_desk: AtDesk, desk: Desk) -> None:
    ana, bo = at_desk("Ana"), at_desk("Bo", ("7", Role.REVIEWER))
    evil = ("../../evil<b>.html", b"<script>alert(1)</script>", "text/html")
    ana.post("/differences/b1/comment", words="See <b>this</b>", file=evil)
    ana.post("/differences/b1/comment", 422, words=" ")
    ana.post("/differences/b1/comment", 422, words="x" * 2001)
    ana.post("/differences/b1/comment", 422, words="empty", file=("a.txt", b"", "text/plain"))
    page = ana.get("/differences/b1")
    assert "Ana: See &lt;b&gt;this&lt;/b&gt;" in page
    at = page.partition('href="/differences/b1/files/')[2].partition('"')[0]
    answer = ana.client.get(f"/differences/b1/files/{at}")
    assert answer.content == evil[1]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''evil_b_.html"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    # By guessing another site's difference, or a file beside one's own, nothing is had.
    assert bo.status(f"/differences/b1/files/{at}") == 404
    assert bo.status(f"/differences/b50/files/{at}") == 404
    assert ana.status("/differences/b1/files/..%2F..%2Ftieout.toml") == 404
    bo.post("/differences/b1/comment", 404, words="x")
    kept = [path for path in (desk.settings.root / "attachments").rglob("*") if path.is_file()]
    assert len(kept) == 1
    kept[0].write_bytes(b"changed")
    assert ana.status(f"/differences/b1/files/{at}") == 410
    assert "the file was changed since" in ana.get("/differences/b1")


def test_one_is_given_to_somebody_until_a_day(at_desk: AtDesk) -> None:
    ana = at_desk("Ana")
    ana.post("/differences/b1/give", to="Bo <i>", due="2026-11-01")
    ana.post("/differences/b2/give", to="", due="2999-01-01")
    ana.post("/differences/b1/give", 422, to="Bo", due="tomorrow")
    page = ana.get("/differences/b1")
    assert "Bo &lt;i&gt;" in page
    assert "overdue" in page
    assert "given to Bo &lt;i&gt; until 1 Nov 2026" in page
    assert "1 difference, 5 points" in ana.get("/differences?overdue=1")
    assert "1 difference, 5 points" in ana.get("/differences?owner=Bo+%3Ci%3E")
    ana.post("/differences", id=["b1"], verb="resolve", code="timing", back="1")
    ana.post("/differences/b1/give", 409, to="Cy", due="")


def test_all_of_a_list_are_decided_about_or_none(at_desk: AtDesk, desk: Desk) -> None:
    with desk.ledger.begin() as connection:
        rows = [differ(number) for number in range(60, 99)]
        update_breaks(connection, rows, [], run_id="night-1", now=FOUND_AT)
    ana = at_desk("Ana")
    page = ana.get("/differences?site=-99")
    assert "about all 60 of this list" in page
    assert "Part 1 of 2" in page
    given = {"which": "all", "link": "site=-99", "verb": "resolve", "code": "timing"}
    assert "another one by now" in ana.post("/differences", 409, **given, count="61")
    ana.post("/differences", **given, count="60")
    assert sorted(states(desk)) == ["b50"]
    # Whoever sends what the page never offered gets no further than the list of their own sites.
    bo = at_desk("Bo", ("7", Role.REVIEWER))
    bo.post("/differences", 409, which="all", link="site=-99&all=1", verb="reopen", code="mistake", count="60")
    assert "1 difference, 8 points" in bo.get("/differences?all=1")
    assert sorted(states(desk)) == ["b50"]


def test_an_extra_entry_is_proposed_to_be_taken_back_and_waits_for_another_word(at_desk: AtDesk, desk: Desk) -> None:
    extra = {**differ(51), "class": Outcome.UNEXPECTED_REMOTE, "points_ledger": None, "points_service": 5, "more": 5}
    with desk.ledger.begin() as connection:
        update_breaks(connection, [extra], [], run_id="night-1", now=FOUND_AT)
    ana, bo = at_desk("Ana", ("-99", Role.REVIEWER)), at_desk("Bo", ("-99", Role.REVIEWER), ("-99", Role.APPROVER))
    assert "Propose to take it back" not in ana.get("/differences/b1")
    ana.post("/differences/b1/propose", 409, words="why")
    ana.post("/differences/b51/propose", 422, words="")
    ana.post("/differences/b51/propose", words="typed twice at the desk")
    ana.post("/differences/b51/propose", 409, words="once more")
    page = ana.get("/differences/b51")
    assert "redeemed 5 points, to take the extra entry back; proposed by Ana" in page
    assert "It waits for somebody else" in page
    ana.post("/differences/b51/offset", 409, decision="ok")
    # Who gives the OK without reviewing finds it where all of that waits; at another studio there is none of it.
    cy, dee = at_desk("Cy", ("-99", Role.APPROVER)), at_desk("Dee", ("7", Role.APPROVER))
    assert "Redeems 5 points" in cy.get("/waiting")
    assert "Redeems 5 points" not in dee.get("/waiting")
    dee.post("/differences/b51/offset", 404, decision="ok")
    bo.post("/differences/b51/offset", decision="leave")
    assert "It was left out" in bo.get("/differences/b51")
    ana.post("/differences/b51/propose", words="after all")
    cy.post("/differences/b51/offset", decision="ok", back="waiting")
    assert "It has the OK: the next night posts it." in ana.get("/differences/b51")
    assert "somebody else has decided" in bo.post("/differences/b51/offset", 409, decision="ok").lower()


def test_the_day_since_when_something_differs_is_the_studios_own(
    at_desk: AtDesk, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night of the evening of the 21st by the studio's clock is of the 22nd by UTC."""
    evening = datetime(2026, 11, 22, 4, tzinfo=UTC)
    with desk.ledger.begin() as connection:
        start_run(connection, "night-2", RunKind.NIGHTLY, evening)
        update_breaks(connection, [differ(60)], [], run_id="night-2", now=evening)
    monkeypatch.setattr(difference, "utc_now", lambda: evening)
    ana = at_desk("Ana")
    for path in ("/differences/b60", "/differences?client=200000060"):
        page = ana.get(path)
        assert "21 Nov 2026" in page
        assert "today" in page
        assert "22 Nov" not in page


def test_nothing_that_somebody_writes_turns_round_what_stands_beside_it(at_desk: AtDesk) -> None:
    ana = at_desk("Ana")
    ana.post("/differences/b1/give", to="eve\u202e", due="")
    ana.post("/differences/b1/comment", words="one line\nthe next \u202e tfel")
    ana.post("/differences", id=["b1"], verb="acknowledge", code="other", words="be\u2066cause")
    for path in ("/differences/b1", "/differences?client=200000001"):
        page = re.sub(r'value="[^"]*"', "", ana.get(path))
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)
        assert "be\\u2066cause" in page
    assert "one line the next \\u202e tfel" in ana.get("/differences/b1")
