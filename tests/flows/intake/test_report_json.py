import json
from pathlib import Path

from flows.intake.report_json import check_json, check_lines, file_error_json
from tests.transforms.sheets import CLIENT, REWARD, RULES, check_rows, sheet_of
from transforms.check import check_sheets
from transforms.sheet import FileError, Place
from transforms.vocabulary import Code

GOOD = ["1", "5", "Earned"]


def test_check_json_has_the_documented_keys() -> None:
    told = check_json(Path("a.xlsx"), "abc", check_rows(GOOD, ["2", "x", "Redeemed"], [""] * 3))
    assert json.loads(json.dumps(told)) == {
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
    }


def test_check_json_names_a_skipped_sheet_without_a_row() -> None:
    checked = check_sheets([sheet_of(CLIENT, GOOD), sheet_of(["hello"], name="Index")], RULES)
    assert check_json(Path("a"), "x", checked)["rows_skipped"] == [
        {"sheet": "Index", "row": None, "reason": "sheet without headings"}
    ]


def test_file_error_json_is_one_error_about_the_file() -> None:
    error = FileError(Code.COLUMN_MISSING, "no column Action", Place("S", 1, "Actoin", "C1"), "Action")
    told = file_error_json(Path("a.xlsx"), None, error)
    assert (told["rows_read"], len(told["errors"])) == (0, 1)
    assert told["errors"][0]["cell"] == "C1"
    assert told.keys() == check_json(Path("a.xlsx"), "", check_rows(GOOD)).keys()


def test_check_lines_groups_by_rule_with_at_most_five_examples() -> None:
    lines = check_lines(Path("a.xlsx"), check_rows(*[["1", "x", "Earned"]] * 7, ["", "5", "Earned"]))
    assert lines[0] == "a.xlsx: 8 rows read, 0 good (0 earned, 0 redeemed, 0 reward update), 8 rejected."
    assert "points_not_positive_integer: 7" in lines[1]
    assert lines[2].strip() == '"Rewards" B2, Points: "x"'
    assert lines[7].strip() == "and 2 more"
    assert "client_id_missing: 1" in lines[8]


def test_check_lines_asks_about_what_was_probably_meant() -> None:
    lines = check_lines(Path("a"), check_rows(["1", "5", "Earnd"]))
    assert lines[2].endswith("(did you mean Earned?)")


def test_check_lines_names_skipped_rows_as_ranges() -> None:
    blank = [""] * 5
    lines = check_lines(Path("a"), check_rows(["r", "p"], blank, blank, ["s", "p"], blank, headings=REWARD))
    assert lines[-1] == "Skipped, blank: 3 (rows 3 to 4, row 6)"
