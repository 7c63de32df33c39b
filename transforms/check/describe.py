"""Tell what is wrong with each bad cell: where it is, what stands there, the rule, and what to do."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from transforms.check.advice import Advice
from transforms.check.messages import SENTENCES
from transforms.sheets.fields import FIELDS
from transforms.sheets.headings import Table

ERROR_COLUMNS = ["sheet", "row", "column", "cell", "code", "value", "message", "suggestion"]


def describe(failed: pd.DataFrame, rows: pd.DataFrame, tables: Sequence[Table], advice: Advice) -> pd.DataFrame:
    """Turn failures into the error list: place, value, sentence and suggestion, in file order and column order.

    `rows` bear the place of their clock (`clock`, NA where they have none) beside the fields.
    """
    # What is wrong with a row as a whole has no field, and comes before its cells.
    column_order = {field: place for place, field in enumerate(FIELDS)}
    order = failed["field"].map(column_order).fillna(-1)
    failed = failed.assign(order=order).sort_values(["index", "order", "code"])
    places = rows[["table", "sheet", "row", "clock"]]
    found = failed.merge(places, left_on="index", right_index=True, validate="many_to_one")
    found["value"] = _values(found, rows)
    found["column"] = _lookup(found, ["table", "field"], lambda cell: tables[cell["table"]].heading(cell["field"]))
    found["cell"] = _addresses(found, tables)
    sentence_of = {code.value: sentence for code, sentence in SENTENCES.items()}
    found["message"] = found["code"].map(sentence_of)
    found["suggestion"] = _lookup(found, ["code", "value", "table", "field", "clock"], advice.suggest)
    dtypes = dict.fromkeys(ERROR_COLUMNS, "str") | {"row": "int64"}
    return found[ERROR_COLUMNS].astype(dtypes).reset_index(drop=True)


def _values(found: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Look up the text of each failed cell; NA for whole rows and empty cells."""
    value = pd.Series(None, index=found.index, dtype="str")
    for name, cells in found.groupby("field"):
        value[cells.index] = rows[str(name)].loc[cells["index"]].to_numpy()
    return value


def _addresses(found: pd.DataFrame, tables: Sequence[Table]) -> pd.Series:
    letters = _lookup(found, ["table", "field"], lambda cell: tables[cell["table"]].letters(cell["field"]))
    return letters + found["row"].astype("str")


def _lookup(found: pd.DataFrame, keys: list[str], say: Callable[[Mapping[str, Any]], str | None]) -> pd.Series:
    """Work out a text once for each different combination of the keys."""
    # A file that is wrong from end to end has a million failures, and few different ones.
    number = found.groupby(keys, dropna=False, sort=False).ngroup()
    first = found.loc[~number.duplicated(), keys].astype(object)
    plain = first.where(first.notna(), None)
    texts = [say({str(key): value for key, value in cell.items()}) for cell in plain.to_dict("records")]
    text_of = dict(zip(number[first.index], texts, strict=True))
    return number.map(text_of).astype("str")
