"""Tell what is wrong with each bad cell: where it is, what stands there, the rule, and what to do."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from transforms.check.advice import Advice
from transforms.check.messages import SENTENCES
from transforms.sheets.fields import FIELDS
from transforms.sheets.headings import Table

ERROR_COLUMNS = ["sheet", "row", "column", "cell", "code", "value", "message", "suggestion"]
_SENTENCE_OF = {code.value: sentence for code, sentence in SENTENCES.items()}
_DTYPES = dict.fromkeys(ERROR_COLUMNS, "str") | {"row": "int64"}
_NO_ERRORS = pd.DataFrame(columns=ERROR_COLUMNS).astype(_DTYPES)


def describe(failed: pd.DataFrame, rows: pd.DataFrame, tables: Sequence[Table], advice: Advice) -> pd.DataFrame:
    """Turn failures into the error list: place, value, sentence and suggestion, in file order and column order.

    `rows` bear the place of their clock (`clock`, NA where they have none) beside the fields.
    """
    # Most files are good, and to bring nothing together takes as long as to judge all their rows.
    if failed.empty:
        return _NO_ERRORS.copy(deep=False)
    places = rows[["table", "sheet", "row", "clock"]]
    found = _in_order(failed).merge(places, left_on="index", right_index=True, validate="many_to_one")
    found["value"] = _values(found, rows)
    found["column"] = _lookup(found, ["table", "field"], lambda cell: tables[cell["table"]].heading(cell["field"]))
    found["cell"] = _addresses(found, tables)
    found["message"] = found["code"].map(_SENTENCE_OF)
    found["suggestion"] = _lookup(found, ["code", "value", "table", "field", "clock"], advice.suggest)
    return found[ERROR_COLUMNS].astype(_DTYPES).reset_index(drop=True)


def _in_order(failed: pd.DataFrame) -> pd.DataFrame:
    """Return failures in the order of rows, then of documented columns."""
    place_of = {field: place for place, field in enumerate(FIELDS)}
    # What is wrong with a row as a whole has no field, and comes before its cells.
    order = failed["field"].map(place_of).fillna(-1)
    return failed.assign(order=order).sort_values(["index", "order", "code"])


def _values(found: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Look up the text of each failed cell; NA for whole rows and empty cells."""
    value = pd.Series(None, index=found.index, dtype="str")
    for name, cells in found.groupby("field"):
        texts = rows[str(name)].loc[cells["index"]]
        value[cells.index] = texts.to_numpy()
    return value


def _addresses(found: pd.DataFrame, tables: Sequence[Table]) -> pd.Series:
    def letters_of(cell: Mapping[str, Any]) -> str | None:
        table: Table = tables[cell["table"]]
        return table.letters(cell["field"])

    letters = _lookup(found, ["table", "field"], letters_of)
    return letters + found["row"].astype("str")


def _lookup(found: pd.DataFrame, keys: list[str], say: Callable[[Mapping[str, Any]], str | None]) -> pd.Series:
    """Work out a text once for each different combination of the keys."""
    # A file that is wrong from end to end has a million failures, and few different ones.
    number = found.groupby(keys, dropna=False, sort=False).ngroup()
    is_first = ~number.duplicated()
    first = found.loc[is_first, keys].astype(object)
    first = first.where(first.notna(), None)
    cells = [{str(key): value for key, value in cell.items()} for cell in first.to_dict("records")]
    texts = [say(cell) for cell in cells]
    text_of = dict(zip(number[first.index], texts, strict=True))
    return number.map(text_of).astype("str")
