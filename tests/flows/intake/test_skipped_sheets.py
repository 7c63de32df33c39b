"""A sheet beside a good one: whatever may be rows is no exit 0, and what is none does not keep the good one waiting."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from tests.flows.readers.reading import write_bytes

HEADINGS = ["ClientId", "Points", "Action", "ActionDateTime"]
JANUARY = [HEADINGS, ["100000001", 5, "Earned", "2026-01-20T17:00:00Z"]]
REWARDS = [["RewardId", "PayoutId", "Amount"], ["3fa85f64-5717-4562-b3fc-2c963f66afa6", "P-0001", 5]]


def book(path: Path, january: Sequence[Sequence[Any]], other: Sequence[Sequence[Any]]) -> Path:
    written = openpyxl.Workbook()
    for name, rows in (("Jan", january), ("Feb", other)):
        page = written.create_sheet(name)
        for row in rows:
            page.append(list(row))
    del written["Sheet"]
    written.save(path)
    return path


def check(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code of `check --json`, and what it says."""
    import json

    config = path.with_name("tieout.toml")
    config.touch()
    ended = CliRunner().invoke(app, ["check", str(path), "--json", "--site", "-99", "--config", str(config), *options])
    return ended.exit_code, json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("january", "february"),
    [
        pytest.param(JANUARY, [[None, "100000002", 6, "Earned"]], id="a column to the right"),
        pytest.param(JANUARY, [["Earned", "100000002", 6]], id="in another order"),
        pytest.param(JANUARY, [["100000002", "ten", "Earned"], ["100000003", 6.5, "Redeemed"]], id="bad ones"),
        pytest.param(JANUARY, [["Studio A"], [], ["Ann", "B", "100000002", "redeemed"]], id="with a name before"),
        pytest.param(
            REWARDS, [["x", "P-0002", "3fa85f64-5717-4562-b3fc-2c963f66afa7"]], id="of rewards, in another order"
        ),
    ],
)
def test_a_sheet_without_headings_whose_rows_may_be_events_is_a_question(
    january: list[list[Any]], february: list[list[Any]], tmp_path: Path
) -> None:
    code, told = check(book(tmp_path / "a.xlsx", january, february))
    assert (code, told["accepted"]) == (1, 1)
    (note,) = [note for note in told["notes"] if "Feb" in note["message"]]
    assert "no headings" in note["message"]
    assert note["sheet"] == "Feb"
    (skipped,) = [one for one in told["rows_skipped"] if one["sheet"] == "Feb"]
    assert "rows that look like those of a table" in skipped["reason"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([["Earned", 340, 12], ["Redeemed", 20, 1]], id="a summary"),
        pytest.param([["Client", "Earned", "Redeemed"], ["100000001", 340, 12]], id="points by client"),
        pytest.param([["Earned", "Sale"], ["Redeemed", "Referral"]], id="choices"),
        pytest.param([["Id", "Name"], ["100000001", "Ann"], ["100000002", "Bo"]], id="clients"),
    ],
)
def test_a_side_sheet_that_holds_no_rows_is_skipped_and_named(other: list[list[Any]], tmp_path: Path) -> None:
    code, told = check(book(tmp_path / "a.xlsx", JANUARY, other))
    assert (code, told["accepted"], [one["sheet"] for one in told["rows_skipped"]]) == (0, 1, ["Feb"])


def test_the_answer_that_a_sheet_is_to_be_left_out_is_kept(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", JANUARY, [["Earned", "100000002", 6]])
    (tmp_path / "tieout.toml").touch()
    answered = CliRunner().invoke(app, ["layout", str(path), "--config", str(tmp_path / "tieout.toml")], input="1\n")
    assert answered.exit_code == 0, answered.output
    assert '"side_sheets" = "skip"' in (tmp_path / "layouts.toml").read_text(encoding="utf-8")
    assert check(path)[0] == 0


def test_a_workbook_whose_only_table_is_left_out_is_refused_in_a_line(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", JANUARY, [["Notes"], ["none"]])
    written = openpyxl.load_workbook(path)
    written["Jan"].sheet_state = "hidden"
    written.active = 1
    written.save(path)
    (tmp_path / "tieout.toml").touch()
    (tmp_path / "layouts.toml").write_text(
        '[columns."x"]\n"ClientId" = "ClientId"\nhidden_sheets = "skip"\n', encoding="utf-8"
    )
    code, told = check(path)
    assert (code, told["rows_read"]) == (3, 0)
    assert "every sheet with rows is hidden" in told["errors"][0]["message"]


@pytest.mark.parametrize("quoted", [False, True])
def test_rows_with_fewer_values_than_headings_are_told(quoted: bool, tmp_path: Path) -> None:
    client = '"100000001"' if quoted else "100000001"
    text = (
        f"Rewards of May\nClientId,Points,Action,Source,ActionDateTime\n{client},5,Earned\n"
        f"{client},6,Earned,Sale,2026-01-20T17:00:00Z\n\n{client},7,Earned,Sale\n"
    )
    code, told = check(write_bytes(tmp_path / "a.csv", text.encode()))
    assert (code, told["accepted"]) == (0, 3)
    (note,) = [note for note in told["notes"] if "under 5 headings" in note["message"]]
    assert (note["row"], "(2 in all)" in note["message"], note["message"][:8]) == (3, True, "3 values")


def test_rows_with_as_many_values_as_headings_are_no_news(tmp_path: Path) -> None:
    text = "ClientId,Points,Action,Source\n100000001,5,Earned,\n100000002,5,Redeemed,\n"
    assert check(write_bytes(tmp_path / "a.csv", text.encode()))[1]["notes"] == []


def test_a_row_with_more_values_far_below_is_found(tmp_path: Path) -> None:
    rows = [f"1{number:08},5,Earned" for number in range(11_000)]
    rows[10_900] += ",extra"
    text = "\n".join(["ClientId,Points,Action", *rows, ""])
    code, told = check(write_bytes(tmp_path / "a.csv", text.encode()))
    assert (code, told["accepted"]) == (3, 0)
    assert "more values than the 3 headings in row 10902" in told["errors"][0]["message"]
