"""A row, a reward and a client: pages that can be linked to, for whoever may look at their studio, and nobody else."""

import re
from pathlib import Path

import pytest

from flows.desk import row_cells
from flows.desk.visit import Desk
from tests.flows.desk.conftest import Browser, Studio
from tests.flows.desk.test_manager import code_of, post, send, to_check
from tests.flows.workplace import HEADINGS, earned, further_sites, redeemed
from transforms.vocabulary import Role

_ID = re.compile(r"\b[0-9a-f]{24}\b|\b(?:upload|plan|nightly)-\d{8}T")
_FOR_A_TERMINAL = re.compile(r"tieout |UTC|\bZ\b|\btry \d{3}|`")


def text_of(page: str) -> str:
    """What a person reads of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def test_a_row_tells_its_cells_what_became_of_it_and_how(studio: Studio) -> None:
    ana = studio.browser("Ana")
    rows = [earned("200000029", 20), redeemed("200000029", 50), "200000029,x,Earned,Sale,,2026-09-20T17:00:00Z"]
    sheet = send(ana, *rows)
    post(ana, sheet)
    studio.post()
    (link, _) = re.findall(r'href="(/rows/\w+)">row', ana.get(f"{sheet}/posting?tab=all"))
    for page in (ana.get(link), ana.get(f"{sheet}/rows/2")):
        told = text_of(page)
        assert "Client 200000029, earned 20 points for Sale, Sun 20 Sep 2026, 10:00 am." in told
        assert "Ana gave the OK." in told
        assert "Sent to Mindbody." in told
        assert "Mindbody answered: the client has 20 points after it." in told
        assert "client number" in told
        assert "ActionDateTime when 2026-09-20T17:00:00Z" in told
        assert not _ID.search(told)
        assert not _FOR_A_TERMINAL.search(told.partition("As it stands in the sheet")[0])
    assert "Turned down: " in text_of(ana.get(f"{sheet}/rows/3"))
    assert "Points, “x”" in text_of(ana.get(f"{sheet}/rows/4"))
    assert (
        ana.status(f"{sheet}/rows/5")
        == ana.status(f"{sheet}/rows/2?on=Sheet2")
        == ana.status("/rows/x")
        == ana.status("/rows/%00")
        == 404
    )
    assert f'href="{link}"' in ana.get("/clients?client=200000029")
    again = send(ana, earned("200000029", 20), earned("200000029", 21), name="april.csv")
    ana.post(f"{again}/read")
    ana.post(f"{again}/post", code=code_of(ana.get(f"{again}/check")))
    studio.post()
    assert "The same as row 2 of march.csv, so it is not posted again." in text_of(ana.get(f"{again}/rows/2"))


def send_reward(browser: Browser, reward_id: str, site: str) -> str:
    headings = "RewardId,PayoutId,Amount"
    return send(browser, f"{reward_id},payout-1,25", headings=headings, name=f"{site}.csv", site=site)


def test_rows_and_rewards_of_another_studio_are_not_there(studio: Studio) -> None:
    studio.configure(further_sites({"7": "x"}))
    ana, bo = studio.browser("Ana", ("-99", Role.UPLOADER)), studio.browser("Bo", ("7", Role.UPLOADER))
    eve = studio.browser("Eve", ("", Role.VIEWER))
    sheet = send_reward(ana, "11111111-1111-4111-8111-111111111111", "-99")
    to_check(ana, sheet)
    ana.post(f"{sheet}/post", code=code_of(ana.get(f"{sheet}/check")))
    points = send(ana, earned("200000030", 4), name="points.csv")
    post(ana, points)
    studio.post()
    events = [row["event_id"] for row in studio.workplace.rows("SELECT event_id FROM events")]
    assert len(events) == 2
    for event_id in events:
        assert (ana.status(f"/rows/{event_id}"), eve.status(f"/rows/{event_id}"), bo.status(f"/rows/{event_id}")) == (
            200,
            200,
            404,
        )
    for path in (f"{sheet}/rows/2", f"{points}/rows/2"):
        assert (ana.status(path), bo.status(path)) == (200, 404)
    reward = "/rewards?reward=11111111-1111-4111-8111-111111111111"
    assert "amount 25" in ana.get(reward)
    assert "amount 25" in eve.get(reward)
    assert "amount" not in text_of(bo.get(reward)).replace("Reward", "")
    assert "200000030" not in text_of(bo.get("/clients?client=200000030")).partition("Nothing is known")[2]


def test_a_row_of_a_long_text_is_found_in_its_part(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As it is with parts of 50,000 rows, and a text of a million.
    monkeypatch.setattr(row_cells, "_PART_ROWS", 100)
    path = tmp_path / "long.csv"
    path.write_text("\n".join([HEADINGS, *(earned(f"{number}") for number in range(2, 1000))]), encoding="utf-8")
    for row in (2, 250, 999):
        (heading, word, text), *_ = row_cells.cells_of_row(desk, path, 1_000_000, None, row)
        assert (heading, word, text) == ("ClientId", "client number", str(row))
    assert row_cells.cells_of_row(desk, path, 1_000_000, None, 1_001) == []
