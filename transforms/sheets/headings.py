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
        has_cell = field in self.columns and self.sheet.has_addresses
        return column_letters(self.columns[str(field)]) if has_cell else None

    @property
    def unused(self) -> list[str]:
        """Headings that no rule reads, as the sheet spells them."""
        read = {self.columns[f] for target in self.targets for f in _FIELDS_OF[target] if f in self.columns}
        read |= {self.columns[f] for f in MARKED_FIELDS if f in self.columns}
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
    near = sum(any(is_slip(text, known) for known in _FIELD_OF_HEADING) for text in texts - fields.keys())
    return len(texts & fields.keys()) + 0.9 * near


def _fields(texts: Set[str], layouts: Sequence[Layout]) -> tuple[Mapping[str, str], Layout | None]:
    """Return the field of every heading that is known in this row, and the layout that makes it so.

    Of several layouts whose headings are all there, the one with most of them holds, and the first of equals.
    """
    named = [{normalize_heading(heading): field for heading, field in layout.columns.items()} for layout in layouts]
    fitting = [(len(own), -i) for i, own in enumerate(named) if own.keys() <= texts]
    if not fitting:
        return _FIELD_OF_HEADING, None
    chosen = -max(fitting)[1]
    own = named[chosen]
    # A documented heading beside the site's own one for the same field is just another column.
    rest = {heading: field for heading, field in _FIELD_OF_HEADING.items() if field not in own.values()}
    return {**rest, **own}, layouts[chosen]


def is_slip(text: str, word: str) -> bool:
    """Tell whether text is word with one letter too many, too few, wrong, or two swapped.

    >>> is_slip("actoin", "action"), is_slip("resource", "source"), is_slip("action", "action")
    (True, False, False)
    """
    if text == word or abs(len(text) - len(word)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(text, word, strict=False)) if a != b), min(len(text), len(word)))
    rest, wanted = text[start:], word[start:]
    return rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:] or rest == wanted[1::-1] + wanted[2:]


def _read_headings(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> Table:
    headings = tuple(text if isinstance(text, str) else None for text in sheet.cells.loc[row])
    fields, layout = _fields({normalize_heading(text) for text in headings if text is not None}, layouts)
    columns: dict[str, int] = {}
    others: dict[int, str] = {}
    for column, text in enumerate(headings):
        field = "" if text is None else fields.get(normalize_heading(text))
        if field is None:
            others[column] = str(text)
        elif field in columns and field not in MARKED_FIELDS:
            raise _twice(sheet, row, field, columns[field], column)
        elif field:
            columns[field] = column
    targets = frozenset(target for target, fields in REQUIRED.items() if columns.keys() >= set(fields))
    if not targets:
        raise _missing(sheet, row, columns, others)
    _refuse_slips(sheet, row, columns, others)
    return Table(sheet, row, headings, columns, targets, layout)


def _refuse_slips(sheet: Sheet, row: int, columns: Mapping[str, int], others: Mapping[int, str]) -> None:
    """Refuse a heading that is a slip of the pen away from a field that the sheet does not have otherwise."""
    meant_for = [target for target, fields in REQUIRED.items() if columns.keys() & set(fields)]
    wanted = {f: h for target in meant_for for f, h in _FIELDS_OF[target].items()} | {"receipt": FIELDS["receipt"]}
    for column, text in others.items():
        meant = [h for f, h in wanted.items() if f not in columns and is_slip(normalize_heading(text), h.casefold())]
        if meant:
            raise FileError(
                Code.HEADING_NOT_FOUND,
                f'{_place(sheet, row)}: the heading "{_shown(text)}" is not known: did you mean {meant[0]}? Mend it, '
                "or give the column another name if it is something else, and send the file again.",
                _where(sheet, row, column, text),
                meant[0],
            )


def _missing(sheet: Sheet, row: int, columns: Mapping[str, int], others: Mapping[int, str]) -> FileError:
    target = max(REQUIRED, key=lambda t: (len(columns.keys() & set(REQUIRED[t])), len(columns.keys() & _FIELDS_OF[t])))
    missing = [FIELDS[field] for field in REQUIRED[target] if field not in columns]
    meant = {heading: _nearest(heading, others) for heading in missing}
    asked = [f'"{_shown(text)}": did you mean {heading}?' for heading, (_, text) in meant.items() if text is not None]
    column, text = next(((c, t) for c, t in meant.values() if t is not None), (None, None))
    found = ", ".join([FIELDS[field] for field in columns] + [_shown(text) for text in others.values()][:12])
    return FileError(
        Code.COLUMN_MISSING,
        f"{_place(sheet, row)}: no column {' and no column '.join(missing)}. {' '.join(asked)}".rstrip()
        + f" The headings found are: {found}. Add or mend the heading and send the file again.",
        _where(sheet, row, column, text),
        next((heading for heading, (_, t) in meant.items() if t is not None), None),
    )


def _nearest(heading: str, others: Mapping[int, str]) -> tuple[int | None, str | None]:
    by_text = {normalize_heading(text): (column, text) for column, text in others.items()}
    near = difflib.get_close_matches(heading.casefold(), by_text, n=1, cutoff=0.6)
    return by_text[near[0]] if near else (None, None)


def _twice(sheet: Sheet, row: int, field: str, first: int, second: int) -> FileError:
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
