"""Small files that other programs read wrongly, through `tieout check --json`, without settings."""

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.intake.check import check_file
from flows.settings.of_services import ReferralRockSettings
from flows.settings.sections import Settings

FILES = Path(__file__).with_name("odd_files")


def told(name: str, tmp_path: Path, settings: str = "") -> dict[str, Any]:
    """Return what `tieout check --json` says of a file, and its exit code as `exit`."""
    config = tmp_path / "tieout.toml"
    config.write_text(settings)
    ended = CliRunner().invoke(app, ["check", str(FILES / name), "--json", "--site", "-99", "--config", str(config)])
    found: dict[str, Any] = json.loads(ended.stdout)
    return found | {"exit": ended.exit_code}


@pytest.mark.parametrize("name", ["07_apostrophe.csv", "07_eq_text.csv", "07_float_id.csv"])
def test_ids_are_read_without_what_a_program_put_around_them_and_it_is_said(name: str, tmp_path: Path) -> None:
    found = told(name, tmp_path)
    assert (found["rejected"], found["exit"]) == (0, 0)
    assert any(note["column"] == "ClientId" and "read without" in note["message"] for note in found["notes"])


@pytest.mark.parametrize(
    ("name", "rejected"), [("07_null_words.csv", 3), ("07_sci_id.csv", 2), ("07_id_cell_is_date_bool_time.xlsx", 4)]
)
def test_ids_that_a_program_has_spoiled_are_rejected_with_what_to_do(name: str, rejected: int, tmp_path: Path) -> None:
    found = told(name, tmp_path)
    of_ids = [error for error in found["errors"] if error["code"] == "client_id_unreadable"]
    assert (found["rejected"], len(of_ids)) == (rejected, rejected)
    assert all("id" in error["suggestion"] for error in of_ids)


def test_no_suggestion_turns_the_meaning_round(tmp_path: Path) -> None:
    suggested = {
        error["value"]: error["suggestion"] for error in told("09_suggestion_opposite.csv", tmp_path)["errors"]
    }
    assert suggested.pop("Redemption") == "Redeemed"
    for entry in ("Returned", "Removed", "LateCanceled"):
        assert "Mindbody makes itself" in suggested.pop(entry)
    assert set(suggested.values()) == {None}


def test_no_suggestion_changes_the_points(tmp_path: Path) -> None:
    found = told("09_suggestion_thousands.csv", tmp_path)
    suggested = {error["value"]: error["suggestion"] for error in found["errors"]}
    sure = {"1,200": "1200", "1 200": "1200", "10,0": "10", "+5": "5", "5 pts": "5", "5*": "5"}
    assert {value: suggested[value] for value in sure} == sure
    assert "1000 or 1" in suggested["1.000"]
    assert "brackets or minus" in suggested["(5)"] == suggested["-5"]
    assert found["accepted"] == 3  # 1.0, 12.00, and the full-width five


def test_headings_in_the_middle_hold_for_the_rows_below_them(tmp_path: Path) -> None:
    found = told("01_second_heading_other_order.csv", tmp_path)
    assert (found["accepted"], found["exit"]) == (2, 0)
    assert any("row 3 holds headings again" in note["message"] for note in found["notes"])
    assert points_of("01_second_heading_other_order.csv") == [10, 15]


def test_exports_pasted_below_each_other_are_all_read(tmp_path: Path) -> None:
    found = told("11_pasted_exports.csv", tmp_path)
    assert (found["accepted"], found["rejected"], found["rows_skipped"]) == (3, 0, [])
    assert points_of("11_pasted_exports.csv") == [11, 12, 13]


def test_rows_that_a_quotation_mark_swallows_are_refused(tmp_path: Path) -> None:
    found = told("02_stray_quotes_swallow_rows.csv", tmp_path)
    assert (found["exit"], found["accepted"]) == (3, 0)
    assert "quotation mark" in found["errors"][0]["message"]


def test_a_legend_below_the_rows_swallows_none(tmp_path: Path) -> None:
    assert told("12_legend_below.xlsx", tmp_path)["accepted"] == 2


def test_a_list_of_choices_is_skipped_and_named(tmp_path: Path) -> None:
    found = told("08_lists_sheet_hidden.xlsx", tmp_path)
    assert (found["accepted"], found["exit"]) == (1, 0)
    assert found["rows_skipped"][0]["sheet"] == "Lists"


