"""A blank workbook, filled in by hand, is read without a question, a note or a skipped row."""

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from tests.flows.command import Tieout
from tests.flows.workplace import Workplace

SITES = """\
[mindbody]
api_key = "k"
"""
SITE = """\
[[mindbody.sites]]
site_id = "{site_id}"
timezone = "{timezone}"
username = "u"
password = "p"
"""


def configure(workplace: Workplace, **zones: str) -> None:
    """Write settings of sites; a site's id is the name of its argument."""
    sites = [SITE.format(site_id=site_id, timezone=zone) for site_id, zone in zones.items()]
    workplace.config.write_text(SITES + "".join(sites), encoding="utf-8")


def fill(path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            book.active.cell(number, column).value = value
    filled = path.with_name("filled.xlsx")
    book.save(filled)
    return filled


def test_a_filled_in_sheet_is_read_without_a_word_and_posted_by_the_studio_s_clock(
    workplace: Workplace, tieout: Tieout
) -> None:
    client = workplace.ready["mindbody"]["client_ids"][-1]
    path = workplace.folder / "blank.xlsx"
    written = tieout("template", "--out", path, "--json")
    assert (written.code, written.json["timezone"]) == (0, "America/Los_Angeles")
    filled = fill(
        path,
        [client, 25, "Earned", "Sale", None, datetime(2026, 9, 20, 17, 0)],  # noqa: DTZ001 - a cell has no zone
        [client, 5, "Redeemed", None, None, datetime(2026, 9, 21, 9, 30)],  # noqa: DTZ001
    )
    checked = tieout("check", filled, "--json")
    assert checked.code == 0
    assert [checked.json[key] for key in ("accepted", "notes", "rows_skipped", "errors")] == [2, [], [], []]
    posted = tieout("upload", filled, "--yes", "--json")
    assert (posted.code, posted.json["posted"], posted.json["not_read"]) == (0, 2, [])
    times = [str(row["action_at"])[:16] for row in workplace.rows("SELECT action_at FROM events ORDER BY action_at")]
    assert times == ["2026-09-21 00:00", "2026-09-21 16:30"]


def test_the_blank_sheet_has_lists_real_dates_and_its_zone_in_a_note(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.folder / "blank.xlsx"
    assert tieout("template", "--out", path).code == 0
    page = openpyxl.load_workbook(path).active
    lists = [check.formula1 for check in page.data_validations.dataValidation if check.type == "list"]
    assert lists == ['"Earned,Redeemed"', '"Appointment Booking,Class Booking,Referral,Sale"']
    assert "America/Los_Angeles" in page["F1"].comment.text
    assert all("or example" in page.cell(1, column).comment.text for column in (1, 2, 5, 6))
    assert page.column_dimensions["F"].width > 24
    assert [page.max_row, [check.type for check in page.data_validations.dataValidation][5]] == [1, "date"]
    assert tieout("template", "--out", path).code == 2


def test_sites_of_several_zones_want_to_be_named_and_rows_name_theirs(workplace: Workplace, tieout: Tieout) -> None:
    configure(workplace, one="America/New_York", two="Europe/Berlin")
    path = workplace.folder / "blank.xlsx"
    unnamed = tieout("template", "--out", path)
    assert (unnamed.code, "two (Europe/Berlin)" in unnamed.err, path.exists()) == (2, True, False)
    assert tieout("template", "--out", path, "--site", "two").code == 0
    at = datetime(2026, 9, 20, 17, 0)  # noqa: DTZ001 - a cell has no zone
    filled = fill(path, ["000123", 25, "Earned", "Sale", None, at, "two"])
    checked = tieout("check", filled, "--json")
    assert (checked.code, checked.json["accepted"], checked.json["notes"]) == (0, 1, [])


def test_without_a_site_the_times_are_utc_as_in_the_document(workplace: Workplace, tieout: Tieout) -> None:
    workplace.config.write_text("", encoding="utf-8")
    path = workplace.folder / "blank.xlsx"
    assert tieout("template", "--out", path, "--json").json["timezone"] == "UTC"
    assert openpyxl.load_workbook(path).active["F1"].value == "ActionDateTime (UTC)"


def test_a_heading_that_names_utc_in_other_words_is_read_and_said(workplace: Workplace, tieout: Tieout) -> None:
    row = "000123,25,Earned,2026-09-20T17:00:00"
    path = workplace.put("utc.csv", row, headings="Client ID,Points,Action,Action Date Time (UTC)")
    checked = tieout("check", path, "--json")
    assert (checked.code, checked.json["accepted"]) == (0, 1)
    (note,) = checked.json["notes"]
    assert (note["column"], "is read as ActionDateTime" in note["message"]) == ("Action Date Time (UTC)", True)
