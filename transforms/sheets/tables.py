"""Find the tables of a file: every row of headings begins one, and its rows are read by these headings alone.

    first row with all required headings -> a table; above it stand titles
    a later row with the same headings in the same columns -> the same table goes on ("repeated heading")
    a later row with other ones, or in another order -> the next table
    a later row that is nearly one of headings -> the file is refused, since nobody can tell how to read on

A sheet without headings beside one that has them is a side sheet (`transforms.sheets.side_sheets`), named as skipped;
but where its rows look like events the file is refused, since they would be lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.sheets.fields import FIELD_OF_HEADING, FIELDS, MARKED_FIELDS, REQUIRED, normalize_heading
from transforms.sheets.heading_rows import (
    SEARCHED_ROWS,
    heading_rows,
    is_nearly_heading,
    targets_of_row,
    texts_of_row,
)
from transforms.sheets.headings import Table, read_headings
from transforms.sheets.layout import Layout
from transforms.sheets.lost_rows import rows_like_events
from transforms.sheets.nearest import no_headings
from transforms.sheets.sheet import FileError, Place, Sheet, begin_of_sheet
from transforms.sheets.side_sheets import SideSheet, tell_side_sheet
from transforms.vocabulary import Code

_SHOWN_HEADINGS = 5


@dataclass(frozen=True)
class Tables:
    """The tables of a file in its order, and the sheets that have none."""

    tables: tuple[Table, ...]
    side_sheets: tuple[SideSheet, ...]


def find_tables(sheets: Sequence[Sheet], layouts: Sequence[Layout] = ()) -> Tables:
    """Find all tables of the sheets; raise `FileError` where there are none, or headings that are wrong."""
    tables: list[Table] = []
    others: list[Sheet] = []
    for sheet in sheets:
        of_sheet = list(_tables_of(sheet, layouts))
        tables += of_sheet
        if not of_sheet:
            others.append(sheet)
    if not tables:
        raise no_headings(sheets, layouts)
    side_sheets = tuple(tell_side_sheet(sheet, tables, layouts) for sheet in others)
    return Tables(tuple(tables), side_sheets)


def continue_table(table: Table, sheet: Sheet, layouts: Sequence[Layout] = ()) -> tuple[Table, ...]:
    """Return the tables of the next rows of a sheet that is read in parts: `table` goes on, until new headings come."""
    continued = replace(table, sheet=sheet)
    if sheet.heading_row is not None:
        return (continued,)
    return tuple(_split(continued, heading_rows(sheet, layouts), layouts))


def _tables_of(sheet: Sheet, layouts: Sequence[Layout]) -> Iterator[Table]:
    if sheet.heading_row is not None:  # keys of JSON or XML
        yield read_headings(sheet, sheet.heading_row, layouts)
        return
    rows = heading_rows(sheet, layouts)
    first = _first_headings(sheet, rows, layouts)
    if first is None:
        return
    _refuse_headings_above(sheet, first, layouts)
    table = read_headings(sheet, first, layouts)
    # Rows above the headings are read by nobody. One that looks like an event was meant to be sent, and would be
    # missing without a word.
    _refuse_rows_above(table)
    later = [row for row in rows if row > first]
    yield from _split(table, later, layouts)


def _first_headings(sheet: Sheet, rows: Sequence[int], layouts: Sequence[Layout]) -> int | None:
    """Return the first of the rows that has all headings which a service requires."""
    searched = set(sheet.cells.index[:SEARCHED_ROWS])
    for row in rows:
        if row in searched and targets_of_row(sheet, row, layouts):
            return row
    return None


def _split(table: Table, later_rows: Sequence[int], layouts: Sequence[Layout]) -> Iterator[Table]:
    """Cut the table's sheet where other headings begin; `later_rows` are those of headings below its own."""
    cells = table.sheet.cells
    begin = cells.index[0] if len(cells) else 0
    repeated: set[int] = set()
    for row in later_rows:
        if _repeats(table, row):
            repeated.add(row)
            continue
        # Neither a row nor headings: read by the headings above, each cell below it would stand under the wrong one.
        if not targets_of_row(table.sheet, row, layouts):
            raise _half_a_heading(table, row)
        following = read_headings(table.sheet, row, layouts)
        yield _cut(table, repeated, begin, row)
        table, repeated, begin = following, set(), row
    yield _cut(table, repeated, begin, None)


def _cut(table: Table, repeated: set[int], begin: int, end: int | None) -> Table:
    """Return the table with its rows alone, from `begin` up to `end`."""
    cells = table.sheet.cells
    is_own = cells.index >= begin
    if end is not None:
        is_own &= cells.index < end
    own = table.sheet if is_own.all() else replace(table.sheet, cells=cells[is_own])
    return replace(table, sheet=own, repeated_rows=frozenset(repeated))


def _repeats(table: Table, row: int) -> bool:
    """Tell whether a row names the same fields in the same columns: a shorter or longer one begins another table."""
    field_of = {normalize_heading(str(table.heading(field))): field for field in table.columns}
    # What the table's own headings do not name may still be a field: a second export with one column more.
    field_of = {**FIELD_OF_HEADING, **field_of}
    read: set[tuple[str, int]] = set()
    for column, text in texts_of_row(table.sheet, row).items():
        field = field_of.get(normalize_heading(text))
        if field is not None:
            read.add((field, column))
    # The columns that a marked copy adds stand beside the first headings alone, and hold for all.
    added = {(field, column) for field, column in table.columns.items() if field in MARKED_FIELDS}
    return read | added == set(table.columns.items())


def _half_a_heading(table: Table, row: int) -> FileError:
    """Say that a row in the middle names fields, and not all that a table needs."""
    texts = texts_of_row(table.sheet, row).values()
    named = [text for text in texts if normalize_heading(text) in FIELD_OF_HEADING]
    wanted = [FIELDS[field] for target in table.targets for field in REQUIRED[target]]
    has = ", ".join(named[:_SHOWN_HEADINGS])
    lacks = " and ".join(wanted)
    message = (
        f"{begin_of_sheet(table.sheet)}row {row} looks like a second row of headings ({has}), and lacks one of {lacks}"
        ", so nobody can tell how to read the rows below it. Mend it, or take it out, and send the file again."
    )
    return FileError(Code.HEADING_NOT_FOUND, message, Place(table.sheet.name, row))


def _refuse_headings_above(sheet: Sheet, first: int, layouts: Sequence[Layout]) -> None:
    """Refuse headings with a slip above the first good ones: the rows between the two would pass for titles."""
    above = sheet.cells.index[sheet.cells.index < first]
    for row in above[:SEARCHED_ROWS]:
        if is_nearly_heading(sheet, int(row)):
            read_headings(sheet, int(row), layouts)


def _refuse_rows_above(table: Table) -> None:
    """Refuse a table with rows above its headings, which would be passed over as titles."""
    cells = table.sheet.cells
    rows = rows_like_events(cells[cells.index < table.heading_row], table)
    if rows:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            f"{begin_of_sheet(table.sheet)}row {rows[0]}: what looks like a row of points or rewards stands above the "
            f"headings (row {table.heading_row}), {len(rows):,} in all. Move the headings above all rows, and send the "
            "file again.",
            Place(table.sheet.name, rows[0]),
        )
