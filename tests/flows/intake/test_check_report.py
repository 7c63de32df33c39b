import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.intake.check_report import check_json, check_lines, file_error_json
from flows.intake.checked_events import CheckedEvents
from flows.intake.checked_file import CheckedFile
from flows.intake.spool import Spool
from tests.transforms.sheet_makers import CLIENT, REWARD, RULES, check_rows, sheet_of
from transforms.check.file_totals import NOTHING, count_file_totals
from transforms.check.part import Checked, check_sheets
from transforms.sheets.sheet import FileError, Place
from transforms.vocabulary import Code

GOOD = ["1", "5", "Earned"]


def file_of(*parts: Checked, name: str = "a.xlsx") -> CheckedFile:
    """Return a file that came in these parts."""
    file = CheckedFile(Path(name), "abc", None, RULES, NOTHING, (), {}, Spool(), Spool(), CheckedEvents(), None)
    for part in parts:
        file.errors.append(part.errors)
        file.skipped.append(part.skipped)
    file_totals = [count_file_totals(part.events, part.rows_read, part.source_ids, part.bad_sums) for part in parts]
    return replace(file, file_totals=sum(file_totals, start=NOTHING), notes=parts[0].notes)


def told(file: CheckedFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("".join(check_json(file)))
    return found


def test_check_json_has_the_documented_keys() -> None:
    assert told(file_of(check_rows(GOOD, ["2", "x", "Redeemed"], [""] * 3))) == {
        "file": "a.xlsx",
        "sha256": "abc",
        "rows_read": 2,
        "accepted": 1,
        "rejected": 1,
        "rows_skipped": [{"sheet": "Rewards", "row": 4, "reason": "blank"}],
        "events": {"earned": 1, "redeemed": 0, "reward_update": 0},
        "errors": [
            {
                "sheet": "Rewards",
                "row": 3,
                "column": "Points",
                "cell": "B3",
                "code": "points_not_positive_integer",
                "value": "x",
                "message": "Points must be a whole number of at least 1, also where they are redeemed.",
                "suggestion": None,
            }
        ],
        "notes": [],
    }


def test_check_json_tells_notes_with_their_place() -> None:
    checked = check_rows([*GOOD, "555"], headings=[*CLIENT[:3], "Phone"])
    assert told(file_of(checked))["notes"] == [
        {"sheet": "Rewards", "row": 1, "column": None, "message": 'Sheet "Rewards": columns not read: Phone'}
    ]


def test_check_json_names_a_skipped_sheet_without_a_row() -> None:
    checked = check_sheets([sheet_of(CLIENT, GOOD), sheet_of(["hello"], name="Index")], RULES)
    assert told(file_of(checked))["rows_skipped"] == [
        {"sheet": "Index", "row": None, "reason": "sheet without headings"}
    ]


def test_file_error_json_is_one_error_about_the_file() -> None:
    error = FileError(Code.COLUMN_MISSING, "no column Action", Place("S", 1, "Actoin", "C1"), "Action")
    wrong = file_error_json(Path("a.xlsx"), None, error)
    assert (wrong["rows_read"], len(wrong["errors"])) == (0, 1)
    assert wrong["errors"][0]["cell"] == "C1"
    assert wrong.keys() == told(file_of(check_rows(GOOD))).keys()


def test_check_lines_groups_by_rule_with_at_most_five_examples() -> None:
    lines = check_lines(file_of(check_rows(*[["1", "x", "Earned"]] * 7, ["", "5", "Earned"])))
    assert lines[0] == "a.xlsx: 8 rows read, 0 good (0 earned, 0 redeemed, 0 reward update), 8 rejected."
    assert "points_not_positive_integer: 7" in lines[1]
    assert lines[2].strip() == '"Rewards" B2, Points: "x"'
    assert lines[7].strip() == "and 2 more"
    assert "client_id_missing: 1" in lines[8]


def test_check_lines_asks_about_what_was_probably_meant() -> None:
    lines = check_lines(file_of(check_rows(["1", "5", "Earnd"])))
    assert lines[2].endswith("(did you mean Earned?)")


def test_check_lines_names_skipped_rows_as_ranges() -> None:
    blank = [""] * 5
    lines = check_lines(file_of(check_rows(["r", "p"], blank, blank, ["s", "p"], blank, headings=REWARD)))
    assert lines[-1] == "Skipped, blank: 3 (rows 3 to 4, row 6)"


def test_check_json_joins_the_errors_and_the_skipped_rows_of_all_parts() -> None:
    parts = [check_rows(["1", "x", "Earned"]), check_rows(GOOD), check_rows([""] * 3, ["1", "y", "Earned"])]
    found = told(file_of(*parts))
    assert [error["value"] for error in found["errors"]] == ["x", "y"]
    assert (len(found["rows_skipped"]), found["accepted"], found["rejected"]) == (1, 1, 2)


def test_check_lines_counts_over_all_parts_and_joins_neighboring_rows() -> None:
    bad = check_rows(*[["1", "x", "Earned"]] * 4)
    blank = check_rows(*[[""] * 3] * 2)
    (later,) = [replace(blank, skipped=blank.skipped.assign(row=blank.skipped["row"] + 2))]
    lines = check_lines(file_of(bad, bad, blank, later))
    assert "points_not_positive_integer: 8" in lines[1]
    assert [line.strip() for line in lines[7:]] == ["and 3 more", "Skipped, blank: 4 (rows 2 to 5)"]


def test_check_lines_names_five_places_of_what_was_skipped() -> None:
    rows = [row for _ in range(7) for row in ([""] * 3, GOOD)]
    assert check_lines(file_of(check_rows(*rows)))[-1].endswith("(row 2, row 4, row 6, row 8, row 10 and 2 more)")
