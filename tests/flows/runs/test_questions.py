"""What a sheet leaves open: unattended the file waits, a person is asked once, and the answer is kept."""

import shutil
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from tests.flows.command import Tieout
from tests.flows.workplace import Workplace

HEADINGS = "Client ID,Points,Action,Date"
HIDDEN = Path(__file__).parents[1] / "intake" / "odd_files" / "04_notes_lost_hidden_sheet.xlsx"


def client(workplace: Workplace, number: int) -> str:
    return str(workplace.ready["mindbody"]["client_ids"][number])


@pytest.mark.long
def test_a_night_leaves_a_file_with_an_open_question_until_it_is_answered(workplace: Workplace, tieout: Tieout) -> None:
    row = f"{client(workplace, -1)},10,Earned,2026-09-20T17:00:00Z"
    path = workplace.put("dates.csv", row, headings=HEADINGS)
    night = tieout("run", "--plain", "--json")
    assert (night.code, night.json["rows_read"], night.json["posted"]) == (1, 0, 0)
    (open_question,) = night.json["not_read"]
    assert open_question["what"] == "dates.csv"
    assert 'is it "Date"' in open_question["why"]
    assert path.exists()
    answered = tieout("layout", path, answer="1\n")
    assert answered.code == 0
    night = tieout("run", "--plain", "--json")
    assert (night.code, night.json["posted"], night.json["not_read"]) == (0, 1, [])
    (posted,) = workplace.rows("SELECT action_at, is_dated FROM events")
    assert posted["is_dated"]
    assert str(posted["action_at"]).startswith("2026-09-20 17:00")


def test_an_answer_holds_for_the_next_file_with_these_headings_alone(workplace: Workplace, tieout: Tieout) -> None:
    first = workplace.put("first.csv", f"{client(workplace, -2)},10,Earned,2026-09-20T17:00:00Z", headings=HEADINGS)
    assert tieout("layout", first, answer="1\n").code == 0
    second = workplace.put("second.csv", f"{client(workplace, -2)},11,Earned,2026-09-20T18:00:00Z", headings=HEADINGS)
    other = workplace.put("other.csv", f"{client(workplace, -2)},x,2026-09-20", headings="ClientId,Action,When")
    assert tieout("layout", second, "--json").json["questions"] == []
    other.write_text("ClientId,Points,Action,When\n1,2,Earned,2026-09-20\n")
    assert len(tieout("layout", other, "--json").json["questions"]) == 1


@pytest.mark.long
def test_a_column_that_is_something_else_is_asked_about_once(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put(
        "birthdays.csv", f"{client(workplace, -3)},10,Earned,1990-09-20", headings="ClientId,Points,Action,Birth date"
    )
    uploaded = tieout("upload", path, "--plain", answer="-\ny\n")
    assert uploaded.code == 0
    assert "is it" in uploaded.err
    assert len(workplace.commits(client(workplace, -3))) == 1
    assert tieout("layout", path, "--json").json["questions"] == []


@pytest.mark.first_case
@pytest.mark.parametrize(("answer", "rows"), [("read", 2), ("skip", 1)])
def test_a_hidden_sheet_with_rows_waits_for_an_answer(
    answer: str, rows: int, workplace: Workplace, tieout: Tieout
) -> None:
    path = workplace.inbox / "hidden.xlsx"
    shutil.copy(HIDDEN, path)
    unattended = tieout("upload", path, "--yes", "--plain", "--json")
    assert (unattended.code, unattended.json["rows_read"]) == (1, 0)
    assert "hidden" in unattended.json["not_read"][0]["why"]
    assert tieout("layout", path, answer=f"{answer}\n").code == 0
    checked = tieout("check", path, "--json")
    assert (checked.code, checked.json["rows_read"]) == (0, rows)


def test_nobody_to_answer_ends_with_nothing_kept(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put("dates.csv", f"{client(workplace, -4)},10,Earned,2026-09-20T17:00:00Z", headings=HEADINGS)
    assert tieout("upload", path, "--plain").code == 1
    assert tieout("plan", path).code == 1
    assert workplace.commits(client(workplace, -4)) == []


def test_one_answer_is_good_for_all_sheets_with_its_headings(workplace: Workplace, tieout: Tieout) -> None:
    rows = [["ClientId", "Points", "Action", "Date"], [client(workplace, -5), 10, "Earned", "2026-09-20T17:00:00Z"]]
    path = workplace.inbox / "months.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for month in ("Jan", "Feb"):
            page = book.add_worksheet(month)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    answered = tieout("layout", path, answer="Date\n")
    assert answered.code == 0, answered.err
    assert answered.err.count("Kept in") == 1


def test_an_answer_that_the_settings_contradict_is_asked_for_once_and_said(
    workplace: Workplace, tieout: Tieout
) -> None:
    with workplace.config.open("a", encoding="utf-8") as settings:
        settings.write('\n[columns."Client ID, Points, Action, Date"]\n"No such heading" = "SourceId"\n')
    path = workplace.put("own.csv", f"{client(workplace, -6)},10,Earned,2026-09-20T17:00:00Z", headings=HEADINGS)
    answered = tieout("layout", path, answer="1\n1\n1\n")
    assert (answered.code, answered.err.count("Your answer")) == (2, 1)
    assert "tieout.toml says otherwise" in answered.err
