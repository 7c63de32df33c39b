"""Headings in a site's own words, of which none or not all are known: asked for one by one, and kept as a layout."""

from collections.abc import Mapping, Sequence, Set

from transforms.sheets.fields import FIELDS, FIELDS_OF, REQUIRED, normalize_heading
from transforms.sheets.heading_rows import texts_of_row
from transforms.sheets.headings import fields_of
from transforms.sheets.layout import Layout
from transforms.sheets.nearest import nearest_headings
from transforms.sheets.questions import About, Question, of_sheet
from transforms.sheets.sheet import Sheet
from transforms.vocabulary import Target

_WHAT_FOR = {
    "client_id": "the client's id",
    "points": "how many points",
    "action": "Earned or Redeemed",
    "reward_id": "the reward's id",
    "payout_id": "the payout's id",
}


def ask_own_heading(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> Question | None:
    """Ask which column is the next required one, of the row that comes nearest to headings; None where none may be.

    A row of which no heading is known is taken for one of points.
    """
    nearest = nearest_headings(sheets, layouts)
    if nearest is None:
        return None
    sheet, row = nearest
    headings = tuple(text for text in texts_of_row(sheet, row).values() if text.strip())
    normalized = {normalize_heading(text) for text in headings}
    field_of, layout = fields_of(normalized, layouts)
    known = _known_fields(headings, field_of)
    open_headings = [text for text in headings if text not in known]
    missing = _missing_field(set(known.values()))
    # Of two columns of one heading an answer could mean either.
    has_twins = len(normalized) < len(headings)
    if missing is None or not open_headings or has_twins:
        return None
    wanted = FIELDS[missing]
    return Question(
        message=f"{of_sheet(sheet.name)}row {row}: which column is {wanted} ({_WHAT_FOR[missing]})?",
        choices=dict.fromkeys(open_headings, f"it is {wanted}"),
        entries={text: {text: wanted} for text in open_headings},
        about=About(
            headings=headings,
            fields={text: FIELDS[field] for text, field in known.items()},
            layout=None if layout is None else layout.name,
            sheet=sheet.name,
            row=row,
            column=None,
        ),
    )


def _known_fields(headings: Sequence[str], field_of: Mapping[str, str]) -> dict[str, str]:
    """Return the field of each heading that is known, as the sheet spells it."""
    known = {}
    for text in headings:
        field = field_of.get(normalize_heading(text))
        if field is not None:
            known[text] = field
    return known


def _missing_field(known: Set[str]) -> str | None:
    """Return the first field that is required and not there; None where none is missing."""
    missing = [field for field in REQUIRED[_most_likely_target(known)] if field not in known]
    return missing[0] if missing else None


def _most_likely_target(known: Set[str]) -> Target:
    """Return the service that most of the fields are of: first of the required ones, then of all."""

    def likeness(target: Target) -> tuple[int, int]:
        required = known & set(REQUIRED[target])
        documented = known & FIELDS_OF[target].keys()
        return len(required), len(documented)

    return max(REQUIRED, key=likeness)
