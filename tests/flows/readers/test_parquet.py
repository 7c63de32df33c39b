from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.readers.read import read_file, read_parts
from tests.flows.readers.reading import read_one, texts, write_bytes
from transforms.sheets.sheet import DIGITS_LOST, NESTED_VALUE, FileError, join_parts

REWARD = UUID("3344d59a-7c5d-4215-b9e7-64decfd64324")


def write(path: Path, **columns: pa.Array) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("values", "text"),
    [
        pytest.param(pa.array(["007"]), "007", id="text"),
        pytest.param(pa.array(["007"]).dictionary_encode(), "007", id="dictionary"),
        pytest.param(pa.array([b"Zo\xc3\xab"]), "Zoë", id="bytes that are text"),
        pytest.param(pa.array([2**63 - 1]), "9223372036854775807", id="largest whole number"),
        pytest.param(pa.array([12.0]), "12", id="whole fraction"),
        pytest.param(pa.array([0.1], pa.float32()), "0.1", id="short fraction"),
        pytest.param(pa.array([2.0**53 + 2]), DIGITS_LOST, id="too large to be exact"),
        pytest.param(pa.array([2.0**24 + 2], pa.float32()), DIGITS_LOST, id="too large for a short one"),
        pytest.param(pa.array([Decimal("12345678901234567890.50")]), "12345678901234567890.5", id="decimal"),
        pytest.param(pa.array([True]), "TRUE", id="flag"),
        pytest.param(pa.array([date(2024, 11, 8)]), "2024-11-08", id="date"),
        pytest.param(pa.array([time(1, 2, 3)], pa.time32("s")), "01:02:03.000", id="time of day"),
        pytest.param(
            pa.array([datetime(2024, 11, 8, 10, 26, tzinfo=UTC)], pa.timestamp("us")),
            "2024-11-08 10:26:00",
            id="without a zone",
        ),
        pytest.param(
            pa.array([datetime(2024, 11, 8, 10, 26, tzinfo=UTC)], pa.timestamp("s", "America/New_York")),
            "2024-11-08 10:26:00Z",
            id="with a zone",
        ),
        pytest.param(pa.array([REWARD.bytes], pa.uuid()), str(REWARD), id="uuid"),
        pytest.param(pa.array([[1]]), NESTED_VALUE, id="list"),
        pytest.param(pa.array([{"a": 1}]), NESTED_VALUE, id="struct"),
        pytest.param(pa.array([float("nan")]), None, id="not a number"),
        pytest.param(pa.array([None], pa.list_(pa.int64())), None, id="no list"),
        pytest.param(pa.nulls(1), None, id="nothing"),
        pytest.param(pa.array([""]), None, id="empty text"),
    ],
)
def test_read_file_gives_the_text_of_a_value(values: pa.Array, text: str | None, tmp_path: Path) -> None:
    assert texts(read_one(write(tmp_path / "a.csv", x=values, y=pa.array(["."]))))[1] == [text, "."]


@pytest.mark.parametrize("part_rows", [1, 7, 1000])
def test_read_parts_gives_the_same_in_parts_of_any_size(part_rows: int, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"ClientId": [str(number) for number in range(50)], "Points": range(50)})
    pq.write_table(table, path, row_group_size=20)
    (whole,) = read_file(path)
    joined = join_parts([sheet for (sheet,) in read_parts(path, part_rows)])
    assert texts(joined) == texts(whole)
    assert joined.cells.index.tolist() == whole.cells.index.tolist() == [*range(51)]
    assert (whole.heading_row, texts(whole)[50]) == (0, ["49", "49"])


def test_read_file_gives_the_headings_of_a_file_without_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", ClientId=pa.array([], pa.string()))
    assert [texts(sheet) for sheets in read_parts(path, 7) for sheet in sheets] == [[["ClientId"]]]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 50 + b"PAR1"])
def test_read_file_refuses_a_broken_parquet_file(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the Parquet file cannot be read"):
        read_file(write_bytes(tmp_path / "a.parquet", content))


def test_read_file_refuses_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="UTF8"):
        read_file(write(tmp_path / "a.parquet", x=pa.array([b"\xff\xfe\xfd"])))


def test_read_file_refuses_a_field_that_is_there_twice(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"ClientId": pa.array(["1"]), "client_id": pa.array(["2"])}
    with pytest.raises(FileError, match="client_id twice"):
        read_file(write(tmp_path / "a.parquet", **columns))
