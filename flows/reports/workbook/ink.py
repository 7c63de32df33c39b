"""How one value is put into a cell of a workbook, so that it shows exactly what it is and never starts a formula.

XlsxWriter writes the workbooks: it streams row by row (100,000 rows in 20 MB), draws charts, and makes the same bytes
from the same input. What is short is held in memory, since a stream takes two files of its own for each sheet.
Text is always written as text, in a cell that is formatted as text: it stays text when a person edits it. What a
spreadsheet would take for the start of a formula carries the quote prefix besides.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd
import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from flows.reports.values import Show, Value, exact, total
from flows.runtime.whole_file import written_whole

# The library ships without the marker that would let its annotations count.
Sheet = Any
Format = Any

WHOLE: Final = "#,##0"
AMOUNT: Final = "#,##0.00######"
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LONGEST: Final = 32_000  # a cell holds 32,767
_MOST_LINKS: Final = 65_530  # of a sheet; a spreadsheet calls a file with more damaged
_DIGITS: Final = 15  # more than these a spreadsheet rounds in silence
_DECIMALS: Final = 8  # more than these the number format does not show
# So many lines and cells of 20 columns take some ten megabytes; nearly every night has fewer.
_MOST_IN_MEMORY: Final = 2_000


Filled: TypeAlias = "tuple[pd.Series[Any], Show]"


@dataclass(frozen=True)
class Ink:
    """A workbook being written and the formats made so far: equal looks share one format, and equal columns a brush."""

    book: Any
    made: dict[tuple[tuple[str, object], ...], Format] = field(default_factory=dict)
    brushes: "dict[tuple[Show, tuple[tuple[str, object], ...]], Brush]" = field(default_factory=dict)
    links: Counter[str] = field(default_factory=Counter)  # so far, by sheet


@dataclass(frozen=True)
class Brush:
    """The formats that the values of one column take, made once and not for every cell."""

    blank: Format
    text: Format
    guarded: Format  # with the quote prefix
    whole: Format
    amount: Format
    time: Format
    fraction: Format  # a time that has a fraction of a second
    link: Format


@contextmanager
def open_book(path: Path, finished_at: datetime, title: str, lines_count: int) -> Iterator[Ink]:
    """Give a workbook to write row by row, stamped with the end of the run instead of the clock; save it at the end.

    ``lines_count`` says how long it becomes: a long one is not held in memory. It is written under another name and
    renamed when it is whole. Raises OSError where the folder cannot be written.
    """
    way = "in_memory" if lines_count <= _MOST_IN_MEMORY else "constant_memory"
    try:
        with written_whole(path) as part:
            part.touch()  # fails before the library has opened a file per sheet
            with xlsxwriter.Workbook(str(part), {way: True}) as book:
                book.set_properties(
                    {"title": title, "created": finished_at.astimezone(UTC), "comments": "Made by tieout."}
                )
                yield Ink(book)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise OSError(f"Cannot write the workbook {path}: {error}. Choose a folder that can be written.") from None


def look(ink: Ink, **properties: object) -> Format:
    """Return the format with these properties."""
    # One format for equal looks: Excel takes 64,000 of them in a file, and every cell of the summary asks for its own.
    key = tuple(sorted(properties.items()))
    if key not in ink.made:
        with_defaults = {"font_name": "Calibri", "font_size": 10, "valign": "vcenter", **properties}
        ink.made[key] = ink.book.add_format(with_defaults)
    return ink.made[key]


def brush(ink: Ink, show: Show = Show.TEXT, **properties: object) -> Brush:
    """Return the formats for values that are meant as `show`, with these properties besides."""
    key = (show, tuple(sorted(properties.items())))
    if key not in ink.brushes:
        ink.brushes[key] = _new_brush(ink, show, properties)
    return ink.brushes[key]


def _new_brush(ink: Ink, show: Show, properties: dict[str, object]) -> Brush:
    # Numbers stay at the right, where their digits stand one below the other; what is read as text starts at the left.
    side: dict[str, object] = {"align": "left", "indent": 1}
    if show is Show.FLAG:
        side = {"align": "center"}
    as_text = {"num_format": "@", **side, **properties}
    time_format = "yyyy-mm-dd" if show is Show.DATE else "yyyy-mm-dd hh:mm:ss"
    return Brush(
        blank=look(ink, **properties),
        text=look(ink, **as_text),
        guarded=look(ink, quote_prefix=True, **as_text),
        whole=look(ink, num_format=WHOLE, **properties),
        amount=look(ink, num_format=AMOUNT, **properties),
        time=look(ink, num_format=time_format, **{**side, **properties}),
        fraction=look(ink, num_format=f"{time_format}.000", **{**side, **properties}),
        link=look(ink, **{**side, **properties, "font_color": "#2F6DB5", "underline": 1}),
    )


def heading(ink: Ink, show: Show) -> Brush:
    """Return the look of a heading: over numbers it stands right, as they do."""
    properties: dict[str, object] = {
        "bold": True,
        "text_wrap": True,
        "font_color": "#FFFFFF",
        "bg_color": "#1F3A5F",
        "border": 1,
        "border_color": "#FFFFFF",
    }
    if show in (Show.COUNT, Show.AMOUNT, Show.QUANTITY):
        properties |= {"align": "right", "indent": 0}
    # A heading is text whatever stands below it; over a flag it is centered, as the flag is.
    meant = Show.FLAG if show is Show.FLAG else Show.TEXT
    return brush(ink, meant, **properties)


def put(sheet: Sheet, row: int, column: int, value: Value, using: Brush) -> None:
    """Write `value` into a cell (row and column from 0); None leaves it blank but for its look."""
    # The order matters: to Python, True is a whole number too.
    if isinstance(value, str):
        _put_text(sheet, row, column, value, using)
    elif value is None:
        sheet.write_blank(row, column, None, using.blank)
    elif isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "NO", using.text)
    elif isinstance(value, date):
        _put_time(sheet, row, column, value, using)
    elif not fits(value):
        _put_text(sheet, row, column, as_text(value), using)
    else:
        sheet.write_number(row, column, float(value), _number_format(value, using))


def _number_format(number: Decimal | int, using: Brush) -> Format:
    return using.amount if isinstance(number, Decimal) else using.whole


def put_link(ink: Ink, sheet: Sheet, at: tuple[int, int], name: str, where: str, using: Brush) -> None:
    """Write the name of a table as a link to the cell `where`; as text, where the sheet has all the links it can."""
    row, column = at
    if ink.links[sheet.name] >= _MOST_LINKS:
        put(sheet, row, column, name, using)
        return
    ink.links[sheet.name] += 1
    sheet.write_url(row, column, f"internal:{where}", using.link, name)


def lead_to(ink: Ink, sheet: Sheet, at: tuple[int, int], where: str, said: str) -> None:
    """Let a cell lead to a cell of this workbook, and say what must be found there; its value is put in after that."""
    if ink.links[sheet.name] >= _MOST_LINKS:
        return
    ink.links[sheet.name] += 1
    row, column = at
    # A tip of more than 255 characters would make the file a damaged one.
    sheet.write_url(row, column, f"internal:{where}", None, "-", said[:250])


def put_sum(sheet: Sheet, at: tuple[int, int], formula: str | None, column: Filled, using: Brush) -> None:
    """Write `formula`, ours and the only kind there is, with the exact sum of a column as its stored value.

    The bare sum is written where there is no formula, nothing to add, or a part that a spreadsheet would round.
    """
    row, number = at
    figures, show = column
    summed = total(figures, show)
    # A part that does not fit stands in its cell as text, which a formula passes over: the sum would come out too low.
    if formula and len(figures) and fits(summed) and _all_fit(figures):
        sheet.write_formula(row, number, formula, _number_format(summed, using), float(summed))
    else:
        put(sheet, row, number, summed, using)


def _all_fit(figures: "pd.Series[Any]") -> bool:
    return all(fits(exact(figure)) for figure in figures.dropna())


def _put_text(sheet: Sheet, row: int, column: int, text: str, using: Brush) -> None:
    # Half of what a cell holds, since a cell counts some characters (emoji) as two. The cut says so, or the rest would
    # be missed by nobody.
    most = _LONGEST // 2
    if len(text) > most:
        text = f"{text[:most]}… (cut: {len(text):,} characters)"
    form = using.guarded if text.startswith(_STARTS_A_FORMULA) else using.text
    if text.startswith("<r>") and text.endswith("</r>"):
        # The library takes such text for its own markup and would write it unescaped; in pieces it does not.
        sheet.write_rich_string(row, column, "<", "r", text[2:], form)
    else:
        sheet.write_string(row, column, text, form)


def _put_time(sheet: Sheet, row: int, column: int, value: date, using: Brush) -> None:
    # Spreadsheets know no zones (the heading names it) and no days before 1900.
    moment = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    if moment.year < 1901:
        sheet.write_string(row, column, str(moment), using.text)
    else:
        has_fraction = isinstance(moment, datetime) and moment.microsecond
        sheet.write_datetime(row, column, moment, using.fraction if has_fraction else using.time)


def fits(number: Decimal | int) -> bool:
    """Tell whether a spreadsheet keeps and shows every digit of `number`.

    >>> fits(Decimal("12.50")), fits(1234567890123456)
    (True, False)
    """
    _, digits, exponent = Decimal(number).as_tuple()
    # NaN and the infinite have a letter for an exponent.
    if not isinstance(exponent, int):
        return False
    written = "".join(map(str, digits))
    significant = written.rstrip("0")
    if not significant:
        return True
    # Zeros at the end are no digits that could be lost: 12.50 has as many decimals as 12.5.
    exponent += len(written) - len(significant)
    shows_every_decimal = exponent >= -_DECIMALS
    keeps_every_digit = len(significant) + max(exponent, 0) <= _DIGITS
    return shows_every_decimal and keeps_every_digit


def as_text(number: Decimal | int) -> str:
    """Return all digits of `number`, and the exponent only where there would be more than forty."""
    if isinstance(number, Decimal) and abs(number.adjusted()) <= 40:
        return f"{number:f}"
    return str(number)
