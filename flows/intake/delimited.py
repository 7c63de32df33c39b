"""Read CSV, TSV and their like: any of , ; tab | between the values, quoted line breaks, any encoding of `encoding`."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from flows.intake.cut_off import ending_notes
from flows.intake.encoding import encoding_notes, find_encoding
from flows.intake.values import frame_of
from transforms.headings import count_known_headings
from transforms.sheet import FileError, Sheet
from transforms.vocabulary import Code

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS = 256 * 1024
_MAX_FIELD = 2**20


def read_delimited(path: Path) -> list[Sheet]:
    """Read a text file of delimited values as one sheet without a name.

    A row is a record, as in a spreadsheet program: a quoted line break does not start a new one, an empty line does.
    """
    encoding = find_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
    skipped = 1 if sample.removeprefix("\ufeff").lower().startswith("sep=") else 0  # Excel's own line, which it hides
    delimiter = sample.removeprefix("\ufeff")[4] if skipped else find_delimiter(sample)
    cells = _read_fast(path, encoding, delimiter, skipped, _width(sample, delimiter))
    if cells is None:
        cells = _read_ragged(path, encoding, delimiter, skipped)
    notes = (*encoding_notes(encoding), *ending_notes(path, encoding, delimiter))
    return [Sheet(name=None, cells=cells, notes=notes)]


def find_delimiter(sample: str) -> str:
    """Return the delimiter that makes a line of the sample show most known headings, then the most values."""

    def score(delimiter: str) -> tuple[int, int]:
        rows = _sample_rows(sample, delimiter)
        return max(map(count_known_headings, rows), default=0), max(map(len, rows), default=0)

    return max(DELIMITERS, key=score)


def _sample_rows(sample: str, delimiter: str, most: int = 200) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:  # the sample may end inside a quoted value
        pass
    return rows


def _width(sample: str, delimiter: str) -> int:
    return max(map(len, _sample_rows(sample, delimiter, most=10_000)), default=1)


def _read_fast(path: Path, encoding: str, delimiter: str, skipped: int, width: int) -> pd.DataFrame | None:
    """Read by pandas' C parser; None where a row is wider than any of the sample, or a quotation mark is not closed."""
    try:
        cells = pd.read_csv(
            path,
            sep=delimiter,
            encoding=encoding,
            header=None,
            names=range(width),
            index_col=False,
            skiprows=skipped,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    return cells.set_axis(pd.RangeIndex(1, len(cells) + 1))


def _read_ragged(path: Path, encoding: str, delimiter: str, skipped: int) -> pd.DataFrame:
    """Read row by row, however many values each has."""
    csv.field_size_limit(_MAX_FIELD)
    rows: list[Sequence[str]] = []
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            rows.extend(reader)
    except csv.Error as error:
        raise FileError(
            Code.FILE_UNREADABLE,
            f"after row {len(rows)} the text cannot be split into values ({error}). Look for a quotation mark there "
            "that is not closed, or a value of more than a million characters.",
        ) from None
    return frame_of(rows[skipped:])
