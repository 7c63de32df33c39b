"""Dates and amounts whose way of writing the column tells, or a person is asked for once."""

from collections.abc import Iterator
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned

UPDATES = "RewardId,PayoutId,Amount"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "20")) as found:
        yield found


def sent_at(workplace: Workplace) -> list[str]:
    events = workplace.rows("SELECT action_at FROM events WHERE state = 'posted' ORDER BY action_at")
    return [str(event["action_at"])[:16] for event in events]


def test_dates_of_a_column_that_tells_its_order_are_posted_and_it_is_said(workplace: Workplace, tieout: Tieout) -> None:
    times = ("05/10/2026 6:30 pm", "25/10/2026 6:30 pm")
    path = workplace.put("desk.csv", *(earned("200000001", time=time) for time in times))
    told = tieout("upload", path, "--plain", answer="y\n")
    assert told.code == 0
    assert "the day comes first, as 25/10/2026 6:30 pm in row 3 tells" in told.err
    assert sent_at(workplace) == ["2026-10-05 18:30", "2026-10-25 18:30"]


def test_dates_that_can_be_both_wait_for_an_answer_which_is_kept(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put("desk.csv", earned("200000002", time="05/10/2026"))
    told = tieout.night()
    (not_read,) = told.json["not_read"]
    assert (told.code, path.exists()) == (1, True)
    assert '"D/M": 05/10/2026 is 5 October 2026; "M/D": 05/10/2026 is 10 May 2026' in not_read["why"]
    checked = tieout("check", path, "--json")
    assert (checked.code, checked.json["rejected"]) == (1, 1)
    assert "can be both" in checked.json["notes"][-1]["message"]
    assert tieout("layout", path, answer="D/M\n").code == 0
    workplace.put("next.csv", earned("200000002", time="06/10/2026"))
    assert tieout.night().json["posted"] == 2
    assert sent_at(workplace) == ["2026-10-05 00:00", "2026-10-06 00:00"]


@pytest.mark.long
def test_real_dates_that_a_spreadsheet_has_exchanged_are_not_posted(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.inbox / "desk.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        format_ = book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, ["ClientId", "Points", "Action", "ActionDateTime"])
        page.write_row(1, 0, ["200000003", 5, "Earned"])
        page.write_number(1, 3, 46152, format_)  # 10 May 2026, which was typed as 05/10/2026
        page.write_row(2, 0, ["200000003", 6, "Earned", "25/10/2026"])
    told = tieout.night().json
    assert (told["posted"], told["rejected"]) == (1, 1)
    assert sent_at(workplace) == ["2026-10-25 00:00"]
    checked = tieout("check", next(workplace.settings.archive_folder.glob("**/*.xlsx")), "--json").json
    assert "it shows 10 May 2026, and may mean 5 October 2026" in checked["errors"][0]["suggestion"]
    assert any("exchanged day and month" in note["message"] for note in checked["notes"])


@pytest.mark.long
def test_numbers_that_can_only_be_times_are_posted_and_it_is_said(workplace: Workplace, tieout: Tieout) -> None:
    serials = workplace.put("serials.csv", earned("200000004", time="46094.5"), earned("200000004", time="46094.75"))
    assert "days, as a spreadsheet counts them" in tieout("check", serials).out
    workplace.put("epochs.csv", earned("200000004", time="1773406352"))
    assert tieout.night().json["posted"] == 3
    assert sent_at(workplace) == ["2026-03-13 12:00", "2026-03-13 12:52", "2026-03-13 18:00"]


@pytest.mark.long
def test_a_dot_that_can_be_both_waits_for_an_answer(workplace: Workplace, tieout: Tieout) -> None:
    reward = str(workplace.ready["referral_rock"]["reward_ids"][0])
    path = workplace.put("rewards.csv", f"{reward},p-1,1.250", headings=UPDATES)
    (not_read,) = tieout.night().json["not_read"]
    assert "1.250 in row 2 can be 1.25 or 1250" in not_read["why"]
    checked = tieout("check", path, "--json")
    assert (checked.code, checked.json["accepted"]) == (1, 1)  # by the document it is a number with decimals
    assert tieout("layout", path, answer=",\n").code == 0
    checked = tieout("check", path, "--json")
    (error,) = checked.json["errors"]
    assert (error["code"], error["suggestion"]) == ("amount_unreadable", "1250")


def test_a_comma_is_read_once_a_person_has_said_what_it_is(workplace: Workplace, tieout: Tieout) -> None:
    with workplace.config.open("a") as settings:
        settings.write('\n[columns."rewards"]\ndecimals = ","\n')
    path = workplace.put("rewards.csv", 'r,p,"12,50"', headings=UPDATES)
    checked = tieout("check", path, "--json")
    assert (checked.code, checked.json["accepted"]) == (0, 1)
    text = workplace.config.read_text().replace('decimals = ","', 'decimals = ";"')
    workplace.configure(text)
    assert tieout("check", path).code == 2


DAYS_AND_TIMES = "ClientId,Points,Action,Date,Start time"


@pytest.mark.long
def test_times_of_day_beside_days_alone_are_asked_about_and_read_as_one(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put("desk.csv", "200000005,5,Earned,25/10/2026,6:30 pm", headings=DAYS_AND_TIMES)
    assert tieout("layout", path, answer="Date\nStart time\n").code == 0
    book_path = workplace.inbox / "desk.xlsx"
    with xlsxwriter.Workbook(book_path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, DAYS_AND_TIMES.split(","))
        page.write_row(1, 0, ["200000005", 6, "Earned"])
        page.write_number(1, 3, 46321, book.add_format({"num_format": "dd/mm/yyyy"}))  # 26 October 2026
        page.write_number(1, 4, 0.75, book.add_format({"num_format": "h:mm AM/PM"}))
    assert tieout.night().json["posted"] == 2
    assert sent_at(workplace) == ["2026-10-25 18:30", "2026-10-26 18:00"]


@pytest.mark.long
def test_times_of_day_that_are_read_later_make_no_old_row_new(workplace: Workplace, tieout: Tieout) -> None:
    row, other = "200000006,5,Earned,2026-10-20,6:30 pm", "200000006,5,Earned,2026-10-21,6:30 pm"
    first = workplace.put("a.csv", row, headings=DAYS_AND_TIMES)
    assert tieout("layout", first, answer="Date\n-\n").code == 0
    assert tieout.night().json["posted"] == 1
    answers = workplace.folder / "layouts.toml"
    answers.write_text(answers.read_text().replace('"time_of_day" = "-"', '"time_of_day" = "Start time"'))
    workplace.put("b.csv", row, other, headings=DAYS_AND_TIMES)
    told = tieout.night().json
    assert (told["held"], told["posted"]) == (1, 1)
    assert sent_at(workplace) == ["2026-10-20 00:00", "2026-10-21 18:30"]


def test_days_without_a_column_of_times_are_no_question(workplace: Workplace, tieout: Tieout) -> None:
    headings = "ClientId,Points,Action,ActionDateTime,Length"
    path = workplace.put("a.csv", "200000007,5,Earned,2026-10-20T17:00:00,1:30", headings=headings)
    assert tieout("check", path).code == 0
    other = workplace.put("b.csv", "200000007,5,Earned,2026-10-20,90 min", headings=headings)
    assert tieout("check", other).code == 0
