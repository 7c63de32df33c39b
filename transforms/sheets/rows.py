"""From tables to rows: one frame of the text of every row of the file, and a list of what is no row.

What is no row is told by `transforms.sheets.no_rows`, and so are sheets without headings beside one that has them. Each
is named with its reason: a row is never dropped in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from transforms.sheets.cells import clean_text, without_dashes
from transforms.sheets.encodings import Doubtful, as_answered, find_doubtful
from transforms.sheets.fields import FIELDS
from transforms.sheets.headings import Table
from transforms.sheets.ids import undress
from transforms.sheets.no_rows import reasons_of
from transforms.sheets.notes import Observation
from transforms.sheets.sheet import FileError, Place, Sheet, column_letters
from transforms.sheets.shown import as_shown, find_shown_otherwise
from transforms.sheets.side_sheets import SideSheet
from transforms.sheets.staff import staff_of, staff_texts
from transforms.sheets.swallowed import refuse_swallowed
from transforms.vocabulary import Code

SKIPPED_COLUMNS = ["sheet", "row", "reason"]
_EXAMPLES = 5

IDS = ("client_id", "reward_id", "payout_id", "source_id")
_DRESSED = (*IDS, "site_id", "points")  # what programs put quotation marks around, or make a float of
_WITH_DASH = ("amount", "description")  # an amount of "-" may be a zero in an accounting format: refused, not guessed


@dataclass(frozen=True)
class Shifted:
    """Rows of delimited text with more values than headings."""

    first_rows: tuple[int, ...] = ()  # five at most
    count: int = 0
    headings: int = 0  # of the table of the first one

    def __add__(self, later: "Shifted") -> "Shifted":
        """Join what was found further down."""
        return Shifted(
            first_rows=(self.first_rows + later.first_rows)[:_EXAMPLES],
            count=self.count + later.count,
            headings=self.headings or later.headings,
        )


NOT_SHIFTED = Shifted()


@dataclass(frozen=True)
class Collected:
    """What the tables of a file hold.

    rows: one per row of the file in its order, with a unique index, `table` (place in `tables`), `sheet`, `row`, and a
    text column for every field of `FIELDS` and `staff`; NA where the cell is empty or the sheet has no such column.
    skipped: `sheet`, `row` (NA for a whole sheet), `reason`.
    shifted: rows whose values may all stand under a wrong heading; a file that has any is refused as a whole.
    """

    rows: pd.DataFrame
    skipped: pd.DataFrame
    shifted: Shifted
    observations: tuple[Observation, ...]
    doubtful: tuple[Doubtful, ...] = ()


def collect_rows(tables: Sequence[Table], side_sheets: Sequence[SideSheet]) -> Collected:
    """Bring the rows of all tables of a file together."""
    parts = [_split_rows(table) for table in tables]
    rows = pd.concat([part.rows.assign(table=place) for place, part in enumerate(parts)], ignore_index=True)
    skipped = pd.concat([*(part.skipped for part in parts), _skipped_sheets(side_sheets)], ignore_index=True)
    shifted = NOT_SHIFTED
    observations: list[Observation] = []
    doubtful: list[Doubtful] = []
    for part in parts:
        shifted += part.shifted
        observations += part.observations
        doubtful += part.doubtful
    return Collected(
        rows=rows[["table", "sheet", "row", *FIELDS, "staff"]],
        skipped=skipped.astype({"sheet": "str", "row": "Int64", "reason": "str"}),
        shifted=shifted,
        observations=tuple(observations),
        doubtful=tuple(doubtful),
    )


def _split_rows(table: Table) -> Collected:
    table = as_answered(table)
    refuse_swallowed(table)
    cells = _clean_cells(table)
    reason = reasons_of(cells, table)
    kept = cells[reason.isna() & (cells.index != table.heading_row)]
    fields = _fields(kept, table)
    bare = {field: undress(fields[field]) for field in _DRESSED}
    name = table.sheet.name
    staff = staff_texts(kept, staff_of(table))
    rows = pd.DataFrame({"sheet": name, "row": kept.index, **fields, **bare, "staff": staff}, index=kept.index)
    missed = reason.dropna()
    skipped = pd.DataFrame({"sheet": name, "row": missed.index, "reason": missed})
    observations = (
        *_find_undressed(table, fields, bare),
        *_find_unheaded(table, kept),
        *_find_short(table, kept),
        *find_shown_otherwise(table, kept),
    )
    return Collected(
        rows=rows.astype({"sheet": "str", "row": "int64"}),
        skipped=skipped,
        shifted=_find_shifted(kept, table),
        observations=observations,
        doubtful=tuple(find_doubtful(table, kept.index)),
    )


def _clean_cells(table: Table) -> pd.DataFrame:
    """Return the table's cells without blanks around them; a description keeps its line breaks."""
    description = table.columns.get("description")
    raw = _with_errors(table.sheet)
    cells = {}
    for column in raw.columns:
        is_prose = str(column) == str(description)
        cells[column] = clean_text(raw[column], is_prose=is_prose)
    return pd.DataFrame(cells)


