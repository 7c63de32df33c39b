"""Differences at the desk: listed, narrowed down, decided about many at once, each at its own sites alone."""

from datetime import UTC, datetime

import pytest

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
