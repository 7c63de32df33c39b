"""Find the tables of a file: every row of headings begins one, and its rows are read by these headings alone.

    first row with all required headings -> a table; above it stand titles
    a later row with the same headings in the same columns -> the same table goes on ("repeated heading")
    a later row with other ones, or in another order -> the next table
    a later row that is nearly one of headings -> the file is refused, since nobody can tell how to read on

A sheet without headings beside one that has them is a side sheet, named as skipped; but where its rows look like events
the file is refused, since they would be lost.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from transforms.sheets.cells import is_whole, parse_choice
from transforms.sheets.fields import FIELD_OF_HEADING, FIELDS, MARKED_FIELDS, REQUIRED, is_slip, normalize_heading
from transforms.sheets.headings import Table, fields_of, read_headings
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import FileError, Place, Sheet
from transforms.vocabulary import Action, Code, Target

SEARCHED_ROWS = 200  # titles and notes above the first headings; a report's fit on a page
_SAMPLE_ROWS = 1_000  # of a table, to tell what its ids look like
_LONGEST_HEADING = 60
_SHOWN_WORDS = 8


@dataclass(frozen=True)
class SideSheet:
    """A sheet that is no table, and why."""

    sheet: Sheet
    reason: str
    like_rows: tuple[int, ...] = ()  # rows that may be events all the same, under headings that nobody can tell


@dataclass(frozen=True)
class Tables:
    """The tables of a file in its order, and the sheets that have none."""

    tables: tuple[Table, ...]
    side_sheets: tuple[SideSheet, ...]


def find_tables(sheets: Sequence[Sheet], layouts: Sequence[Layout] = ()) -> Tables:
    """Find all tables of the sheets; raise `FileError` where there are none, or headings that are wrong."""
    found = {place: tuple(_tables_of(sheet, layouts)) for place, sheet in enumerate(sheets)}
    tables = tuple(table for of_sheet in found.values() for table in of_sheet)
    if not tables:
        raise _no_table(sheets, layouts)
    others = [sheets[place] for place, of_sheet in found.items() if not of_sheet]
    return Tables(tables, tuple(_side_sheet(sheet, tables, layouts) for sheet in others))


def continue_table(table: Table, sheet: Sheet, layouts: Sequence[Layout] = ()) -> tuple[Table, ...]:
    """Return the tables of the next rows of a sheet that is read in parts: `table` goes on, until new headings come."""
    if sheet.heading_row is not None:
        return (replace(table, sheet=sheet),)
    return tuple(_split(replace(table, sheet=sheet), _heading_rows(sheet, layouts), layouts))


def _tables_of(sheet: Sheet, layouts: Sequence[Layout]) -> Iterator[Table]:
    if sheet.heading_row is not None:  # keys of JSON or XML
        yield read_headings(sheet, sheet.heading_row, layouts)
        return
    rows = _heading_rows(sheet, layouts)
    searched = set(sheet.cells.index[:SEARCHED_ROWS])
    first = next((row for row in rows if row in searched and _targets(sheet, row, layouts)), None)
    if first is None:
        return
    _refuse_headings_above(sheet, first, layouts)
    table = read_headings(sheet, first, layouts)
    _refuse_rows_above(table)
    yield from _split(table, [row for row in rows if row > first], layouts)


def _split(table: Table, heading_rows: Sequence[int], layouts: Sequence[Layout]) -> Iterator[Table]:
    """Cut the table's sheet where other headings begin; `heading_rows` are below its own."""
    cells = table.sheet.cells
    begin = cells.index[0] if len(cells) else 0
    repeated: set[int] = set()
    for row in heading_rows:
        if _repeats(table, row):
            repeated.add(row)
            continue
        if not _targets(table.sheet, row, layouts):
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
    texts = _texts(table.sheet, row)
    field_of = {normalize_heading(str(table.heading(field))): field for field in table.columns}
    # What the table's own headings do not name may still be a field: a second export with one column more.
    field_of = {**FIELD_OF_HEADING, **field_of}
    named = {(field_of.get(normalize_heading(text)), column) for column, text in texts.items()}
    read = {(field, column) for field, column in named if field is not None}
    # The columns that a marked copy adds stand beside the first headings alone, and hold for all.
    added = {(field, column) for field, column in table.columns.items() if field in MARKED_FIELDS}
    return read | added == set(table.columns.items())


