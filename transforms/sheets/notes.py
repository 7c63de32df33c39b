"""What a person should know of a sheet without its being an error, and the questions that only a person can answer."""

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
