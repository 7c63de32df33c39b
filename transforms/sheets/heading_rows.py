"""Find the rows of a sheet that may be headings, by the documented words and those of the layouts."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set

import pandas as pd

from transforms.sheets.distinct import distinct_if_few
from transforms.sheets.fields import FIELD_OF_HEADING, FIELDS, REQUIRED, is_slip, normalize_heading
from transforms.sheets.headings import fields_of
from transforms.sheets.layout import Layout
from transforms.sheets.letters import are_plain, letters_of
from transforms.sheets.sheet import Sheet
from transforms.vocabulary import Target

_NO_LETTERS = bytes(sign for sign in range(128) if not chr(sign).isalpha())
SEARCHED_ROWS = 200  # titles and notes above the first headings; a report's fit on a page
LONGEST_HEADING = 60
# So few cells are looked at one by one: to set up what finds them among a million takes longer.
_FEW_CELLS = 2_000


def texts_of_row(sheet: Sheet, row: int) -> dict[int, str]:
    """Return the filled cells of a row, by column."""
    cells = enumerate(sheet.cells.loc[row])
    return {column: text for column, text in cells if isinstance(text, str)}


def normalized_texts(sheet: Sheet, row: int) -> set[str]:
    """Return the texts of a row without case, blanks and underscores."""
    return {normalize_heading(text) for text in texts_of_row(sheet, row).values()}


def heading_rows(sheet: Sheet, layouts: Sequence[Layout]) -> list[int]:
    """Return the rows that hold at least two different known headings, in order."""
    known = _known_headings(layouts)
    if sheet.cells.size <= _FEW_CELLS:
        return _rows_of_few(sheet, known)
    # A long sheet has headings in few of its cells: one look at a column says that it has none.
    roots = {heading[:4] for heading in known}
    count: Counter[int] = Counter()
    for column in sheet.cells.columns:
        if _may_hold(sheet.cells[column], roots):
            count.update(_rows_with(sheet.cells[column].dropna(), known, roots))
    return sorted(row for row, headings in count.items() if headings >= 2)


def _rows_of_few(sheet: Sheet, known: Set[str]) -> list[int]:
    """Return the same of a short sheet."""
    count: Counter[int] = Counter()
    for column in sheet.cells.columns:
        cells = sheet.cells[column]
        for row, text in zip(cells.index.tolist(), cells.tolist(), strict=True):
            count[row] += _is_known(text, known)
    return sorted(row for row, headings in count.items() if headings >= 2)


def _is_known(text: object, known: Set[str]) -> bool:
    if not isinstance(text, str) or len(text) > LONGEST_HEADING:
        return False
    return normalize_heading(text) in known


def _known_headings(layouts: Sequence[Layout]) -> set[str]:
    known = set(FIELD_OF_HEADING)
    for layout in layouts:
        known |= {normalize_heading(heading) for heading in layout.columns}
    return known


def _may_hold(texts: pd.Series, roots: Set[str]) -> bool:
    letters = letters_of(distinct_if_few(texts))
    if are_plain(letters):
        # Most of a long sheet are numbers, and what is left without them is soon looked through.
        lower = letters.lower().translate(None, _NO_LETTERS)
        return any(root.encode().translate(None, _NO_LETTERS) in lower for root in roots if root.isascii())
    joined = letters.decode("utf-8", "surrogatepass")
    # Signs that are not shown may stand within a heading, and are taken away before it is compared.
    if not joined.replace("\n", "").isprintable():
        return True
    joined = joined.casefold()
    return any(root in joined for root in roots)


def _rows_with(texts: pd.Series, known: Set[str], roots: Set[str]) -> Iterator[int]:
    """Give the rows of a column that hold a known heading."""
    unique = texts.drop_duplicates()
    short = unique[unique.str.len() <= LONGEST_HEADING]
    if are_plain(letters_of(short)):
        # Below its heading a column may hold a million ids, and none of them is worth a look of its own.
        any_root = "|".join(re.escape(root) for root in roots)
        bare = short.str.replace(r"[ _]+", "", regex=True)
        short = short[bare.str.contains(any_root, case=False)]
    headings = [text for text in short if normalize_heading(text) in known]
    is_heading = texts.isin(headings)
    yield from texts.index[is_heading].tolist()


def targets_of_row(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> list[Target]:
    """Return the services whose required headings are all in this row."""
    texts = normalized_texts(sheet, row)
    field_of, _ = fields_of(texts, layouts)
    fields = {field_of[text] for text in texts & field_of.keys()}
    return [target for target, required in REQUIRED.items() if fields.issuperset(required)]


def is_nearly_heading(sheet: Sheet, row: int) -> bool:
    """Tell whether a row holds the id and another required heading of a service, right or with one wrong letter."""
    texts = normalized_texts(sheet, row)
    return any(_nearly_names(texts, required) for required in REQUIRED.values())


def _nearly_names(texts: Set[str], required: Sequence[str]) -> bool:
    first, *others = [FIELDS[field].casefold() for field in required]
    # One alone may be a word of a title.
    return _is_among(first, texts) and any(_is_among(name, texts) for name in others)


def _is_among(name: str, texts: Set[str]) -> bool:
    return name in texts or any(is_slip(text, name) for text in texts)
