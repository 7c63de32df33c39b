"""What a person should know of a sheet without its being an error, and the questions that only a person can answer."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One thing that was noticed or decided while a file was read.

    The place is given as far as it can be said: `sheet` is None where the format has no sheets, `row` where it is
    about more than one row, `column` (the heading as the file spells it) where it is about no one column.
    """

    message: str  # a whole sentence, which names the sheet itself where there are several
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    is_slip: bool = False  # it may be a slip in rows that are good: somebody looks before they are posted


def note_text(file: str, note: Note) -> str:
    """Tell a note where nothing else says which file it is about.

    >>> note_text("march.xlsx", Note("columns not read: Staff"))
    'march.xlsx: columns not read: Staff'
    """
    return f"{file}: {note.message}"


@dataclass(frozen=True)
class Observation:
    """What was met in some cells of a column: told once for all of them, with the first."""

    what: str  # a half sentence about the first
    sheet: str | None
    column: str | None  # the heading as the sheet spells it
    row: int  # of the first
    count: int
    kind: str = ""  # of several about one column, or about none, each is told by itself


def sum_up(observations: Iterable[Observation]) -> Iterator[Note]:
    """Give one note for all observations of one column, in order of the file."""
    firsts: dict[tuple[str | None, str | None, str], Observation] = {}
    counts: Counter[tuple[str | None, str | None, str]] = Counter()
    for found in observations:
        column = (found.sheet, found.column, found.kind)
        firsts.setdefault(column, found)
        counts[column] += found.count
    for column, first in firsts.items():
        yield _note(first, counts[column])


def _note(first: Observation, count: int) -> Note:
    message = f"{first.what} in row {first.row}"
    if first.column is not None:
        message = f"{first.column}: {message}"
    if count > 1:
        message += f" ({count:,} in all)"
    return Note(f"{message}.", first.sheet, first.row, first.column)
