"""Headings in a site's own words, of which none or not all are known: asked for one by one, and kept as a layout."""

from collections.abc import Sequence

from transforms.sheets.fields import FIELDS, FIELDS_OF, REQUIRED, normalize_heading
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
    headings = tuple(text for text in sheet.cells.loc[row] if isinstance(text, str) and text.strip())
    normalized = {normalize_heading(text) for text in headings}
    field_of, layout = fields_of(normalized, layouts)
    known = {text: field_of[normalize_heading(text)] for text in headings if normalize_heading(text) in field_of}
    open_headings = [text for text in headings if text not in known]
    missing = [field for field in REQUIRED[_target(set(known.values()))] if field not in known.values()]
    if not missing or not open_headings or len(set(normalized)) < len(headings):
        return None
    wanted = FIELDS[missing[0]]
    return Question(
        message=f"{of_sheet(sheet.name)}row {row}: which column is {wanted} ({_WHAT_FOR[missing[0]]})?",
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


def _target(known: set[str]) -> Target:
    return max(REQUIRED, key=lambda target: (len(known & set(REQUIRED[target])), len(known & FIELDS_OF[target].keys())))
