"""Limits that protect the machine from a file; each refusal names the limit."""

from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

MEBIBYTE = 2**20
MAX_UNPACKED_BYTES = 1024 * MEBIBYTE  # of all parts of a workbook; a full sheet of 1,048,576 rows by 10 takes half
MAX_RATIO = 200  # unpacked to packed; real sheets reach 10 to 40
RATIO_APPLIES_FROM = 16 * MEBIBYTE
MAX_PARTS = 10_000
MAX_ROWS, MAX_SHEET_COLUMNS = 1_048_576, 16_384  # of a sheet, in every spreadsheet program
MAX_COLUMNS = 1_000  # up to the last one that holds anything; the documents name a dozen
MAX_CELLS = 20_000_000  # of the rectangle from A1 to the last cell of a sheet
MAX_EMPTY_CELLS, MAX_EMPTY_SHARE = 2_000_000, 500  # a stray cell at the end must not make the machine lay out the rest
MAX_IN_MEMORY_BYTES = 256 * MEBIBYTE  # of JSON, XML and HTML, which are read as a whole
MAX_LINE = 16 * MEBIBYTE  # characters of one item of JSON Lines
MAX_SHEETS = 400  # one for every day of a year, and some more
MAX_TEXT = 512 * MEBIBYTE  # signs in the cells of a workbook, where one long text may stand in a million of them
MAX_SPANNED = 2_000_000  # cells of a page that others reach into


def refuse(what: str, limit: str, advice: str) -> FileError:
    """Word a refusal: what the file has, what is allowed, what to do."""
    return FileError(Code.FILE_UNREADABLE, f"{what}, more than the limit of {limit}. {advice}")


def check_size(size: int, kind: str) -> None:
    """Refuse a file that would be read into memory as a whole and is too large for that."""
    if size > MAX_IN_MEMORY_BYTES:
        raise refuse(
            f"the {kind} file has {size // MEBIBYTE} MiB",
            f"{MAX_IN_MEMORY_BYTES // MEBIBYTE} MiB",
            "Split it, or save it as CSV.",
        )


def check_text(signs: int) -> None:
    """Refuse a workbook whose cells hold more text than a machine has memory for: one text may stand in every cell."""
    if signs > MAX_TEXT:
        raise refuse(
            f"the cells of the workbook hold {signs // MEBIBYTE:,} MiB of text",
            f"{MAX_TEXT // MEBIBYTE} MiB",
            "Delete the columns of long texts that nobody needs here, and send the rest.",
        )


def check_columns(columns: int) -> None:
    """Refuse a table that is wider than any export: each column costs time, whether a rule reads it or not."""
    if columns > MAX_COLUMNS:
        raise refuse(
            f"the rows reach to column {columns:,}",
            f"{MAX_COLUMNS:,} columns",
            "Delete the columns that nobody needs here, and stray cells far to the right, and send the rest.",
        )


def check_cells(rows: int, columns: int, filled: int, sheet: str) -> None:
    """Refuse a sheet whose last cell is absurdly far from its first, for what it holds."""
    reach = f'the sheet "{sheet}" reaches to row {rows:,} and column {columns:,}'
    advice = "Delete the stray cells far to the right or below, or save the rows as CSV."
    if rows > MAX_ROWS or columns > MAX_SHEET_COLUMNS:
        raise refuse(reach, f"{MAX_ROWS:,} rows and {MAX_SHEET_COLUMNS:,} columns", advice)
    cells = rows * columns
    # A small sheet may be as empty as it likes; to lay it out costs too little to send a person away for it.
    is_large = cells > MAX_EMPTY_CELLS
    if is_large and cells > filled * MAX_EMPTY_SHARE:
        raise refuse(f"{reach} for {filled:,} filled cells", f"{MAX_EMPTY_SHARE} cells for each filled one", advice)
    if cells > MAX_CELLS:
        raise refuse(f"{reach}: {cells:,} cells", f"{MAX_CELLS:,}", advice)