def _fields(cells: pd.DataFrame, table: Table) -> dict[str, pd.Series]:
    """Return the text of every documented field as a person sees it; NA where the table has no such column."""
    fields = {field: _field_text(cells, table, field) for field in FIELDS}
    fields = as_shown(fields, table)
    fields["action_date_time"] = _with_time_of_day(fields["action_date_time"], cells, table)
    return fields


def _find_undressed(
    table: Table, before: Mapping[str, pd.Series], after: Mapping[str, pd.Series]
) -> Iterator[Observation]:
    for field in IDS:
        dressed, bare = before[field], after[field]
        is_changed = dressed.notna() & (dressed != bare)
        changed = dressed.index[is_changed]
        if changed.empty:
            continue
        first = changed[0]
        yield Observation(
            what=f"read without the signs that a program put around it, {dressed[first]} as {bare[first]}",
            sheet=table.sheet.name,
            column=str(table.heading(field)),
            row=int(first),
            count=len(changed),
        )


def _find_unheaded(table: Table, cells: pd.DataFrame) -> Iterator[Observation]:
    """Tell values that no heading stands above, and that nobody reads."""
    if table.sheet.heading_row is not None:
        return
    headed = {column for column, text in enumerate(table.headings) if text is not None}
    for column in cells.columns:
        filled = cells.index[cells[column].notna()]
        if int(column) not in headed and len(filled):
            letters = column_letters(int(column)) if table.sheet.has_addresses else f"{int(column) + 1}"
            yield Observation(
                what=f"column {letters} has no heading, so it was not read: it holds a value",
                sheet=table.sheet.name,
                column=None,
                row=int(filled[0]),
                count=len(filled),
            )


def _find_short(table: Table, rows: pd.DataFrame) -> Iterator[Observation]:
    """Tell rows of delimited text with fewer values than headings: a lost separator shifts what comes after it."""
    short = table.sheet.short_rows
    headed = _headed_columns(table)
    found = short[(short < headed) & short.index.isin(rows.index)]
    if len(found):
        values = "1 value" if found.iloc[0] == 1 else f"{found.iloc[0]} values"
        yield Observation(
            what=f"{values} under {headed} headings, and what is missing was read as empty,",
            sheet=table.sheet.name,
            column=None,
            row=int(found.index[0]),
            count=len(found),
            kind="short",
        )


def _with_errors(sheet: Sheet) -> pd.DataFrame:
    """Show #N/A and the like in the cells that hold them, so that no such cell looks empty."""
    cells = sheet.cells
    if not sheet.error_cells:
        return cells
    places = pd.MultiIndex.from_tuples(list(sheet.error_cells), names=["row", "column"])
    errors = pd.Series(list(sheet.error_cells.values()), index=places, dtype="str")
    shown = errors.unstack("column").combine_first(cells)
    # An error may lie beside the cells that hold anything else.
    return shown.reindex(index=cells.index, columns=cells.columns).astype("str")


def _find_shifted(rows: pd.DataFrame, table: Table) -> Shifted:
    """Find rows of delimited text with more values than headings."""
    if table.sheet.has_addresses or table.sheet.heading_row is not None:
        return NOT_SHIFTED
    headed = _headed_columns(table)
    beyond = [column for column in rows.columns if int(column) >= headed]
    if not beyond:
        return NOT_SHIFTED
    is_shifted = rows[beyond].notna().any(axis=1)
    shifted = rows.index[is_shifted]
    first_rows = tuple(int(row) for row in shifted[:_EXAMPLES])
    return Shifted(first_rows, count=len(shifted), headings=headed if len(shifted) else 0)


def _headed_columns(table: Table) -> int:
    return 1 + max(column for column, text in enumerate(table.headings) if text is not None)


def refuse_shifted(shifted: Shifted) -> None:
    """Raise `FileError` where a row has more values than headings: every value may stand under a wrong one."""
    if not shifted.count:
        return
    rows = ", ".join(map(str, shifted.first_rows))
    more = shifted.count - len(shifted.first_rows)
    if more:
        rows += f" and {more:,} more"
    raise FileError(
        Code.FILE_UNREADABLE,
        f"more values than the {shifted.headings} headings in row {rows}, so nobody can tell which value belongs "
        "where. Put values that hold the delimiter in quotation marks.",
        Place(row=shifted.first_rows[0]),
    )


def _field_text(cells: pd.DataFrame, table: Table, field: str) -> pd.Series:
    if field not in table.columns:
        return pd.Series(None, index=cells.index, dtype="str")
    texts = cells[table.columns[field]]
    return texts if field in _WITH_DASH else without_dashes(texts)


def _with_time_of_day(days: pd.Series, cells: pd.DataFrame, table: Table) -> pd.Series:
    """Put the times of another column beside the days of this one, where a layout says that they are one."""
    column = table.time_of_day
    if column is None:
        return days
    times = cells[column]
    # A spreadsheet's date has a midnight of its own.
    alone = days.str.replace(r"[T ]00:00(?::00(?:[.,]0+)?)?$", "", regex=True)
    return days.where(times.isna(), alone + " " + times)


def _skipped_sheets(side_sheets: Sequence[SideSheet]) -> pd.DataFrame:
    found = [(side.sheet.name, None, side.reason) for side in side_sheets]
    return pd.DataFrame(found, columns=SKIPPED_COLUMNS)
