"""A file gives the same result whether it is read at once or in parts of any size."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from flows.intake import spool as spill
from flows.intake.check import check_file
from flows.intake.check_report import check_json, check_lines
from flows.intake.checked_file import CheckedFile
from flows.runtime.errors import FileRejected
from flows.settings.sections import Settings
from tests.laws import law

WHOLE = 10**9
PARTS = [7, 1, 1000]
SETTINGS = Settings()
HEADINGS = ["ClientId", "Points", "Action", "ActionDateTime", "RewardId", "PayoutId", "Amount", "Receipt"]
EARNED = ["000123", "10", "Earned", "2026-02-01T10:00:00Z", "", "", "", ""]
UPDATED = ["", "", "", "", "r-1", "p-1", "5.00", ""]


def delimited(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(",".join(row) for row in rows)


def json_lines(rows: Sequence[Sequence[str]]) -> str:
    headings, *items = rows
    keyed = [{key: value for key, value in zip(headings, item, strict=True) if value} for item in items]
    return "\n".join(json.dumps(item) if item else "" for item in keyed)


def read(path: Path, part_rows: int) -> CheckedFile:
    return check_file(SETTINGS, path, "-99", part_rows=part_rows)


def told(file: CheckedFile) -> dict[str, Any]:
    """Return everything that is made of a checked file."""
    events = pd.concat(list(file.identified()), ignore_index=True)
    return {
        "json": json.loads("".join(check_json(file))),
        "lines": check_lines(file),
        "places": file.destinations,
        "events": events.astype("str").fillna("").to_dict("list"),
    }


def refusal(path: Path, part_rows: int) -> tuple[str, Any]:
    with pytest.raises(FileRejected) as refused:
        read(path, part_rows)
    return str(refused.value), refused.value.cause.place


# Rows that are right and wrong, titles, totals, blank ones, equal ones, and rewards that contradict each other.
ROWS = st.sampled_from(
    [
        EARNED,
        [*EARNED[:3], "", *EARNED[4:]],
        [*EARNED[:7], "f" * 24],
        ["7", "ten", "Earnd", "soon", "", "", "", ""],
        UPDATED,
        [*UPDATED[:4], "R-1", "P-1", "5", ""],
        [*UPDATED[:6], "6", ""],
        [*UPDATED[:6], "$6", ""],
        ["", "", "", "", "r-2", "p", "", ""],
        ["", "", "", "", "r-2", "", "", ""],
        [""] * 8,
        ["Total", "500", "", "", "", "", "", ""],
        ["CLASSPASS", "", "", "", "", "", "", ""],
        HEADINGS,
        ["1", "1", "Earned", "", "r", "p", "", ""],
    ]
)
few = law(12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.long
@few
@given(
    titles=st.integers(0, 3),
    rows=st.lists(ROWS, min_size=1, max_size=12),
    form=st.sampled_from([delimited, json_lines]),
)
def test_check_file_gives_the_same_in_parts_of_any_size(
    tmp_path: Path, titles: int, rows: list[list[str]], form: Any
) -> None:
    above = [["Rewards of May", *[""] * 7]] * titles if form is delimited else []
    # The rest is more than the rows that are searched for headings, so that the parts below it stand alone.
    filled = [[f"{number}", *EARNED[1:]] for number in range(200)]
    path = tmp_path / "rows.txt"
    path.write_text(form([*above, HEADINGS, *rows, *filled, *rows]), encoding="utf-8")
    whole = told(read(path, WHOLE))
    assert told(read(path, 70)) == whole


@pytest.mark.first_case
@pytest.mark.parametrize("part_rows", PARTS)
@pytest.mark.parametrize("form", [delimited, json_lines])
def test_check_file_gives_the_same_for_a_long_file(tmp_path: Path, part_rows: int, form: Any) -> None:
    random = Random(7)  # noqa: S311 - a fixed choice of rows
    pool = [EARNED, UPDATED, [*UPDATED[:4], "r-9", "p", "1", ""], ["8", "0", "Redeemed", "", "", "", "", ""], [""] * 8]
    rows = [random.choice(pool) for _ in range(206)]
    path = tmp_path / "rows.txt"
    path.write_text(form([HEADINGS, *rows, [*UPDATED[:6], "7", ""]]), encoding="utf-8")
    assert told(read(path, part_rows)) == told(read(path, WHOLE))


@pytest.mark.first_case
@pytest.mark.parametrize("part_rows", [500, 1000])
@pytest.mark.parametrize(
    "last_rows",
    [
        pytest.param(["1,2,Earned,,,,,,too,many", '1,2,Earned,,,,,,,,"wide"'], id="more values than headings"),
        pytest.param(["1,2,Earned,,,,,,,,,,"], id="wider than the sample, but empty"),
        pytest.param(['1,"2,Earned'], id="a mark that is not closed"),
    ],
)
def test_check_file_ends_alike_where_a_late_row_is_odd(tmp_path: Path, part_rows: int, last_rows: list[str]) -> None:
    rows = [",".join([f"{number:060}", *EARNED[1:]]) for number in range(3000)]  # past what tells the width
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([",".join(HEADINGS), *rows, *last_rows, *rows[:3]]), encoding="utf-8")
    ended = []
    for size in (part_rows, WHOLE):
        try:
            ended.append(told(read(path, size)))
        except FileRejected as error:
            ended.append({"refused": str(error), "place": error.cause.place})
    assert ended[0] == ended[1]


@pytest.mark.parametrize("part_rows", PARTS)
def test_check_file_tells_first_what_cannot_be_read(tmp_path: Path, part_rows: int) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["a,b", *["1,2"] * 300, '3,"4']), encoding="utf-8")
    assert refusal(path, part_rows) == refusal(path, WHOLE)
    assert "not closed" in refusal(path, part_rows)[0]


@pytest.mark.long
def test_check_file_reads_an_encoding_that_shows_late(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = [",".join([f"{number}", *EARNED[1:]]) for number in range(300)]
    path.write_bytes("\n".join([",".join(HEADINGS), *rows, "Zoë,1,Earned,,,,,"]).encode("cp1252"))
    file = read(path, 60)
    assert "Windows-1252" in file.notes[0].message
    assert list(file.events.parts)[-1]["client_id"].tolist()[-1] == "Zoë"


def test_check_file_refuses_a_late_byte_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rest = ",".join(EARNED[1:]).encode()
    late = [b"Zo\xc3\xab," + rest, b"\xff," + rest, b""]
    path.write_bytes(b"\n".join([",".join(HEADINGS).encode(), *[",".join(EARNED).encode()] * 300, *late]))
    assert "some bytes of it are not" in refusal(path, 7)[0]


@pytest.mark.long
def test_check_file_finds_equal_and_contradicting_rows_past_what_it_holds_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    rows = [EARNED, *[[f"{number}", *EARNED[1:]] for number in range(300)], EARNED, UPDATED, *[EARNED] * 3]
    path.write_text(delimited([HEADINGS, *rows, [*UPDATED[:6], "7", ""]]), encoding="utf-8")
    whole = told(read(path, WHOLE))
    monkeypatch.setattr(spill, "_ROWS_IN_MEMORY", 50)
    assert told(read(path, 20)) == whole
    assert sorted(whole["events"]["occurrence"], reverse=True)[:5] == ["5", "4", "3", "2", "1"]
    assert [error["code"] for error in whole["json"]["errors"]] == ["reward_id_conflict"] * 2


def test_check_file_counts_the_rows_it_has_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(delimited([HEADINGS, *[EARNED] * 500]), encoding="utf-8")
    counted: list[int] = []
    check_file(SETTINGS, path, "-99", part_rows=100, on_rows=counted.append)
    assert (sum(counted), len(counted) > 2) == (501, True)


@pytest.mark.long
@pytest.mark.parametrize(("last", "order"), [("25/10/2025", "D/M"), ("10/25/2025", "M/D")])
def test_the_order_of_dates_is_told_by_the_whole_file_in_parts_of_any_size(
    last: str, order: str, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    rows = ["1,5,Earned,05/10/2025"] * 600 + [f"1,5,Earned,{last}"]
    path.write_text("\n".join(["ClientId,Points,Action,ActionDateTime", *rows]) + "\n")
    for part_rows in (100, 10_000):
        file = read(path, part_rows)
        assert (file.file_totals.accepted, file.questions) == (601, ())
        first = file.checked.events["action_at"].iloc[0]
        assert f"{first:%m-%d}" == ("10-05" if order == "D/M" else "05-10")
        assert any(f"{last} in row 602 tells" in note.message for note in file.notes)


@pytest.mark.long
def test_the_sign_of_decimals_is_told_by_the_whole_file_in_parts_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    rows = [f"r{number},p,1.250" for number in range(600)] + ['r600,p,"12,50"']
    path.write_text("\n".join(["RewardId,PayoutId,Amount", *rows]) + "\n")
    for part_rows in (100, 10_000):
        assert read(path, part_rows).file_totals.rejected == 601