def _heading_rows(sheet: Sheet, layouts: Sequence[Layout]) -> list[int]:
    """Return the rows that hold at least two different known headings, in order."""
    known = set(FIELD_OF_HEADING)
    for layout in layouts:
        known |= {normalize_heading(heading) for heading in layout.columns}
    # A long sheet has headings in few of its cells: one look at a column says that it has none.
    roots = {heading[:4] for heading in known}
    count: Counter[int] = Counter()
    for column in sheet.cells.columns:
        texts = sheet.cells[column].dropna()
        if not _may_hold(texts, roots):
            continue
        short = [text for text in texts.unique() if len(text) <= _LONGEST_HEADING]
        headings = {text: normalize_heading(text) for text in short if normalize_heading(text) in known}
        count.update(texts.index[texts.isin(list(headings))].tolist())
    return sorted(row for row, headings in count.items() if headings >= 2)


def _may_hold(texts: pd.Series, roots: set[str]) -> bool:
    joined = "\n".join(texts.to_numpy(object))
    if not joined.replace("\n", "").isprintable():
        return True
    joined = joined.casefold()
    return any(root in joined for root in roots)


def _targets(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> list[Target]:
    """Return the services whose required headings are all in this row."""
    texts = _normalized(sheet, row)
    field_of, _ = fields_of(texts, layouts)
    fields = {field_of[text] for text in texts if text in field_of}
    return [target for target, required in REQUIRED.items() if fields >= set(required)]


def _normalized(sheet: Sheet, row: int) -> set[str]:
    return {normalize_heading(text) for text in _texts(sheet, row).values()}


def _texts(sheet: Sheet, row: int) -> dict[int, str]:
    """Return the filled cells of a row, by column."""
    return {column: text for column, text in enumerate(sheet.cells.loc[row]) if isinstance(text, str)}


def _refuse_headings_above(sheet: Sheet, first: int, layouts: Sequence[Layout]) -> None:
    """Refuse headings with a slip above the first good ones: the rows between the two would pass for titles."""
    above = sheet.cells.index[(sheet.cells.index < first)][:SEARCHED_ROWS]
    for row in above:
        if _is_nearly_heading(sheet, int(row)):
            read_headings(sheet, int(row), layouts)


def _is_nearly_heading(sheet: Sheet, row: int) -> bool:
    """Tell whether a row holds the id and another required heading of a service, right or with one wrong letter."""
    texts = _normalized(sheet, row)
    for required in REQUIRED.values():
        names = [FIELDS[field].casefold() for field in required]
        near = [name for name in names if name in texts or any(is_slip(text, name) for text in texts)]
        if len(near) > 1 and names[0] in near:
            return True
    return False


def _refuse_rows_above(table: Table) -> None:
    """Refuse a table with rows above its headings, which would be passed over as titles."""
    above = table.sheet.cells[table.sheet.cells.index < table.heading_row]
    rows = rows_like_events(above, table)
    if rows:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            f"{_of_sheet(table.sheet)}row {rows[0]}: what looks like a row of points or rewards stands above the "
            f"headings (row {table.heading_row}), {len(rows):,} in all. Move the headings above all rows, and send the "
            "file again.",
            Place(table.sheet.name, rows[0]),
        )


def rows_like_events(cells: pd.DataFrame, table: Table) -> list[int]:
    """Return the rows that would be events if the table's headings held for them too."""
    if any(column not in cells.columns for column in table.columns.values()):
        cells = cells.reindex(columns=range(1 + max(table.columns.values()))).astype("str")
    is_event = pd.Series(False, index=cells.index)
    if Target.MINDBODY in table.targets:
        client, points, action = (cells[table.columns[field]] for field in REQUIRED[Target.MINDBODY])
        is_event |= client.notna() & is_whole(points).eq(True) & parse_choice(action, Action).notna()
    if Target.REFERRAL_ROCK in table.targets:
        reward, payout = (cells[table.columns[field]] for field in REQUIRED[Target.REFERRAL_ROCK])
        is_event |= _is_code(reward) & _is_code(payout)
    return [int(row) for row in cells.index[is_event]]