def test_a_second_month_without_headings_is_refused_with_its_rows(tmp_path: Path) -> None:
    found = told("13_second_month_without_headings.xlsx", tmp_path)
    assert (found["exit"], found["accepted"]) == (3, 0)
    assert '"Feb", 2 rows' in found["errors"][0]["message"]


def test_ids_are_read_as_their_cells_show_them(tmp_path: Path) -> None:
    file = check_file(Settings(), FILES / "06_id_shown_by_number_format.xlsx", "-99")
    shown = ["000000123"] * 4 + ["00123", "AB000123", "0-00-123"]
    assert file.checked.events["client_id"].tolist() == shown
    assert any("AB000123" in note.message for note in file.notes)


def test_a_dot_for_thousands_beside_a_decimal_comma_is_an_error_and_no_suggestion_changes_the_value(
    tmp_path: Path,
) -> None:
    found = told("05_thousands_dot_amount.csv", tmp_path)
    dot, comma = found["errors"]
    assert (found["accepted"], dot["row"], dot["code"], dot["value"]) == (0, 2, "amount_unreadable", "1.250")
    assert "12,50 in row 3" in dot["suggestion"]
    assert "1.25 " not in dot["suggestion"]
    assert "1250" not in dot["suggestion"]
    assert comma["suggestion"] == "12.50"
    assert any(note["column"] == "Amount" for note in found["notes"])


def test_times_that_are_certain_are_read_and_the_others_get_a_right_example(tmp_path: Path) -> None:
    found = told("10_time_advice.csv", tmp_path)
    rejected = {error["row"] for error in found["errors"]}
    certain = {2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 18, 19, 20, 21, 22, 23, 24, 30, 32, 33}
    assert not rejected & certain
    assert found["accepted"] + len(rejected) == 32
    advised = [error for error in found["errors"] if error["code"] == "action_time_unreadable"]
    assert len(advised) >= 10
    assert all("in UTC" in error["suggestion"] for error in advised)
    assert not any(re.search(r"[0-9]Z", error["suggestion"]) for error in advised)
    (unset,) = [error for error in advised if error["row"] == 28]
    assert "never set" in unset["suggestion"]


def points_of(name: str) -> list[int]:
    file = check_file(Settings(), FILES / name, "-99")
    points: list[int] = file.checked.events["points"].tolist()
    return points


@pytest.mark.parametrize(("currency", "is_read"), [("USD", True), ("AUD", True), ("EUR", False)])
def test_a_heading_that_names_the_currency_of_rewards_is_read_and_said(
    currency: str, is_read: bool, tmp_path: Path
) -> None:
    name = "03_heading_nearly_right_amount.csv"
    found = told(name, tmp_path, f'[referral_rock]\ncurrency = "{currency}"\n')
    assert found["exit"] == (0 if is_read else 1)
    messages = [note["message"] for note in found["notes"]]
    assert any('"Amount ($)" is read as Amount' in message for message in messages) == is_read
    checked = check_file(Settings(referral_rock=ReferralRockSettings(currency=currency)), FILES / name, None)
    amounts = pd.concat(checked.events.identified("0" * 64, "-99"))["amount"].tolist()
    assert all((amount is not None) == is_read for amount in amounts)
    assert amounts


@pytest.mark.parametrize(
    ("number_format", "points"),
    [
        ('0 "pts"', 1000),
        ('0"."00', 10),  # written in hundredths: a person sees 10.00
        ("(0)", None),
        ("\\-0", None),
        ('0"k"', None),
        ('"minus "0', None),
        ('0"%"', None),
        ("0-00", None),
    ],
)
def test_points_that_are_shown_as_another_number_are_not_the_one_that_is_kept(
    tmp_path: Path, number_format: str, points: int | None
) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["ClientId", "Points", "Action", "ActionDateTime"])
    workbook.active.append(["100000001", 1000, "Earned", "2026-09-20T17:00:00Z"])
    workbook.active["B2"].number_format = number_format
    workbook.save(tmp_path / "points.xlsx")
    file = check_file(Settings(), tmp_path / "points.xlsx", "-99")
    assert file.checked.events["points"].tolist() == ([] if points is None else [points])
    assert any("as their cells show them" in note.message for note in file.notes)
