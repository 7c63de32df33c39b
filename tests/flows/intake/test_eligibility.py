"""The day of EligibilityDate is the one that the file shows, in every kind of file; a lost time is said."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from flows.intake.check import check_file
from flows.settings.sections import Settings

SHOWN = "2024-11-08T23:30:00-05:00"
HEADINGS = ["RewardId", "PayoutId", "EligibilityDate"]


def csv(path: Path, text: str) -> None:
    path.write_text(f"{','.join(HEADINGS)}\nr-1,p-1,{text}\n", encoding="utf-8")


def as_json(path: Path, text: str) -> None:
    path.write_text(json.dumps([dict(zip(HEADINGS, ["r-1", "p-1", text], strict=True))]), encoding="utf-8")


def xml(path: Path, text: str) -> None:
    item = f"<rewardId>r-1</rewardId><payoutId>p-1</payoutId><eligibilityDate>{text}</eligibilityDate>"
    path.write_text(f"<ArrayOfupdateReward><updateReward>{item}</updateReward></ArrayOfupdateReward>", "utf-8")


def xlsx(path: Path, text: str) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_row(1, 0, ["r-1", "p-1"])
        as_date = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, 2, datetime.fromisoformat(text).replace(tzinfo=None), as_date)


@pytest.mark.parametrize("write", [csv, as_json, xml, xlsx])
def test_check_file_keeps_the_day_that_is_shown_and_says_what_is_left_out(
    write: Callable[[Path, str], None], tmp_path: Path
) -> None:
    path = tmp_path / "updates"
    write(path, SHOWN)
    file = check_file(Settings(workspace=tmp_path), path, None)
    assert list(file.checked.events["eligibility_on"]) == ["2024-11-08"]
    assert any("a time of day is left out (1)" in note.message for note in file.notes)


def test_check_file_says_nothing_of_a_plain_day(tmp_path: Path) -> None:
    path = tmp_path / "updates.csv"
    csv(path, "2024-11-08")
    assert not any("time of day" in note.message for note in check_file(Settings(workspace=tmp_path), path, None).notes)
