"""Read Parquet by pyarrow; columns are the headings, row 1 is the first record.

Values become the text that a person would have typed: whole numbers without a point, decimals with all their digits,
times as ISO text, in UTC where the column has a zone. A number that its type cannot hold exactly says so.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.readers.limits import MAX_IN_MEMORY_BYTES, MAX_SHEET_COLUMNS, MEBIBYTE, refuse
from flows.readers.values import Keys, frame_of_columns, item_text
from transforms.sheets.sheet import DIGITS_LOST, NESTED_VALUE, FileError, Sheet
from transforms.vocabulary import Code

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_GROUP_BYTES = 4 * MAX_IN_MEMORY_BYTES
_ZEROS = re.compile(r"\.0+(?=Z?$)")  # the column's unit writes them after whole seconds: nobody has shown a fraction
_AT_ONCE = 65_536  # rows, where the caller takes all
_EXACT = {16: 2**11, 32: 2**24, 64: 2**53}  # bits of a binary fraction -> whole numbers that it holds exactly


def read_parquet(path: Path, part_rows: int | None = None) -> Iterator[Sheet]:
    """Read a Parquet file as one sheet without a name, in parts of `part_rows`, or whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _check_limits(file.metadata)
            batches = file.iter_batches(part_rows or _AT_ONCE)
            yield from _sheets(file.schema_arrow.names, batches, whole=part_rows is None)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        why = " ".join(str(error).split())[:200]  # pyarrow says some things over many lines
        raise FileError(
            Code.FILE_UNREADABLE, f"the Parquet file cannot be read: {why}. Export it again and send that."
        ) from None


def _check_limits(metadata: Any) -> None:
    if metadata.num_columns > MAX_SHEET_COLUMNS:
        raise refuse(f"the Parquet file has {metadata.num_columns:,} columns", f"{MAX_SHEET_COLUMNS:,}", "Send fewer.")
    # A row group is unpacked as a whole, however few rows of it are asked for at once.
    sizes = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    largest = max(sizes, default=0)
    if largest > _MAX_GROUP_BYTES:
        raise refuse(
            f"a row group of the Parquet file has {largest // MEBIBYTE:,} MiB",
            f"{_MAX_GROUP_BYTES // MEBIBYTE:,} MiB",
            "Write it with smaller row groups.",
        )


def _sheets(names: list[str], batches: Iterator["pa.RecordBatch"], *, whole: bool) -> Iterator[Sheet]:
    # Parquet allows two columns of one name; taken in as the keys of an item, they are refused.
    keys = Keys()
    keys.add((0, [(name, None) for name in names]))
    columns: list[list[str | None]] = [[name] for name in names]
    first = 0
    for batch in batches:
        for column, values in zip(columns, batch.columns, strict=True):
            column += _texts(values)
        if not whole:
            yield _sheet(columns, first)
            first += len(columns[0])
            columns = [[] for _ in names]
    if whole or not first:
        yield _sheet(columns, first)


def _sheet(columns: list[list[str | None]], first: int) -> Sheet:
    height = len(columns[0]) if columns else 0
    return Sheet(name=None, cells=frame_of_columns(columns, height, first), heading_row=0)


def _texts(values: "pa.Array") -> list[str | None]:
    """Write the values of a column as text; None where there is none."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_dictionary(kind):
        return _texts(values.dictionary_decode())
    if pa.types.is_floating(kind):
        exact_to = _EXACT[kind.bit_width]
        return [_float_text(value, text, exact_to) for value, text in zip(values, _as_text(values), strict=True)]
    if pa.types.is_timestamp(kind):
        # The same moments in UTC; as text they would else have the offset of the column's zone.
        in_utc = values if kind.tz is None else values.cast(pa.timestamp(kind.unit, "UTC"))
        return [None if text is None else _ZEROS.sub("", text) for text in _as_text(in_utc)]
    if pa.types.is_decimal(kind) or pa.types.is_boolean(kind) or isinstance(kind, pa.BaseExtensionType):
        return [item_text(value) for value in values.to_pylist()]
    if pa.types.is_nested(kind):
        return [NESTED_VALUE if is_there else None for is_there in values.is_valid().to_pylist()]
    return _as_text(values)


def _as_text(values: "pa.Array") -> list[str | None]:
    import pyarrow as pa

    texts: list[str | None] = values.cast(pa.string()).to_pylist()
    return texts


def _float_text(value: Any, text: str | None, exact_to: int) -> str | None:
    """Write the shortest decimal number that is this fraction; one beyond what the type counts exactly says so."""
    number = value.as_py()
    is_nan = number != number  # pandas writes it for an empty cell
    if text is None or number is None or is_nan:
        return None
    if abs(number) > exact_to:
        return DIGITS_LOST
    return item_text(Decimal(text))
