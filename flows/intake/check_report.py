"""What `tieout check` says: the documented JSON, and lines for a person, grouped by rule."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from flows.intake.checked_file import CheckedFile
from flows.reports.source_ids import check_line
from transforms.sheets.notes import Note
from transforms.sheets.questions import question_text
from transforms.sheets.sheet import FileError
from transforms.vocabulary import Kind

_EXAMPLES = 5


def check_json(file: CheckedFile) -> Iterator[str]:
    """Give the documented JSON of a checked file, piece by piece: a long file may have a long list of errors."""
    file_totals = file.file_totals
    totals = {
        "file": str(file.path),
        "sha256": file.sha256,
        "rows_read": file_totals.rows_read,
        "accepted": file_totals.accepted,
        "rejected": file_totals.rejected,
    }
    events = {kind.value: file_totals.events[kind] for kind in Kind}
    # The object is left open, for the lists to follow.
    yield _json(totals)[:-1]
    yield ', "rows_skipped": '
    yield from _json_list(file.skipped)
    yield f', "events": {_json(events)}, "errors": '
    yield from _json_list(file.errors)
    yield f', "notes": {_json([_note(note) for note in notes_of(file)])}}}'


def notes_of(file: CheckedFile) -> tuple[Note, ...]:
    """Return what is to be said of a file, its open questions among it."""
    asked = [
        Note(question_text(question), question.about.sheet, question.about.row, question.about.column)
        for question in file.questions
    ]
    return (*file.notes, *asked)


def _note(note: Note) -> dict[str, Any]:
    return {"sheet": note.sheet, "row": note.row, "column": note.column, "message": note.message}


def _json_list(frames: Iterable[pd.DataFrame]) -> Iterator[str]:
    separator = "["
    for frame in frames:
        if len(frame):
            yield separator + _json(_records(frame))[1:-1]
            separator = ", "
    yield "[]" if separator == "[" else "]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def file_error_json(path: Path, sha256: str | None, error: FileError) -> dict[str, Any]:
    """Return the same object for a wrong file: no row was read, and one error is about the file."""
    place = error.place
    told = {
        "sheet": place.sheet,
        "row": place.row,
        "column": place.column,
        "cell": place.cell,
        "code": error.code.value,
        "value": place.column,
        "message": error.message,
        "suggestion": error.suggestion,
    }
    return {
        "file": str(path),
        "sha256": sha256,
        "rows_read": 0,
        "accepted": 0,
        "rejected": 0,
        "rows_skipped": [],
        "events": {kind.value: 0 for kind in Kind},
        "errors": [told],
        "notes": [],
    }


def check_lines(
    file: CheckedFile, errors: Iterable[pd.DataFrame] | None = None, rejected: int | None = None
) -> list[str]:
    """Return the same for a person: totals, what was skipped, and each broken rule with its count and examples.

    Where the ledger rejects more rows than the file alone gives away, `errors` and `rejected` are those of all.
    """
    file_totals = file.file_totals
    if rejected is None:
        kinds = ", ".join(f"{file_totals.events[kind]:,} {kind.value.replace('_', ' ')}" for kind in Kind)
        good = f"{file_totals.accepted:,} good ({kinds}), {file_totals.rejected:,} rejected"
    else:
        good = f"{file_totals.rows_read - rejected:,} good, {rejected:,} rejected"
    lines = [f"{file.path.name}: {file_totals.rows_read:,} rows read, {good}."]
    lines += _rule_lines(file.errors if errors is None else errors)
    lines += _skipped_lines(file.skipped)
    lines += [note.message for note in notes_of(file)]
    source_ids = check_line(file_totals.source_ids)
    if source_ids:
        lines.append(source_ids)
    return lines


def _rule_lines(parts: Iterable[pd.DataFrame]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    examples: dict[str, list[pd.Series[Any]]] = {}
    for errors in parts:
        for name, found in errors.groupby("code", sort=False):
            code = str(name)
            counts[code] += len(found)
            kept = examples.setdefault(code, [])
            more_examples = found.head(_EXAMPLES - len(kept))
            kept += [error for _, error in more_examples.iterrows()]
    for code, count in counts.most_common():
        yield f"{examples[code][0]['message']} ({code}: {count:,})"
        for error in examples[code]:
            yield f"    {_example(error)}"
        if count > _EXAMPLES:
            yield f"    and {count - _EXAMPLES:,} more"


def _example(error: "pd.Series[Any]") -> str:
    """Say where one error is, and what stands there: ``"March" B14, Points: "12 p" (did you mean 12?)``."""
    told = {str(name): value for name, value in error.items() if not pd.isna(value)}
    text = str(told["cell"]) if "cell" in told else f"row {told['row']}"
    if "sheet" in told:
        text = f'"{told["sheet"]}" {text}'
    if "column" in told:
        text += f", {told['column']}"
    if "value" in told:
        text += f': "{told["value"][:60]}"'
    if "suggestion" in told:
        text += f" ({_hint(told['suggestion'])})"
    return text


def _hint(suggestion: str) -> str:
    """Ask about a value that was probably meant; give advice as it is."""
    is_advice = " " in suggestion and suggestion[0].islower()
    return suggestion if is_advice else f"did you mean {suggestion}?"


@dataclass
class _Skipped:
    """What was skipped for one reason, with its first places."""

    count: int = 0
    runs: list[tuple[int, int]] = field(default_factory=list)  # neighboring rows, from and to
    runs_count: int = 0
    sheets: list[str] = field(default_factory=list)  # left out as a whole
    last_row: int = -1

    def add(self, skipped: pd.DataFrame) -> None:
        """Take in more, in order of the file."""
        self.count += len(skipped)
        # What has no row stands for a whole sheet.
        whole_sheets = skipped.loc[skipped["row"].isna(), "sheet"].dropna()
        self.sheets += [f'"{sheet}"' for sheet in whole_sheets]
        for row in skipped["row"].dropna().astype(int).tolist():
            self._add_row(row)

    def _add_row(self, row: int) -> None:
        # A file may have a million blank rows: all of the runs are counted, and only those that will be named are kept.
        begins_run = row != self.last_row + 1
        if begins_run:
            self.runs_count += 1
            if len(self.runs) <= _EXAMPLES:
                self.runs.append((row, row))
        elif len(self.runs) == self.runs_count:
            first, _ = self.runs[-1]
            self.runs[-1] = (first, row)
        self.last_row = row

    def places(self) -> str:
        """Name the first ones, and say how many more there are."""
        ranges = [_row_range(first, last) for first, last in self.runs]
        named = [*ranges, *self.sheets][:_EXAMPLES]
        listed = ", ".join(named)
        all_count = self.runs_count + len(self.sheets)
        left_count = all_count - len(named)
        return f"{listed} and {left_count:,} more" if left_count else listed


def _skipped_lines(parts: Iterable[pd.DataFrame]) -> Iterator[str]:
    skipped_for: dict[str, _Skipped] = {}
    for skipped in parts:
        for reason, rows in skipped.groupby("reason", sort=False):
            of_reason = skipped_for.setdefault(str(reason), _Skipped())
            of_reason.add(rows)
    for reason, of_reason in skipped_for.items():
        yield f"Skipped, {reason}: {of_reason.count:,} ({of_reason.places()})"


def _row_range(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values, with None for what is empty."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in record.items()}
        for record in frame.astype(object).to_dict("records")
    ]
