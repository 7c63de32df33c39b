"""What `tieout check` says: the documented JSON, and lines for a person, grouped by rule."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from transforms.check import Checked
from transforms.sheet import FileError
from transforms.vocabulary import Kind

_EXAMPLES = 5


def check_json(path: Path, sha256: str, checked: Checked) -> dict[str, Any]:
    """Return the documented JSON of a checked file."""
    counts = checked.events["kind"].value_counts()
    return {
        "file": str(path),
        "sha256": sha256,
        "rows_read": checked.rows_read,
        "accepted": len(checked.events),
        "rejected": checked.rejected,
        "rows_skipped": _records(checked.skipped),
        "events": {kind.value: int(counts.get(kind.value, 0)) for kind in Kind},
        "errors": _records(checked.errors),
    }


def file_error_json(path: Path, sha256: str | None, error: FileError) -> dict[str, Any]:
    """Return the same object for a wrong file: no row was read, and one error is about the file."""
    place = error.place
    told = {"code": error.code.value, "value": place.column, "message": error.message, "suggestion": error.suggestion}
    where = {"sheet": place.sheet, "row": place.row, "column": place.column, "cell": place.cell}
    return {
        "file": str(path),
        "sha256": sha256,
        "rows_read": 0,
        "accepted": 0,
        "rejected": 0,
        "rows_skipped": [],
        "events": {kind.value: 0 for kind in Kind},
        "errors": [where | told],
    }


def check_lines(path: Path, checked: Checked) -> list[str]:
    """Return the same for a person: totals, what was skipped, and each broken rule with its count and examples."""
    counts = checked.events["kind"].value_counts()
    good = len(checked.events)
    kinds = ", ".join(f"{counts.get(kind.value, 0):,} {kind.value.replace('_', ' ')}" for kind in Kind)
    return [
        f"{path.name}: {checked.rows_read:,} rows read, {good:,} good ({kinds}), {checked.rejected:,} rejected.",
        *_rule_lines(checked.errors),
        *_skipped_lines(checked.skipped),
        *checked.notes,
    ]


def _rule_lines(errors: pd.DataFrame) -> Iterator[str]:
    for code in errors["code"].value_counts().index:
        found = errors[errors["code"] == code]
        yield f"{found['message'].iloc[0]} ({code}: {len(found):,})"
        for _, error in found.head(_EXAMPLES).iterrows():
            yield f"    {_example(error)}"
        if len(found) > _EXAMPLES:
            yield f"    and {len(found) - _EXAMPLES:,} more"


def _example(error: "pd.Series[Any]") -> str:
    sheet = "" if pd.isna(error["sheet"]) else f'"{error["sheet"]}" '
    place = f"row {error['row']}" if pd.isna(error["cell"]) else str(error["cell"])
    column = "" if pd.isna(error["column"]) else f", {error['column']}"
    value = "" if pd.isna(error["value"]) else f': "{error["value"][:60]}"'
    hint = "" if pd.isna(error["suggestion"]) else f" ({_hint(error['suggestion'])})"
    return f"{sheet}{place}{column}{value}{hint}"


def _hint(suggestion: str) -> str:
    """Ask about a value that was probably meant; give advice as it is."""
    return suggestion if " " in suggestion and suggestion[0].islower() else f"did you mean {suggestion}?"


def _skipped_lines(skipped: pd.DataFrame) -> Iterator[str]:
    for reason, found in skipped.groupby("reason", sort=False):
        rows = [_row_range(first, last) for first, last in _runs(list(found["row"].dropna().astype(int)))]
        sheets = [f'"{sheet}"' for sheet in found.loc[found["row"].isna(), "sheet"].dropna()]
        named = [*rows, *sheets]
        more = f" and {len(named) - _EXAMPLES:,} more" if len(named) > _EXAMPLES else ""
        yield f"Skipped, {reason}: {len(found):,} ({', '.join(named[:_EXAMPLES])}{more})"


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Join neighboring rows.

    >>> _runs([1, 2, 3, 7])
    [(1, 3), (7, 7)]
    """
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def _row_range(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values, with None for what is empty."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in record.items()}
        for record in frame.astype(object).to_dict("records")
    ]
