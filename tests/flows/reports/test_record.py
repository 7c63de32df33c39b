import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows.reports.record import SHOWN, as_record, write_json
from flows.reports.report import COLUMNS, TOTALS
from flows.reports.workbook.detail import SHEET_LIMIT
from tests.flows.reports import samples


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    path = write_json(samples.report(), tmp_path_factory.mktemp("json") / "r.json")
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_write_json_has_every_frame_and_every_total(record: dict[str, object]) -> None:
    assert set(COLUMNS) <= set(record)
    assert list(record["totals"]) == list(samples.totals())  # type: ignore[call-overload]
    assert set(TOTALS) == set(samples.totals())


def test_json_says_of_every_column_how_it_is_meant() -> None:
    # A count that nobody told of would otherwise be text without a word.
    assert set(SHOWN) == {name for columns in COLUMNS.values() for name in columns}


def test_write_json_keeps_amounts_exact_and_times_in_utc(record: dict[str, object]) -> None:
    waiting: list[dict[str, object]] = record["waiting"]  # type: ignore[assignment]
    assert [line["amount"] for line in waiting] == [None, "15.00", None]
    assert waiting[0]["action_at"] == "2025-07-01T16:00:00Z"
    assert waiting[0]["points"] == 25


def test_write_json_keeps_ids_and_dates(record: dict[str, object]) -> None:
    first = record["breaks"][0]  # type: ignore[index]
    assert (first["client_id"], first["opened_on"], first["age_days"]) == ("000123", "2025-07-02", 0)


def test_write_json_of_a_quiet_night_has_empty_lists(tmp_path: Path) -> None:
    record = json.loads(write_json(samples.quiet(), tmp_path / "q.json").read_text(encoding="utf-8"))
    assert [record[name] for name in COLUMNS if name != "ties"] == [[]] * (len(COLUMNS) - 1)


def test_write_json_made_twice_is_the_same(tmp_path: Path) -> None:
    one, two = (write_json(samples.report(), tmp_path / name) for name in ("1.json", "2.json"))
    assert one.read_bytes() == two.read_bytes()


def test_write_json_leaves_no_half_of_a_file_where_it_cannot_be_written(tmp_path: Path) -> None:
    before = write_json(samples.report(), tmp_path / "r.json").read_bytes()
    broken = replace(samples.report(), title=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        write_json(broken, tmp_path / "r.json")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("r.json", before)]


def test_as_record_leaves_out_what_is_too_long_and_says_so() -> None:
    skipped = samples.skipped().loc[[0] * (SHEET_LIMIT + 1)]
    record = as_record(samples.quiet(skipped=skipped))
    assert record["left_out"] == {"skipped": SHEET_LIMIT + 1}
    assert "skipped" not in record