def _is_code(texts: pd.Series) -> pd.Series:
    """Tell what could be an id from the words of a title: it has a digit and no blank."""
    return texts.str.fullmatch(r"\S*[0-9]\S*").eq(True)


def _side_sheet(sheet: Sheet, tables: Sequence[Table], layouts: Sequence[Layout]) -> SideSheet:
    """Say why a sheet beside the tables is skipped; raise `FileError` where it holds rows that would be lost."""
    if sheet.cells.empty or sheet.cells.isna().all(axis=None):
        return SideSheet(sheet, "empty sheet")
    for row in sheet.cells.index[:SEARCHED_ROWS]:
        if _is_nearly_heading(sheet, int(row)):
            read_headings(sheet, int(row), layouts)
    for table in tables:
        rows = rows_like_events(sheet.cells, table)
        if rows:
            raise FileError(
                Code.HEADING_NOT_FOUND,
                f'{_of_sheet(sheet)}{len(rows):,} rows look like those of "{table.sheet.name}", and there are no '
                f"headings above them (the first is row {rows[0]}). Copy the headings into this sheet too, and send "
                "the file again.",
                Place(sheet.name, rows[0]),
            )
    maybe = tuple(rows_maybe_events(sheet.cells, tables))
    if maybe:
        return SideSheet(sheet, f"sheet without headings; rows that look like those of a table: {len(maybe):,}", maybe)
    return SideSheet(sheet, "sheet without headings")


def rows_maybe_events(cells: pd.DataFrame, tables: Sequence[Table]) -> list[int]:
    """Return the rows that hold what a row of a table holds, in whatever columns, good or bad.

    That is the word of an action, beside an id of the shape that ids of the tables have and one more value; or the ids
    of a reward and its payout. The line of a summary ("Earned", 340) has no such id, and a list of clients no action.
    """
    shapes = cells.apply(_shapes)
    is_action = cells.apply(lambda texts: parse_choice(texts.astype("str"), Action)).notna().any(axis=1)
    is_event = is_action & _holds(shapes, tables, "client_id") & (cells.notna().sum(axis=1) > 2)
    has_both = _holds(shapes, tables, "reward_id") & _holds(shapes, tables, "payout_id")
    is_update = has_both & (cells.notna().sum(axis=1) > 1)
    return [int(row) for row in cells.index[is_event | is_update]]


def _shapes(texts: pd.Series) -> pd.Series:
    """Write 9 for every digit and A for every letter, of texts with a digit; NA for others."""
    ids = texts.where(_is_code(texts)).astype("str")
    return ids.str.replace("[0-9]", "9", regex=True).str.replace("[A-Za-z]", "A", regex=True)


def _holds(shapes: pd.DataFrame, tables: Sequence[Table], field: str) -> pd.Series:
    of_tables: set[str] = set()
    for table in tables:
        if field in table.columns:
            below = table.sheet.cells[table.sheet.cells.index > table.heading_row]
            of_tables |= set(_shapes(below[table.columns[field]].head(_SAMPLE_ROWS)).dropna())
    return shapes.isin(of_tables).any(axis=1)


def _half_a_heading(table: Table, row: int) -> FileError:
    """Say that a row in the middle names fields, and not all that a table needs."""
    texts = _texts(table.sheet, row).values()
    named = [text for text in texts if normalize_heading(text) in FIELD_OF_HEADING]
    wanted = " and ".join(FIELDS[field] for target in table.targets for field in REQUIRED[target])
    return FileError(
        Code.HEADING_NOT_FOUND,
        f"{_of_sheet(table.sheet)}row {row} looks like a second row of headings ({', '.join(named[:5])}), and lacks "
        f"one of {wanted}, so nobody can tell how to read the rows below it. Mend it, or take it out, and send the "
        "file again.",
        Place(table.sheet.name, row),
    )


