"""What a pandera schema found, as one row per bad cell and code.

The checks carry a code of `transforms.vocabulary` as their name. Three things about pandera's lazy validation are
met here, and held by tests: a check on the whole frame names every column of a failing row, so that its cell comes from
FIELD_OF_CODE; the same cell can be listed twice; and a check on the whole frame passes rows that hold an NA anywhere
unless it is made with ignore_na=False, which `row_check` does.
"""

from collections.abc import Callable, Mapping

import pandas as pd
import pandera.pandas as pa

from transforms.sheets.sheet import CELL_ERRORS
from transforms.vocabulary import Code

FAILURE_COLUMNS = ["index", "field", "code"]

# The cell that a rule about several cells, or about a prepared column, is told at.
FIELD_OF_CODE: Mapping[Code, str] = {
    Code.SOURCE_MISSING: "source",
    Code.SOURCE_UNKNOWN: "source",
    Code.SOURCE_WITH_REDEEMED: "source",
    Code.SOURCE_ID_WITHOUT_SOURCE: "source_id",
    Code.ACTION_TIME_UNREADABLE: "action_date_time",
    Code.ACTION_TIME_IN_FUTURE: "action_date_time",
    Code.ACTION_TIME_AMBIGUOUS: "action_date_time",
    Code.ACTION_TIME_NONEXISTENT: "action_date_time",
    Code.SITE_UNKNOWN: "site_id",
    Code.ELIGIBILITY_DATE_UNREADABLE: "eligibility_date",
    Code.AMOUNT_UNREADABLE: "amount",
    Code.REWARD_ID_CONFLICT: "reward_id",
}


def cell_check(code: Code, is_good: Callable[[pd.Series], pd.Series]) -> pa.Check:
    """Judge every filled cell of a column."""
    return pa.Check(is_good, name=code.value)


def row_check(code: Code, is_good: Callable[[pd.DataFrame], pd.Series]) -> pa.Check:
    """Judge every row by several of its cells."""
    return pa.Check(is_good, name=code.value, ignore_na=False)


def text(*checks: pa.Check, missing: Code | None = None) -> pa.Column:
    """Describe a column of text; `missing` is the code of an empty cell where the field is required."""
    of_column: list[pa.Check] = []
    if missing is not None:
        of_column.append(pa.Check(pd.Series.notna, name=missing.value, ignore_na=False))
    of_column.append(cell_check(Code.CELL_ERROR, _holds_value))
    of_column += checks
    return pa.Column(str, of_column, nullable=True)


def failures(schema: pa.DataFrameSchema, rows: pd.DataFrame) -> pd.DataFrame:
    """Validate all rows at once and return what failed: `index` of the row, `field`, `code`, each of them once.

    A cell that holds an error of the spreadsheet (#N/A) is told as that alone. A frame that does not fit the schema
    at all (a column missing, another dtype) is a mistake of the program and raises pandera's SchemaErrors.
    """
    try:
        # Most files are for one service: the rows of the other are none, and to judge none takes its time, too.
        if len(rows):
            schema.validate(rows, lazy=True, inplace=True)  # nothing is coerced, so nothing is changed
    except pa.errors.SchemaErrors as error:
        return _by_cell(error)
    return no_failures()


def no_failures() -> pd.DataFrame:
    """Return what `failures` returns of rows that are all good."""
    # Made once: most files are good, and to make it takes longer than to judge a row.
    return _NO_FAILURES.copy(deep=False)


_NO_FAILURES = pd.DataFrame({"index": pd.Series(dtype="int64"), "field": "", "code": ""}).astype({"code": "str"})


def _holds_value(texts: pd.Series) -> pd.Series:
    return ~texts.isin(CELL_ERRORS)


def _by_cell(error: pa.errors.SchemaErrors) -> pd.DataFrame:
    cases = error.failure_cases
    # A check without a code of ours, or without a row, is about the frame: a mistake of the program, which must not
    # pass for a bad row of somebody's file.
    is_of_row = cases["check"].isin([code.value for code in Code]) & cases["index"].notna()
    if not is_of_row.all():
        raise error
    field_of_code = {code.value: field for code, field in FIELD_OF_CODE.items()}
    field = cases["check"].map(field_of_code).fillna(cases["column"])
    found = pd.DataFrame({"index": cases["index"].astype("int64"), "field": field, "code": cases["check"]})
    return _without_consequences(found.drop_duplicates(ignore_index=True))


def _without_consequences(found: pd.DataFrame) -> pd.DataFrame:
    """Leave out what else is told of a cell that holds an error of the spreadsheet: "#N/A" is no bad number."""
    is_error = found["code"] == Code.CELL_ERROR
    broken = found.loc[is_error, ["index", "field"]].assign(is_broken=True)
    marked = found.merge(broken, on=["index", "field"], how="left", validate="many_to_one")
    is_of_other_cell = marked["is_broken"].isna()
    is_the_error = marked["code"] == Code.CELL_ERROR
    return marked.loc[is_of_other_cell | is_the_error, FAILURE_COLUMNS]
