"""Read CSV, TSV and their like: any of , ; tab | between the values, quoted line breaks, any encoding of `encoding`."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from flows.readers.cut_off import ending_notes
from flows.readers.encoding import ANY_BYTES, encoding_notes, find_encoding
from flows.readers.limits import MAX_COLUMNS
from flows.readers.plain_text import Reached, is_long_and_plain, read_plain
from flows.readers.short_rows import ValueCounts
from flows.readers.values import frame_of
from transforms.sheets.fields import count_known_headings
from transforms.sheets.sheet import FileError, Sheet
from transforms.vocabulary import Code

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS = 256 * 1024
_MAX_FIELD = 2**20
_ALL_ROWS = 2**31 - 1
# For the sample too: a value past the usual limit would leave it without a row, and the file with one column.
csv.field_size_limit(_MAX_FIELD)


def read_delimited(path: Path, part_rows: int | None = None) -> Iterator[Sheet]:
    """Read a text file of delimited values as one sheet without a name, in parts of `part_rows`, or whole.

    A row is a record, as in a spreadsheet program: a quoted line break does not start a new one, an empty line does.
    """
    form = _tell_form(path)
    counts = ValueCounts(path, form.encoding, form.delimiter, width=form.width, hidden=form.hidden)
    read = pd.DataFrame()
    try:
        # pandas takes a minute for 40,000 columns, and most of so many are empty: row by row they are cut off.
        if form.width > MAX_COLUMNS:
            raise pd.errors.ParserError
        for read in _read_fast(path, form, counts, part_rows):
            yield _sheet(read, form, counts)
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        # A row is wider than any of the sample, or a quotation mark is not closed.
        for cells in _read_ragged(path, form, part_rows, read):
            yield _sheet(cells, form, counts)


def _sheet(cells: pd.DataFrame, form: "_Form", counts: ValueCounts) -> Sheet:
    return Sheet(
        name=None,
        cells=cells,
        notes=form.notes,
        delimiter=form.delimiter,
        is_encoding_guessed=form.encoding == ANY_BYTES,
        short_rows=counts.short_rows(cells.index),
    )


@dataclass(frozen=True)
class _Form:
    """How the text is written, as far as its beginning tells."""

    encoding: str
    delimiter: str
    hidden: int  # lines that a spreadsheet program hides
    width: int  # values in a row, at most
    notes: tuple[str, ...]


def _tell_form(path: Path) -> _Form:
    encoding = find_encoding(path, takes_any=True)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS).removeprefix("\ufeff")
    # Excel's own line "sep=;" names the delimiter, and Excel does not show it.
    has_own_line = sample.lower().startswith("sep=")
    named = sample[4:5].strip("\r\n") if has_own_line else ""
    delimiter = named or find_delimiter(sample)
    return _Form(
        encoding=encoding,
        delimiter=delimiter,
        hidden=1 if has_own_line else 0,
        width=_width(sample, delimiter),
        notes=encoding_notes(encoding) + ending_notes(path, encoding, delimiter),
    )


def find_delimiter(sample: str) -> str:
    """Return the delimiter that makes a line of the sample show most known headings, then the most values."""

    def score(delimiter: str) -> tuple[int, int]:
        rows = _sample_rows(sample, delimiter)
        most_headings = max(map(count_known_headings, rows), default=0)
        most_values = max(map(len, rows), default=0)
        return most_headings, most_values

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


def _read_fast(path: Path, form: _Form, counts: ValueCounts, part_rows: int | None) -> Iterator[pd.DataFrame]:
    """Read by Arrow's parser as far as it surely reads as pandas' does, and by that from there."""
    reached = Reached()
    if part_rows and counts.are_equal and is_long_and_plain(path, form.encoding, form.width):
        for cells, until in read_plain(path, form.delimiter, form.width, part_rows):
            reached = until
            yield cells
    if not reached.is_end:
        yield from _read_by_pandas(path, form, part_rows, reached.rows)


def _read_by_pandas(path: Path, form: _Form, part_rows: int | None, rows_above: int) -> Iterator[pd.DataFrame]:
    """Read by pandas' C parser what comes below rows of a line each."""
    with pd.read_csv(
        path,
        sep=form.delimiter,
        encoding=form.encoding,
        header=None,
        names=range(form.width),
        index_col=False,
        skiprows=form.hidden + rows_above,
        dtype=str,
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=False,
        chunksize=part_rows or _ALL_ROWS,
        # pandas unpacks a file by its name, and text that is called rows.csv.gz is text all the same.
        compression=None,
    ) as parts:
        for cells in parts:
            yield cells.set_axis(cells.index + rows_above + 1)


def _read_ragged(path: Path, form: _Form, part_rows: int | None, read: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Read what comes after `read` row by row, however many values each has; at least one part, if only an empty one.

    Both ways must have counted alike, or a row would be taken twice or never.
    """
    rows = _rows(path, form)
    reached = int(read.index[-1]) if len(read) else 0
    if reached:
        # The last row that was read is read again, and has to be the same one.
        last = [text if isinstance(text, str) else None for text in read.iloc[-1]]
        again = next(islice(rows, reached - 1, None), [])
        if [text or None for text in again] != last[: len(again)]:
            raise _broken(reached, "the rows above are counted in two ways")
    while part := list(islice(rows, part_rows)):
        yield frame_of(part, reached + 1)
        reached += len(part)
    if not reached:
        yield frame_of([])


def _rows(path: Path, form: _Form) -> Iterator[list[str]]:
    reached = 0
    try:
        with path.open(encoding=form.encoding, newline="") as file:
            for reached, row in enumerate(csv.reader(file, delimiter=form.delimiter, strict=True), start=1):
                if reached > form.hidden:
                    yield row
    except csv.Error as error:
        raise _broken(reached, str(error)) from None


def _broken(row: int, why: str) -> FileError:
    return FileError(
        Code.FILE_UNREADABLE,
        f"after row {row} the text cannot be split into values ({why}). Look for a quotation mark there "
        "that is not closed, or a value of more than a million characters.",
    )
