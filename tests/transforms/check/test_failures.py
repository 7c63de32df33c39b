import pandas as pd
import pandera.pandas as pa
import pytest

from transforms.check.failures import cell_check, failures, row_check, text
from transforms.vocabulary import Code

SCHEMA = pa.DataFrameSchema(
    {
        "points": text(
            cell_check(Code.POINTS_NOT_POSITIVE_INTEGER, lambda texts: texts.str.isdigit()), missing=Code.POINTS_MISSING
        ),
        "source": text(),
        "note": text(),
    },
    checks=[row_check(Code.SOURCE_MISSING, lambda row: row["source"].notna())],
)


def frame(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str")


def test_failures_tells_every_bad_cell_of_a_column_beside_one_that_does_not_parse() -> None:
    found = failures(SCHEMA, frame(points=["x", None, "7", "y"], source=["s"] * 4, note=["n"] * 4))
    assert list(zip(found["index"], found["code"], strict=True)) == [
        (1, "points_missing"),
        (0, "points_not_positive_integer"),
        (3, "points_not_positive_integer"),
    ]


def test_failures_tells_a_rule_about_a_row_once_and_at_one_cell() -> None:
    found = failures(SCHEMA, frame(points=["7"], source=[None], note=["n"]))
    assert found[["index", "field", "code"]].to_numpy().tolist() == [[0, "source", "source_missing"]]


def test_failures_tells_a_rule_about_a_row_that_is_otherwise_empty() -> None:
    found = failures(SCHEMA, frame(points=["7"], source=[None], note=[None]))
    assert found["code"].tolist() == ["source_missing"]


def test_failures_tells_an_error_of_the_spreadsheet_as_that_alone() -> None:
    found = failures(SCHEMA, frame(points=["#N/A"], source=["s"], note=[None]))
    assert found["code"].tolist() == ["cell_error"]


def test_failures_of_good_rows_are_none() -> None:
    assert failures(SCHEMA, frame(points=["7"], source=["s"], note=[None])).empty


def test_failures_raises_where_the_frame_is_not_what_the_rules_are_about() -> None:
    with pytest.raises(pa.errors.SchemaErrors):
        failures(SCHEMA, frame(points=["7"], source=["s"]))
