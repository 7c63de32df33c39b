"""Find the headings of a sheet and say which documented field each column holds.

Headings are matched without regard to case, spaces and underscores ("Client ID" = ClientId = client_id). A heading that
is only nearly right is never taken for the right one: where its field is not there otherwise, the file is refused with
the spelling that was probably meant, since a column that is passed over would drop its cells in silence.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import pandas as pd

from transforms.sheets.layout import Layout
from transforms.sheets.sheet import FileError, Place, Sheet, column_letters
from transforms.vocabulary import Code, Target

# Field -> heading as documented. Mindbody: "Update Client Rewards Request"; Referral Rock: "POST api/rewards/update".
MINDBODY_FIELDS: Mapping[str, str] = {
    "client_id": "ClientId",
    "points": "Points",
    "action": "Action",
    "source": "Source",
    "source_id": "SourceId",
    "action_date_time": "ActionDateTime",
    "site_id": "SiteId",
}
REFERRAL_ROCK_FIELDS: Mapping[str, str] = {
    "reward_id": "RewardId",
    "payout_id": "PayoutId",
    "amount": "Amount",
    "eligibility_date": "EligibilityDate",
    "description": "Description",
}
# The columns that the marked copy adds.
MARKED_FIELDS: Mapping[str, str] = {"receipt": "Receipt", "status": "Status"}
FIELDS: Mapping[str, str] = {**MINDBODY_FIELDS, **REFERRAL_ROCK_FIELDS, **MARKED_FIELDS}
_FIELDS_OF: Mapping[Target, Mapping[str, str]] = {
    Target.MINDBODY: MINDBODY_FIELDS,
    Target.REFERRAL_ROCK: REFERRAL_ROCK_FIELDS,
}
REQUIRED: Mapping[Target, tuple[str, ...]] = {
    Target.MINDBODY: ("client_id", "points", "action"),
    Target.REFERRAL_ROCK: ("reward_id", "payout_id"),
}

SEARCHED_ROWS = 200  # titles and notes above the headings; a report's fit on a page
_BLANKS = re.compile(r"[\s_\u00ad\u200b-\u200f\u2060\ufeff]+")


def normalize_heading(text: str) -> str:
    """Forget case, blanks and underscores.

    >>> normalize_heading(" Client_ID ") == normalize_heading("clientId")
    True
    """
    return _BLANKS.sub("", text).casefold()


_FIELD_OF_HEADING = {normalize_heading(heading): field for field, heading in FIELDS.items()}


def count_known_headings(texts: Iterable[str]) -> int:
    """Count the different documented fields that a row of texts names."""
    return len({normalize_heading(text) for text in texts} & _FIELD_OF_HEADING.keys())


@dataclass(frozen=True)
class Table:
    """A sheet, or a part of one, whose headings are known."""

    sheet: Sheet
    heading_row: int
    headings: tuple[str | None, ...]  # as the sheet spells them, column by column
    columns: Mapping[str, int]  # field -> column of the sheet
    targets: frozenset[Target]  # what the headings can serve: one, or both
    layout: Layout | None = None  # whose headings they are, where they are not the documented ones

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
        fields = set(MARKED_FIELDS)
        for target in self.targets:
            fields |= _FIELDS_OF[target].keys()
        read = {column for field, column in self.columns.items() if field in fields}
        return [text for column, text in enumerate(self.headings) if text is not None and column not in read]


def find_tables(sheets: Sequence[Sheet], layouts: Sequence[Layout] = ()) -> tuple[list[Table], list[Sheet]]:
    """Return the sheets that have headings, and those that have none; raise `FileError` where none has.

    A sheet has headings where a row holds at least two known ones. Only where no sheet has, one known heading is
    enough, so that the person is told which columns are missing.
    """
    for least in (2, 1):
        rows = [_heading_row(sheet, least, layouts) for sheet in sheets]
        if any(row is not None for row in rows):
            break
    else:
        raise _no_headings(sheets)
    tables = [_read_headings(sheet, row, layouts) for sheet, row in zip(sheets, rows, strict=True) if row is not None]
    return tables, [sheet for sheet, row in zip(sheets, rows, strict=True) if row is None]


def _heading_row(sheet: Sheet, least: int, layouts: Sequence[Layout]) -> int | None:
    """Return the row that holds most known headings, the first of several."""
    if sheet.heading_row is not None:
        return sheet.heading_row
    searched = sheet.cells.head(SEARCHED_ROWS)
    known = {row: _known_headings(searched.loc[row], layouts) for row in searched.index}
    best = max(known, key=lambda row: (known[row], -row), default=None)
    return best if best is not None and known[best] >= least else None


def _known_headings(cells: pd.Series, layouts: Sequence[Layout]) -> float:
    """Count the known headings of a row; those nearly right count a little less."""
    texts = {normalize_heading(text) for text in cells.dropna()}
    fields, _ = _fields(texts, layouts)
    known = texts & fields.keys()
    # A row of headings with a slip in it must still be found, or the person is told that there are no headings at all.
    near = [text for text in texts - known if any(is_slip(text, heading) for heading in _FIELD_OF_HEADING)]
    return len(known) + 0.9 * len(near)


def _fields(texts: Set[str], layouts: Sequence[Layout]) -> tuple[Mapping[str, str], Layout | None]:
    """Return the field of every heading that is known in this row, and the layout that makes it so.

    Of several layouts whose headings are all there, the one with most of them holds, and the first of equals.
    """
    chosen: Layout | None = None
    own: dict[str, str] = {}
    for layout in layouts:
        named = {normalize_heading(heading): field for heading, field in layout.columns.items()}
        fits = named.keys() <= texts
        if fits and (chosen is None or len(named) > len(own)):
            chosen, own = layout, named
    if chosen is None:
        return _FIELD_OF_HEADING, None
    # A documented heading beside the site's own one for the same field is just another column.
    rest = {heading: field for heading, field in _FIELD_OF_HEADING.items() if field not in own.values()}
    return {**rest, **own}, chosen


def is_slip(text: str, word: str) -> bool:
    """Tell whether text is word with one letter too many, too few, wrong, or two swapped.

    >>> is_slip("actoin", "action"), is_slip("resource", "source"), is_slip("action", "action")
    (True, False, False)
    """
    if text == word or abs(len(text) - len(word)) > 1:
        return False
    # From the first letter that differs on, one change must make all of the rest equal.
    start = _first_difference(text, word)
    rest = text[start:]
    wanted = word[start:]
    is_one_wrong = rest[1:] == wanted[1:]
    is_one_too_many = rest[1:] == wanted
    is_one_too_few = rest == wanted[1:]
    is_swapped = rest == wanted[1::-1] + wanted[2:]
    return is_one_wrong or is_one_too_many or is_one_too_few or is_swapped


def _first_difference(text: str, word: str) -> int:
    for place, (letter, wanted) in enumerate(zip(text, word, strict=False)):
        if letter != wanted:
            return place
    return min(len(text), len(word))


def _read_headings(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> Table:
    headings = tuple(text if isinstance(text, str) else None for text in sheet.cells.loc[row])
    texts = {normalize_heading(text) for text in headings if text is not None}
    fields, layout = _fields(texts, layouts)
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
            wanted |= _FIELDS_OF[target]
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
        known = columns.keys() & _FIELDS_OF[target].keys()
        return len(required), len(known)

    return max(REQUIRED, key=likeness)


def _nearest(heading: str, others: Mapping[int, str]) -> int | None:
    """Return the column of the unknown heading that is most like a missing one, None where none is like it."""
    column_of = {normalize_heading(text): column for column, text in others.items()}
    near = difflib.get_close_matches(heading.casefold(), column_of, n=1, cutoff=0.6)
    return column_of[near[0]] if near else None


def _twice(sheet: Sheet, row: int, field: str, *, first: int, second: int) -> FileError:
    text = str(sheet.cells.at[row, second])
    places = " and ".join(sheet.address(row, column) or f"column {column + 1}" for column in (first, second))
    return FileError(
        Code.HEADING_TWICE,
        f"{_place(sheet, row)}: the heading {FIELDS[field]} is there twice ({places}), so nobody can tell which column "
        "holds. Remove or rename one of them and send the file again.",
        _where(sheet, row, second, text),
    )


def _no_headings(sheets: Sequence[Sheet]) -> FileError:
    return FileError(
        Code.HEADING_NOT_FOUND,
        f"no headings found in the first {SEARCHED_ROWS} rows of "
        + (f"{len(sheets)} sheets. " if len(sheets) > 1 else "the file. ")
        + "A file of points needs the columns ClientId, Points and Action; a file of reward updates needs RewardId and "
        "PayoutId. Add a row of headings above the rows and send the file again.",
    )


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text[:40])


def _place(sheet: Sheet, row: int) -> str:
    if sheet.heading_row is not None:
        return "Keys of the items"
    return f'Sheet "{sheet.name}", row {row}' if sheet.name is not None else f"Row {row}"


def _where(sheet: Sheet, row: int, column: int | None, text: str | None) -> Place:
    cell = None if column is None else sheet.address(row, column)
    return Place(sheet.name, row if sheet.heading_row is None else None, text, cell)
