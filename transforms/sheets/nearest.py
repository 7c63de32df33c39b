"""Find the row that comes nearest to headings where there are none, and say what it lacks."""

from collections.abc import Sequence

from transforms.sheets.fields import FIELD_OF_HEADING, is_slip
from transforms.sheets.heading_rows import LONGEST_HEADING, SEARCHED_ROWS, normalized_texts, texts_of_row
from transforms.sheets.headings import fields_of, read_headings
from transforms.sheets.layout import Layout
from transforms.sheets.sheet import FileError, Place, Sheet, begin_of_sheet
from transforms.vocabulary import Code

_SHOWN_WORDS = 8
_LONGEST_SHOWN = 40  # signs of a word
_NEARLY_RIGHT = 0.9  # what a heading with a slip counts
_WHAT_IT_NEEDS = (
    "A file of points needs the columns ClientId, Points and Action; a file of reward updates needs RewardId and "
    "PayoutId. Add a row of headings above the rows and send the file again."
)


def nearest_headings(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> tuple[Sheet, int] | None:
    """Return the row that comes nearest to headings, of all sheets: by known ones, else by its words."""
    # Keys of JSON and XML are written by programs: nobody has words of their own for them.
    of_rows = [sheet for sheet in sheets if sheet.heading_row is None]
    return _nearest_by_headings(of_rows, layouts) or _nearest_by_words(of_rows)


def no_headings(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> FileError:
    """Say what the row that comes nearest to headings lacks."""
    nearest = _nearest_by_headings(sheets, layouts)
    if nearest is not None:
        return _refusal(*nearest, layouts)
    searched = f"{len(sheets)} sheets" if len(sheets) > 1 else "the file"
    told = f"no headings found in the first {SEARCHED_ROWS} rows of {searched}. "
    place = None
    nearest = _nearest_by_words(sheets)
    if nearest is not None:
        sheet, row = nearest
        told += _told_of_words(sheet, row)
        place = Place(sheet.name, row)
    return FileError(Code.HEADING_NOT_FOUND, told + _WHAT_IT_NEEDS, place)


def _nearest_by_headings(sheets: Sequence[Sheet], layouts: Sequence[Layout]) -> tuple[Sheet, int] | None:
    """Return the first row with two known headings or more, else with one."""
    for least in (2, 1):
        for sheet in sheets:
            row = _most_like_headings(sheet, least, layouts)
            if row is not None:
                return sheet, row
    return None


def _most_like_headings(sheet: Sheet, least: int, layouts: Sequence[Layout]) -> int | None:
    """Return the row that holds most known headings, the first of several."""
    most, nearest = 0.0, None
    for row in sheet.cells.index[:SEARCHED_ROWS]:
        likeness = _likeness(normalized_texts(sheet, int(row)), layouts)
        if likeness > most:
            most, nearest = likeness, int(row)
    return nearest if most >= least else None


def _likeness(texts: set[str], layouts: Sequence[Layout]) -> float:
    """Count the known headings of a row; those nearly right count a little less."""
    field_of, _ = fields_of(texts, layouts)
    known = texts & field_of.keys()
    # A row of headings with a slip in it must still be found, or the person is told that there are no headings at all.
    near = [text for text in texts - known if _is_nearly_known(text)]
    return len(known) + _NEARLY_RIGHT * len(near)


def _is_nearly_known(text: str) -> bool:
    return any(is_slip(text, heading) for heading in FIELD_OF_HEADING)


def _refusal(sheet: Sheet, row: int, layouts: Sequence[Layout]) -> FileError:
    try:
        read_headings(sheet, row, layouts)
    except FileError as error:
        return error
    raise AssertionError(f"row {row} has all headings and was not found")


def _nearest_by_words(sheets: Sequence[Sheet]) -> tuple[Sheet, int] | None:
    """Return the row that is most like one of headings though it has none that is known: most words, none of digits."""
    most, nearest = 1, None
    for sheet in sheets:
        for row in sheet.cells.index[:SEARCHED_ROWS]:
            words = _count_words(sheet, int(row))
            if words > most:
                most, nearest = words, (sheet, int(row))
    return nearest


def _count_words(sheet: Sheet, row: int) -> int:
    """Count the different texts of a row that may be headings: short, and without digits."""
    words = set()
    for text in texts_of_row(sheet, row).values():
        has_digits = any(sign.isdigit() for sign in text)
        if len(text) <= LONGEST_HEADING and not has_digits:
            words.add(text.strip())
    return len(words - {""})


def _told_of_words(sheet: Sheet, row: int) -> str:
    texts = [text.strip() for text in texts_of_row(sheet, row).values() if text.strip()]
    shown = ", ".join(f'"{text[:_LONGEST_SHOWN]}"' for text in texts[:_SHOWN_WORDS])
    more = ", …" if len(texts) > _SHOWN_WORDS else ""
    return (
        f"{_where(sheet, row)} nearest ({shown}{more}), and none of these is a heading that is known. If they are the "
        "sheet's own words, say once which is which: `tieout layout FILE` asks. "
    )


def _where(sheet: Sheet, row: int) -> str:
    if sheet.heading_row is not None:
        return "The keys of the items come"
    return f"{begin_of_sheet(sheet) or 'Of its rows '}row {row} comes"