def nearest_headings(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> tuple[Sheet, int] | None:
    """Return the row that comes nearest to headings, of all sheets: by known ones, else by its words."""
    for least in (2, 1):
        for sheet in sheets:
            row = None if sheet.heading_row is not None else _nearest_heading_row(sheet, least, layouts)
            if row is not None:
                return sheet, row
    return _nearest_row_of_words([sheet for sheet in sheets if sheet.heading_row is None])


def _no_table(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> FileError:
    """Say what the row that comes nearest to headings lacks."""
    for least in (2, 1):
        for sheet in sheets:
            row = _nearest_heading_row(sheet, least, layouts)
            if row is not None:
                return _refusal(sheet, row, layouts)
    told = f"no headings found in the first {SEARCHED_ROWS} rows of "
    told += f"{len(sheets)} sheets. " if len(sheets) > 1 else "the file. "
    nearest = _nearest_row_of_words(sheets)
    if nearest is not None:
        told += _told_of_words(*nearest)
    return FileError(
        Code.HEADING_NOT_FOUND,
        told
        + "A file of points needs the columns ClientId, Points and Action; a file of reward updates needs RewardId and "
        "PayoutId. Add a row of headings above the rows and send the file again.",
        None if nearest is None else Place(nearest[0].name, nearest[1]),
    )


def _nearest_row_of_words(sheets: Sequence[Sheet]) -> tuple[Sheet, int] | None:
    """Return the row that is most like one of headings though it has none that is known: most words, none of digits."""
    most, nearest = 1, None
    for sheet in sheets:
        for row in sheet.cells.index[:SEARCHED_ROWS]:
            words = _words(sheet, int(row))
            if len(words) > most:
                most, nearest = len(words), (sheet, int(row))
    return nearest


def _words(sheet: Sheet, row: int) -> list[str]:
    texts = {text.strip() for text in _texts(sheet, row).values() if len(text) <= _LONGEST_HEADING}
    return [text for text in texts if text and not any(sign.isdigit() for sign in text)]


def _told_of_words(sheet: Sheet, row: int) -> str:
    texts = [text for text in _texts(sheet, row).values() if text.strip()]
    shown = ", ".join(f'"{text.strip()[:40]}"' for text in texts[:_SHOWN_WORDS])
    more = ", …" if len(texts) > _SHOWN_WORDS else ""
    where = "The keys of the items come" if sheet.heading_row is not None else f"{_begun(sheet)}row {row} comes"
    return (
        f"{where} nearest ({shown}{more}), and none of these is a heading that is known. If they are the sheet's own "
        "words, say once which is which: `tieout layout FILE` asks. "
    )


def _begun(sheet: Sheet) -> str:
    of_sheet = _of_sheet(sheet)
    return of_sheet or "Of its rows "


def _refusal(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> FileError:
    try:
        read_headings(sheet, row, layouts)
    except FileError as error:
        return error
    raise AssertionError(f"row {row} has all headings and was not found")


def _nearest_heading_row(sheet: Sheet, least: int, layouts: Sequence[Layout]) -> int | None:
    """Return the row that holds most known headings, the first of several."""
    searched = sheet.cells.head(SEARCHED_ROWS)
    known = {int(row): _likeness(_normalized(sheet, int(row)), layouts) for row in searched.index}
    best = max(known, key=lambda row: (known[row], -row), default=None)
    return best if best is not None and known[best] >= least else None


def _likeness(texts: set[str], layouts: Sequence[Layout]) -> float:
    """Count the known headings of a row; those nearly right count a little less."""
    field_of, _ = fields_of(texts, layouts)
    known = texts & field_of.keys()
    # A row of headings with a slip in it must still be found, or the person is told that there are no headings at all.
    near = [text for text in texts - known if any(is_slip(text, heading) for heading in FIELD_OF_HEADING)]
    return len(known) + 0.9 * len(near)


def _of_sheet(sheet: Sheet) -> str:
    return "" if sheet.name is None else f'Sheet "{sheet.name}", '
