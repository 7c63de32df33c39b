"""The same rows, saved by LibreOffice as .ods, .xls, .xlsx and .csv, give the same events or the same errors."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.intake.check import check_file
from flows.runtime.errors import FileRejected
from flows.settings.sections import Settings

FILES = Path(__file__).with_name("libreoffice")
WORKBOOKS = ("ods", "xls", "xlsx")
_EVENT = [
    *("row", "kind", "client_id", "points", "action", "source", "source_id", "action_at"),
    *("reward_id", "payout_id", "amount", "eligibility_on", "description"),
]
_ERROR = ["row", "column", "code"]
Found = dict[str, list[tuple[str | None, ...]]]


def read(name: str) -> tuple[Found, Found]:
    """Return what is good and what is wrong in each sheet of a file; a .csv is the sheet that its name says."""
    checked = check_file(Settings(), FILES / name, "-99").checked
    only = name.removesuffix(".csv").removeprefix("rows-")
    return _by_sheet(checked.events, _EVENT, only), _by_sheet(checked.errors, _ERROR, only)


def _by_sheet(frame: pd.DataFrame, columns: list[str], only: str) -> Found:
    found: Found = {}
    for row in frame.to_dict("records"):
        sheet = row["sheet"] if isinstance(row["sheet"], str) else only
        found.setdefault(sheet, []).append(tuple(_text(row[column]) for column in columns))
    return found


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


@pytest.fixture(scope="module")
def of_ods() -> tuple[Found, Found]:
    return read("rows.ods")


def test_the_workbooks_hold_every_case(of_ods: tuple[Found, Found]) -> None:
    good, bad = of_ods
    assert len(good.keys() | bad.keys()) == len(list(FILES.glob("rows-*.csv"))) == 18
    assert [row[2] for row in good["06_ids_by_number_format"]] == [
        *("000000123", "000000123", "000000123", "00123", "AB000123", "0-00-123", "123")
    ]
    assert [row[2] for row in good["06_equal_rows"]] == ["000123", "000123"]


@pytest.mark.first_case
@pytest.mark.parametrize("kind", ["xls", "xlsx"])
def test_a_workbook_gives_the_same_in_every_form(kind: str, of_ods: tuple[Found, Found]) -> None:
    assert read(f"rows.{kind}") == of_ods


@pytest.mark.parametrize("path", sorted(FILES.glob("rows-*.csv")), ids=lambda path: path.stem)
def test_a_sheet_saved_as_csv_gives_the_same(path: Path, of_ods: tuple[Found, Found]) -> None:
    sheet = path.stem.removeprefix("rows-")
    good, bad = of_ods
    expected = {sheet: good[sheet]} if sheet in good else {}, {sheet: bad[sheet]} if sheet in bad else {}
    assert read(path.name) == expected


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_a_hidden_sheet_with_rows_is_a_question_and_a_list_is_none(kind: str) -> None:
    file = check_file(Settings(), FILES / f"hidden.{kind}", "-99")
    (question,) = file.questions
    assert question.about.sheet == "04_hidden"
    assert file.file_totals.accepted == 2
    assert file.checked.skipped["sheet"].tolist() == ["08_lists"]


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_a_month_without_headings_is_refused_with_its_rows(kind: str) -> None:
    with pytest.raises(FileRejected, match='"Feb", 2 rows look like those of "Jan"'):
        check_file(Settings(), FILES / f"month.{kind}", "-99")
