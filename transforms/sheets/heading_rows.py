"""Find the rows of a sheet that may be headings, by the documented words and those of the layouts."""

from collections import Counter
from collections.abc import Iterator, Sequence, Set

import pandas as pd

from transforms.sheets.fields import FIELD_OF_HEADING, FIELDS, REQUIRED, is_slip, normalize_heading
from transforms.sheets.headings import fields_of
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import Sheet
from transforms.vocabulary import Target

SEARCHED_ROWS = 200  # titles and notes above the first headings; a report's fit on a page
LONGEST_HEADING = 60


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
    # A long sheet has headings in few of its cells: one look at a column says that it has none.
    roots = {heading[:4] for heading in known}
    count: Counter[int] = Counter()
    for column in sheet.cells.columns:
        texts = sheet.cells[column].dropna()
        if _may_hold(texts, roots):
            count.update(_rows_with(texts, known))
    return sorted(row for row, headings in count.items() if headings >= 2)


def _known_headings(layouts: Sequence[Layout]) -> set[str]:
    known = set(FIELD_OF_HEADING)
    for layout in layouts:
        known |= {normalize_heading(heading) for heading in layout.columns}
    return known


def _may_hold(texts: pd.Series, roots: Set[str]) -> bool:
    joined = "\n".join(texts.to_numpy(object))
    # Signs that are not shown may stand within a heading, and are taken away before it is compared.
    if not joined.replace("\n", "").isprintable():
        return True
    joined = joined.casefold()
    return any(root in joined for root in roots)


def _rows_with(texts: pd.Series, known: Set[str]) -> Iterator[int]:
    """Give the rows of a column that hold a known heading."""
    short = (text for text in texts.unique() if len(text) <= LONGEST_HEADING)
    headings = [text for text in short if normalize_heading(text) in known]
    yield from texts.index[texts.isin(headings)].tolist()


def targets_of_row(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> list[Target]:
    """Return the services whose required headings are all in this row."""
    texts = normalized_texts(sheet, row)
    field_of, _ = fields_of(texts, layouts)
    fields = {field_of[text] for text in texts if text in field_of}
    return [target for target, required in REQUIRED.items() if fields >= set(required)]


def is_nearly_heading(sheet: Sheet, row: int) -> bool:
    """Tell whether a row holds the id and another required heading of a service, right or with one wrong letter."""
    texts = normalized_texts(sheet, row)
    return any(_nearly_names(texts, required) for required in REQUIRED.values())


def _nearly_names(texts: Set[str], required: Sequence[str]) -> bool:
    names = [FIELDS[field].casefold() for field in required]
    near = [name for name in names if _is_among(name, texts)]
    return len(near) > 1 and names[0] in near


def _is_among(name: str, texts: Set[str]) -> bool:
    return name in texts or any(is_slip(text, name) for text in texts)
