"""Read one row as the headings of a table: which documented field each column holds.

A heading that is only nearly right is never taken for the right one: where its field is not there otherwise, the file
is refused with the spelling that was probably meant, since a column passed over would drop its cells in silence.
"""

import difflib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from transforms.sheets.fields import (
    FIELD_OF_HEADING,
    FIELDS,
    FIELDS_OF,
    MARKED_FIELDS,
    REQUIRED,
    is_slip,
    normalize_heading,
)
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import FileError, Place, Sheet, column_letters
from transforms.vocabulary import Code, Target


@dataclass(frozen=True)
class Table:
    """A sheet, or a part of one, whose headings are known."""

    sheet: Sheet
    heading_row: int
    headings: tuple[str | None, ...]  # as the sheet spells them, column by column
    columns: Mapping[str, int]  # field -> column of the sheet
    targets: frozenset[Target]  # what the headings can serve: one, or both
    layout: Layout | None = None  # whose headings they are, where they are not the documented ones
    repeated_rows: frozenset[int] = frozenset()  # where the same headings stand again, as on every page of a print

    def heading(self, field: str | None) -> str | None:
        """Return the heading as the sheet spells it, or None where it has no such column."""
        if field is None or field not in self.columns:
            return None
        return self.headings[self.columns[field]]

    def letters(self, field: str | None) -> str | None:
        """Return the letters of the field's column, or None where the format has no cell addresses."""
        if field is None or field not in self.columns or not self.sheet.has_addresses:
            return None
        return column_letters(self.columns[field])

    @property
    def unused(self) -> list[str]:
        """Headings that no rule reads, as the sheet spells them."""
        read = {column for field, column in self.columns.items() if field in self._read_fields}
        if self.time_of_day is not None:
            read.add(self.time_of_day)
        unread = [text for column, text in enumerate(self.headings) if column not in read]
        return [text for text in unread if text is not None]

    @property
    def _read_fields(self) -> Set[str]:
        """The fields that some rule reads: those of the services that the headings serve, and the marks."""
        fields = set(MARKED_FIELDS)
        for target in self.targets:
            fields |= FIELDS_OF[target].keys()
        return fields

    @property
    def time_of_day(self) -> int | None:
        """The column whose times belong to the days of ActionDateTime, where a layout names one."""
        if self.layout is None or "action_date_time" not in self.columns:
            return None
        for column, text in enumerate(self.headings):
            if text and self.layout.is_time_of_day(text):
                return column
        return None


def fields_of(texts: Set[str], layouts: Sequence[Layout]) -> tuple[Mapping[str, str], Layout | None]:
    """Return the field of every heading that is known in this row, and the layout that makes it so.

    Of several layouts whose headings are all there, the one with most of them holds, and the first of equals.
    """
    fitting = [layout for layout in layouts if _named(layout).keys() | _ignored(layout) <= texts]
    if not fitting:
        return FIELD_OF_HEADING, None
    chosen = max(fitting, key=_headings_count)
    own = _named(chosen)
    unread = _ignored(chosen)
    # A documented heading beside the site's own one for the same field is just another column, and so is one that a
    # person said is no field.
    rest = {
        heading: field
        for heading, field in FIELD_OF_HEADING.items()
        if field not in own.values() and heading not in unread
    }
    return {**rest, **own}, chosen


def _named(layout: Layout) -> dict[str, str]:
    """Return the field of each heading that the layout names, as headings are compared."""
    return {normalize_heading(heading): field for heading, field in layout.columns.items()}


def _ignored(layout: Layout) -> set[str]:
    return {normalize_heading(heading) for heading in layout.ignored}


def _headings_count(layout: Layout) -> int:
    return len(_named(layout)) + len(_ignored(layout))


