"""What a sheet is called says nothing about it: neither what its rows are, nor why it stopped."""

from tests.flows.desk.conftest import Studio
from tests.flows.desk.test_manager import post, send
from tests.flows.desk.test_rows import text_of
from tests.flows.workplace import earned
from transforms.vocabulary import Role


def test_the_rows_of_a_sheet_that_is_called_a_reversal_are_rows_of_a_sheet(studio: Studio) -> None:
    studio.configure("\n[guards]\nmax_points_per_event = 5\n")
    studio.workplace.put("reversal of July.csv", earned("200000021", 3), earned("200000021", 7))
    ended = studio.workplace.run()
    assert (ended.totals["posted"], ended.totals["held"]) == (1, 1)
    ana = studio.browser("Ana", ("", Role.REVIEWER))
    waiting = text_of(ana.get(f"/nights/{ended.run_id}/rows?line=waiting&kind=earned"))
    assert "reversal of July.csv" in waiting, waiting
    in_sheets = text_of(ana.get(f"/nights/{ended.run_id}/rows?line=in_sheets&kind=earned"))
    assert in_sheets.count("reversal of July.csv") == 2, in_sheets
    statement = text_of(ana.get("/clients?client=200000021"))
    assert "reversal of July.csv, row 2" in statement
    assert "taken back" not in statement


def test_why_a_sheet_stopped_is_no_note_about_the_sheet(studio: Studio) -> None:
    text = studio.workplace.config.read_text("utf-8")
    studio.workplace.configure(text.replace("calls_per_day = 1000", "calls_per_day = 4"))
    studio.configure("")
    ana = studio.browser("Ana")
    rows = [f"{earned(client)},x" for client in ("200000022", "200000023", "200000024", "200000025", "200000026")]
    headings = "ClientId,Points,Action,Source,SourceId,ActionDateTime,Colour"
    sheet = send(ana, *rows, headings=headings, name="May.csv")
    post(ana, sheet)
    studio.post()
    page = text_of(ana.get(f"{sheet}/posting"))
    assert "It stopped" in page, page
    assert "calls" in page.partition("It stopped")[2][:200], page


ODD = "=a\x1b[2J\u202e<b>.csv"


def test_no_name_or_reason_turns_round_what_stands_beside_it_on_a_page(studio: Studio) -> None:
    studio.configure("\n[guards]\nmax_points_per_event = 5\n")
    studio.workplace.put(ODD, earned("200000027", 3), earned("200000027", 7), "200000028,x,Earned,Sale,,")
    (studio.workplace.inbox / f"broken {ODD}").write_bytes(b"\x00\x01" * 300)
    run_id = studio.workplace.run().run_id
    ana = studio.browser("Ana", ("", Role.ADMINISTRATOR))
    (event,) = studio.workplace.rows("SELECT event_id FROM events WHERE state = 'held'")
    lines = [f"/nights/{run_id}/rows?line={line}&kind=earned" for line in ("in_sheets", "needs_fixing", "waiting")]
    pages = {path: ana.get(path) for path in (f"/nights/{run_id}", *lines, f"/rows/{event['event_id']}")}
    assert all(r"=a\x1b[2J\u202e&lt;b&gt;.csv" in page for page in pages.values()), pages
    assert not any(sign in page for page in pages.values() for sign in "\x1b\u202e")


def test_what_stands_in_a_form_is_as_it_was_to_the_letter(studio: Studio) -> None:
    ana = studio.browser("Ana")
    asked = "200000030\u202a"
    assert f'value="{asked}"' in ana.client.get("/clients", params={"client": asked}).text
