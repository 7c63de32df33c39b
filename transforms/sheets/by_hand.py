"""Columns that a person mapped by hand: what each is read as, written as a layout of sheets with these headings."""

from collections.abc import Mapping, Sequence

from transforms.sheets.fields import FIELDS, REQUIRED, normalize_heading
from transforms.sheets.layout import NO_HEADING
from transforms.sheets.questions import STAFF_COLUMN, TIME_OF_DAY
from transforms.vocabulary import Target

STAFF = "staff"  # who gave the points: kept for totals, never sent
NOT_READ = ""


class Unclear(Exception):  # noqa: N818 - it says what the choice is
    """The columns cannot be read so: ``field`` is chosen twice, or by no column."""

    def __init__(self, field: str, *, is_twice: bool) -> None:
        super().__init__(field)
        self.field = field
        self.is_twice = is_twice


def layout_entries(chosen: Mapping[str, str], target: Target) -> dict[str, str]:
    """Return the entries of a layout that reads each heading as the field chosen for it; `Unclear` where it cannot.

    A choice is a field, `STAFF`, `time_of_day`, or `NOT_READ`. Every heading is in the layout, so that it is the one of
    all that holds for sheets like this.

    >>> layout_entries({"Who": "client_id", "Pts": "points", "What": "action", "Source": ""}, Target.MINDBODY)
    {'Who': 'ClientId', 'Pts': 'Points', 'What': 'Action', 'Source': '-', 'staff_column': '-'}
    """
    taken = [field for field in chosen.values() if field != NOT_READ]
    twice = [field for field in taken if taken.count(field) > 1]
    if twice:
        raise Unclear(twice[0], is_twice=True)
    missing = [field for field in REQUIRED[target] if field not in taken]
    if TIME_OF_DAY in taken and "action_date_time" not in taken:
        missing.append("action_date_time")
    if missing:
        raise Unclear(missing[0], is_twice=False)
    entries = {heading: _entry(field) for heading, field in chosen.items()}
    heading_of = {field: heading for heading, field in chosen.items()}
    return {
        **entries,
        **({TIME_OF_DAY: heading_of[TIME_OF_DAY]} if TIME_OF_DAY in taken else {}),
        **({STAFF_COLUMN: heading_of[STAFF]} if STAFF in taken else {STAFF_COLUMN: NO_HEADING}),
    }


def _entry(field: str) -> str:
    return FIELDS.get(field, NO_HEADING)


def may_be_chosen(headings: Sequence[str]) -> bool:
    """Return whether the headings tell the columns apart; of two columns of one name a choice could mean either."""
    return len({normalize_heading(heading) for heading in headings}) == len(headings)