def read_headings(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> Table:
    """Read a row as headings; raise `FileError` where a required one is missing, one is twice, or nearly right."""
    headings = tuple(text if isinstance(text, str) else None for text in sheet.cells.loc[row])
    texts = {normalize_heading(text) for text in headings if text is not None}
    fields, layout = fields_of(texts, layouts)
    columns: dict[str, int] = {}
    others: dict[int, str] = {}
    for column, text in enumerate(headings):
        if text is None:
            continue
        field = fields.get(normalize_heading(text))
        if field is None:
            others[column] = text
            continue
        # Of two columns of points, taking either is a guess about money. Those that the marked copy adds hold nothing
        # that is sent, so of these the last one holds.
        if field in columns and field not in MARKED_FIELDS:
            raise _twice(sheet, row, field, first=columns[field], second=column)
        columns[field] = column
    targets = frozenset(target for target, fields in REQUIRED.items() if columns.keys() >= set(fields))
    if not targets:
        raise _missing(sheet, row, columns, others)
    _refuse_slips(sheet, row, columns, others)
    return Table(sheet, row, headings, columns, targets, layout)


def _refuse_slips(sheet: Sheet, row: int, columns: Mapping[str, int], others: Mapping[int, str]) -> None:
    """Refuse a heading that is a slip of the pen away from a field that the sheet does not have otherwise."""
    wanted: dict[str, str] = {}
    for target, required in REQUIRED.items():
        if columns.keys() & set(required):
            wanted |= FIELDS_OF[target]
    # A lost column of receipts makes every row of a marked copy look new.
    wanted["receipt"] = FIELDS["receipt"]
    lacking = [heading for field, heading in wanted.items() if field not in columns]
    for column, text in others.items():
        meant = [heading for heading in lacking if is_slip(normalize_heading(text), heading.casefold())]
        if meant:
            raise FileError(
                Code.HEADING_NOT_FOUND,
                f'{_place(sheet, row)}: the heading "{_shown(text)}" is not known: did you mean {meant[0]}? Mend it, '
                "or give the column another name if it is something else, and send the file again.",
                _where(sheet, row, column, text),
                meant[0],
            )


def _missing(sheet: Sheet, row: int, columns: Mapping[str, int], others: Mapping[int, str]) -> FileError:
    target = _most_likely_target(columns)
    missing = [FIELDS[field] for field in REQUIRED[target] if field not in columns]
    meant: dict[str, int] = {}
    for heading in missing:
        near = _nearest(heading, others)
        if near is not None:
            meant[heading] = near
    questions = [f'"{_shown(others[column])}": did you mean {heading}?' for heading, column in meant.items()]
    told = f"{_place(sheet, row)}: no column {' and no column '.join(missing)}. {' '.join(questions)}".rstrip()
    # A dozen names are enough to know the sheet by; a wrong row may have hundreds of cells.
    unknown = [_shown(text) for text in others.values()][:12]
    found = ", ".join([FIELDS[field] for field in columns] + unknown)
    suggestion, column = next(iter(meant.items()), (None, None))
    return FileError(
        Code.COLUMN_MISSING,
        f"{told} The headings found are: {found}. Add or mend the heading and send the file again.",
        _where(sheet, row, column, None if column is None else others[column]),
        suggestion,
    )


def _most_likely_target(columns: Mapping[str, int]) -> Target:
    """Return the service that most of the headings are of: first of the required ones, then of all."""

    def likeness(target: Target) -> tuple[int, int]:
        required = columns.keys() & set(REQUIRED[target])
        known = columns.keys() & FIELDS_OF[target].keys()
        return len(required), len(known)

    return max(REQUIRED, key=likeness)


def _nearest(heading: str, others: Mapping[int, str]) -> int | None:
    """Return the column of the unknown heading that is most like a missing one, None where none is like it."""
    column_of = {normalize_heading(text): column for column, text in others.items()}
    near = difflib.get_close_matches(heading.casefold(), column_of, n=1, cutoff=0.6)
    if not near:
        return None
    (most_like,) = near
    return column_of[most_like]


def _twice(sheet: Sheet, row: int, field: str, *, first: int, second: int) -> FileError:
    text = str(sheet.cells.at[row, second])
    places = " and ".join(sheet.address(row, column) or f"column {column + 1}" for column in (first, second))
    return FileError(
        Code.HEADING_TWICE,
        f"{_place(sheet, row)}: the heading {FIELDS[field]} is there twice ({places}), so nobody can tell which column "
        "holds. Remove or rename one of them and send the file again.",
        _where(sheet, row, second, text),
    )


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text[:40])


def _place(sheet: Sheet, row: int) -> str:
    if sheet.heading_row is not None:
        return "Keys of the items"
    return f'Sheet "{sheet.name}", row {row}' if sheet.name is not None else f"Row {row}"


def _where(sheet: Sheet, row: int, column: int | None, text: str | None) -> Place:
    cell = None if column is None else sheet.address(row, column)
    # Where headings are keys, no row holds them.
    own_row = row if sheet.heading_row is None else None
    return Place(sheet.name, own_row, text, cell)
