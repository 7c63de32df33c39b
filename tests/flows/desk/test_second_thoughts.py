"""A second click, another window, and what is planned to be taken back: whoever may decide finds it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.desk import poster
from flows.desk.pages import posting
from flows.desk.visit import Desk
from flows.desk.words import for_a_studio
from flows.ledger.connection import open_ledger
from flows.runs.turn import only_one
from flows.sandbox import start_sandbox
from sql.desk_sheets import note_begun
from tests.flows.desk.conftest import AtDesk, Studio
from tests.flows.desk.test_manager import code_of, post, send, to_check
from tests.flows.workplace import HEADINGS, Workplace, earned, further_sites, open_workplace
from transforms.vocabulary import Role


def test_a_second_click_leads_to_the_posting_and_changes_nothing(studio: Studio) -> None:
    ana, bo = studio.browser("Ana"), studio.browser("Bo")
    sheet = send(ana, earned("200000021", 4))
    code = code_of(to_check(ana, sheet))
    assert ana.post(f"{sheet}/post", code=code) == ana.post(f"{sheet}/post", code=code) == f"{sheet}/posting"
    assert "Somebody else was faster" in bo.post(f"{sheet}/post", 409, code=code)
    rows = studio.workplace.rows("SELECT stage, wanted_by FROM desk_sheets")
    assert rows == [{"stage": "posting", "wanted_by": "Ana"}]


@pytest.mark.long
def test_a_sheet_that_was_sent_before_is_not_ready_once_more(studio: Studio) -> None:
    ana = studio.browser("Ana")
    row = earned("200000028", 4)
    post(ana, send(ana, row))
    studio.post()
    page = to_check(ana, send(ana, row))
    assert 'Ready <span class="scope">0<' in page
    assert 'Already posted <span class="scope">1<' in page


@pytest.mark.long
def test_what_is_planned_to_be_taken_back_waits_where_it_is_looked_for(studio: Studio) -> None:
    studio.configure("\n[desk]\nsecond_person = true\n")
    ana, bo = studio.browser("Ana"), studio.browser("Bo", ("-99", Role.APPROVER))
    sheet = send(ana, earned("200000022", 4))
    post(ana, sheet)
    studio.post()
    seen = bo.get(f"{sheet}/ok").partition('name="seen" value="')[2].partition('"')[0]
    bo.post(f"{sheet}/ok", decision="ok", seen=seen)
    studio.post()
    assert "take back" not in bo.get("/waiting")
    ana.post(f"{sheet}/undo", reason="wrong client")
    assert "Ana wants to take back what was posted." in bo.get("/waiting")
    page = ana.get(f"{sheet}/posting")
    assert f'waits for a decision: <a href="{sheet}/undo">' in page
    assert "posted; to take it back waits for a decision" in page
    bo.post(f"{sheet}/undo/decide", decision="leave")
    assert "take back" not in bo.get("/waiting")
    assert "waits for a decision" not in ana.get(f"{sheet}/posting")


def test_a_cell_that_is_too_much_is_emptied_by_a_button_and_no_other(studio: Studio) -> None:
    ana = studio.browser("Ana")
    rows = ["200000023,5,Redeemed,Sale,,2026-09-20T17:00:00Z", "200000023,x,Earned,Sale,,2026-09-20T17:00:00Z"]
    sheet = send(ana, *rows)
    page = to_check(ana, sheet)
    assert "Nothing can be posted yet: 2 rows need fixing first." in page
    (key,) = re.findall(r'name="key" value="([0-9a-f]+)"><input type="hidden" name="empty"', page)
    (other,) = set(re.findall(r'name="key" value="([0-9a-f]+)"', page)) - {key}
    ana.post(f"{sheet}/mend", 409, key=other, empty="yes")
    ana.post(f"{sheet}/mend", key=key, empty="yes")
    page = ana.get(f"{sheet}/check")
    assert "Posts 1 redeemed (5 points)." in page
    assert "“Sale” became empty (Ana)" in page


def test_check_says_what_has_no_date_and_what_has_no_rows(studio: Studio) -> None:
    ana = studio.browser("Ana")
    assert "no rows below them" in to_check(ana, send(ana))
    assert "no date: as it is posted" in to_check(ana, send(ana, "100000011,3,Earned,,,", headings=HEADINGS))


def test_words_for_a_terminal_are_left_out() -> None:
    told = for_a_studio("When: 2 times, read as UTC, as it is set for site -99: 2026-09-01T17:00:00 in row 5 is noon.")
    assert told == "When: 2 times, read as world time: 2026-09-01T17:00:00 in row 5 is noon."


def test_whoever_sends_sheets_elsewhere_is_offered_nothing_here(studio: Studio) -> None:
    studio.configure(further_sites({"7": "x"}))
    ana, cy = studio.browser("Ana"), studio.browser("Cy", ("-99", Role.VIEWER), ("7", Role.UPLOADER))
    sheet = send(ana, earned("200000026", 4))
    assert "go on</button>" in ana.get(f"{sheet}/read")
    assert "go on</button>" not in cy.get(f"{sheet}/read")
    assert "Post it" in to_check(ana, sheet)
    page = cy.get(f"{sheet}/check")
    assert "Post it" not in page
    assert "Drop this sheet" not in page


def test_a_form_that_comes_after_signing_out_leads_to_no_missing_page(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, earned("200000027", 4))
    ana.post("/sign-out")
    assert ana.post(f"{sheet}/drop") == "/sign-in"
    assert ana.client.get(f"{sheet}/read").headers["location"] == f"/sign-in?then={sheet}/read"


@pytest.mark.long
def test_what_follows_a_lost_answer_has_not_stopped(tmp_path: Path) -> None:
    client = "200000020"
    faults = f"drop_after={client}*1,read_503={client}"
    with start_sandbox(state=tmp_path / "sandbox.db", faults=faults, options=("--extra-clients", "30")) as ready:
        place = open_workplace(tmp_path, ready)
        with open_ledger(place.settings) as ledger:
            studio = Studio(place, Desk(place.settings, ledger, 8300))
            ana = studio.browser("Ana")
            sheet = send(ana, earned(client, 20), earned(client, 30, "2026-09-22T17:00:00Z"))
            post(ana, sheet)
            studio.post()
            page = ana.get(f"{sheet}/posting")
    assert "0 posted, 1 not sure yet." in page
    assert "1 more of the same client follows after that." in page
    assert "stopped" not in page


def test_of_a_studio_that_left_the_settings_nothing_is_posted_and_all_can_be_dropped(studio: Studio) -> None:
    ana = studio.browser("Ana")
    sheet = send(ana, earned("200000027", 5))
    code = code_of(to_check(ana, sheet))
    text = studio.workplace.config.read_text("utf-8")
    studio.workplace.configure(text.replace('site_id = "-99"', 'site_id = "-98"'))
    studio.configure("")
    bo = studio.browser("Bo")
    assert "nothing of it can be posted" in bo.post(f"{sheet}/post", 409, code=code)
    assert bo.post(f"{sheet}/drop") == "/"


def test_what_nobody_begins_to_post_says_so_and_what_follows_another_says_that(
    at_desk: AtDesk, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = at_desk("Ana")
    first, second = (send(ana, earned("200000029", points), name=f"{points}.csv") for points in (1, 2))
    for sheet in (first, second):
        post(ana, sheet)
    assert "Nothing has begun" not in ana.get(f"{first}/posting")
    monkeypatch.setattr(posting, "utc_now", lambda: datetime.now(UTC) + timedelta(minutes=1))
    assert "Nothing has begun to post it yet" in ana.get(f"{first}/posting")
    with desk.ledger.begin() as connection:
        note_begun(connection, first.rpartition("/")[2])
    assert "Nothing has begun" not in ana.get(f"{first}/posting")
    assert "Another sheet is being posted: this one follows." in ana.get(f"{second}/posting")


def test_a_poster_that_cannot_begin_says_why_and_one_that_is_not_needed_says_nothing(
    workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = workplace.settings
    with only_one(poster.lock_of(settings), "a test"), pytest.raises(SystemExit):
        poster.main(str(workplace.config))
    assert capsys.readouterr().err == ""
    # As where a newer version was installed beside a desk that goes on.
    with open_ledger(settings) as ledger, ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(SystemExit):
        poster.main(str(workplace.config))
    assert "this version needs" in capsys.readouterr().err
