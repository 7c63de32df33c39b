"""Recognize a file by its first rows: which tables it has, how each is read, and what only a person can say of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from transforms.check.parameters import Rules
from transforms.sheets.headings import Table
from transforms.sheets.layout import Layout
from transforms.sheets.notes import Note
from transforms.sheets.questions import SKIP, Question, find_questions, of_sheet, side_sheet_questions
from transforms.sheets.sheet import FileError, Sheet
from transforms.sheets.side_sheets import SideSheet
from transforms.sheets.staff import staff_of
from transforms.sheets.tables import Tables, continue_table, find_tables
from transforms.vocabulary import Code

_SHOWN_HEADINGS = 30
_SHOWN_SIGNS = 80


@dataclass(frozen=True)
class Recognized:
    """What the first rows of a file say about all of it: the headings, and what they leave open."""

    tables: tuple[Table, ...]
    side_sheets: tuple[SideSheet, ...]
    notes: tuple[Note, ...]
    questions: tuple[Question, ...] = ()  # what only a person can say; until then it is read by the document

    @property
    def receipt_columns(self) -> Mapping[str | None, tuple[str, str | None]]:
        """Heading and letters (None: no cell addresses) of the column of receipts, by sheet."""
        found: dict[str | None, tuple[str, str | None]] = {}
        for table in self.tables:
            if "receipt" in table.columns:
                found[table.sheet.name] = (str(table.heading("receipt")), table.letters("receipt"))
        return found

    def following(self, sheet: Sheet, rules: Rules) -> "Recognized":
        """Return the same for the next rows of a file that is read in parts, which has one sheet."""
        tables = continue_table(self.tables[-1], sheet, rules.layouts)
        going_on, *begun = tables
        notes = tuple(_table_notes(begun, going_on))
        return Recognized(tables, side_sheets=(), notes=notes)


def recognize(sheets: Sequence[Sheet], rules: Rules) -> Recognized:
    """Find the headings; raise `FileError` where there are none, or wrong ones.

    Where the file is read in parts the first `SEARCHED_ROWS` rows of it are enough.
    """
    found = _without_hidden(find_tables(sheets, rules.layouts))
    if not found.tables:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            "every sheet with rows is hidden, and hidden sheets with these headings are left out, as was answered. "
            "Show the sheet, or take hidden_sheets out of layouts.toml, and send the file again.",
        )
    notes_of_reader = [Note(text, sheet.name) for sheet in sheets for text in sheet.notes]
    return Recognized(
        tables=found.tables,
        side_sheets=found.side_sheets,
        notes=(*notes_of_reader, *_table_notes(found.tables)),
        questions=(*find_questions(found.tables), *side_sheet_questions(found)),
    )


def _without_hidden(found: Tables) -> Tables:
    """Leave out the hidden sheets that a person said are not to be sent."""
    kept: list[Table] = []
    side_sheets = list(found.side_sheets)
    for table in found.tables:
        if _is_left_out(table):
            side_sheets.append(SideSheet(table.sheet, "hidden sheet, left out as a person said"))
        else:
            kept.append(table)
    return Tables(tuple(kept), tuple(side_sheets))


def _is_left_out(table: Table) -> bool:
    says_so = table.layout is not None and table.layout.hidden_sheets == SKIP
    return table.sheet.is_hidden and says_so


def _table_notes(tables: Iterable[Table], above: Table | None = None) -> Iterator[Note]:
    """Say how each table is read; `above` is the one before the first."""
    for table in tables:
        name = table.sheet.name
        sheet = of_sheet(name)
        row = table.heading_row or None
        if above is not None and above.sheet.name == name:
            yield Note(f"{sheet}row {row} holds headings again: the rows below are read by these.", name, row)
        if table.layout is not None:
            yield from _layout_notes(table, table.layout, sheet)
        not_read = _not_read(table)
        if not_read:
            yield Note(f"{sheet}columns not read: {_listed(not_read)}", name, row)
        above = table


def _not_read(table: Table) -> list[str]:
    """Return the headings that no rule reads, but for the one of who gave the points, which is kept."""
    staff = staff_of(table)
    if staff is None:
        return table.unused
    return [heading for heading in table.unused if heading != table.headings[staff]]


def _layout_notes(table: Table, layout: Layout, sheet: str) -> Iterator[Note]:
    row = table.heading_row or None
    heading = table.heading("action_date_time")
    if layout.priced_heading is not None:
        amount = table.heading("amount")
        told = f'{sheet}"{amount}" is read as Amount, in the currency of rewards that the settings say.'
        yield Note(told, table.sheet.name, row, amount)
    elif layout.zoned_heading is None:
        told = f'{sheet}read by the layout "{layout.name}", as was said of sheets with these headings.'
        yield Note(told, table.sheet.name, row)
    # In the spelling of a blank sheet of ours it says all by itself.
    elif heading != layout.zoned_heading:
        told = f'{sheet}"{heading}" is read as ActionDateTime, by the clock that the heading names.'
        yield Note(told, table.sheet.name, row, heading)


def _listed(headings: Sequence[str]) -> str:
    """Name headings, the first ones where there are many, each as far as it is read at a glance."""
    names = ", ".join(_shortened(heading) for heading in headings[:_SHOWN_HEADINGS])
    more_count = len(headings) - _SHOWN_HEADINGS
    if more_count <= 0:
        return names
    return f"{names} and {more_count:,} more"


def _shortened(heading: str) -> str:
    if len(heading) <= _SHOWN_SIGNS:
        return heading
    return f"{heading[:_SHOWN_SIGNS]}…"
