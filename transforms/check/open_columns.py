"""Tell how columns of dates and amounts were read, and ask where no cell of a column says it."""

from collections.abc import Iterator
from datetime import datetime

from transforms.check.habits import Column, Columns
from transforms.sheets.amount_signs import AmountSigns
from transforms.sheets.counted_times import Count, counted_at
from transforms.sheets.date_habits import DateHabit
from transforms.sheets.date_signs import DateSigns, Seen
from transforms.sheets.notes import Note
from transforms.sheets.questions import DATE_ORDER, DECIMALS, Question, of_sheet
from transforms.sheets.spellings import DateOrder, as_iso
from transforms.spoken_times import spoken

_WHAT_FIRST = {DateOrder.DAY_FIRST: "day", DateOrder.MONTH_FIRST: "month"}


def column_questions(columns: Columns) -> Iterator[Question]:
    """Ask what only a person can say of the columns of a file; each is kept for the layout of its table."""
    for column in columns.values():
        date = None if column.dates is None else column.dates.either
        if column.is_order_open and date is not None:
            yield _which_order(column, date)
        amount = None if column.amounts is None else column.amounts.either
        if column.are_decimals_open and amount is not None:
            yield _which_decimals(column, amount)


def _which_order(column: Column, seen: Seen) -> Question:
    about = column.about
    message = (
        f"{of_sheet(about.sheet)}does the day come first in {about.column}, or the month? {seen.text} in row "
        f"{seen.row} can be both, and no date of the column tells."
    )
    choices: dict[str, str] = {order: f"{seen.text} is {_day(seen.text, order)}" for order in DateOrder}
    entries: dict[str, dict[str, str]] = {order: {DATE_ORDER: order} for order in DateOrder}
    return Question(message, choices, entries, about)


def _day(text: str, order: DateOrder) -> str:
    iso = as_iso(text, order)
    if iso is None:
        return "no date"
    at = datetime.fromisoformat(iso)
    return f"{at.day} {at:%B %Y}"


def _which_decimals(column: Column, seen: Seen) -> Question:
    about = column.about
    as_decimals = _as_decimals(seen.text)
    as_thousands = _as_thousands(seen.text)
    message = (
        f"{of_sheet(about.sheet)}what is the dot in {about.column}? {seen.text} in row {seen.row} can be "
        f"{as_decimals} or {as_thousands}, and no amount of the column tells."
    )
    choices = {
        ".": f"it stands before the decimals: {seen.text} is {as_decimals}",
        ",": f"it is for thousands: {seen.text} is {as_thousands}, and has to be written without it; a comma stands "
        "before the decimals",
    }
    entries = {sign: {DECIMALS: sign} for sign in choices}
    return Question(message, choices, entries, about)


def _as_decimals(text: str) -> str:
    return text.rstrip("0").rstrip(".")


def _as_thousands(text: str) -> str:
    return text.replace(".", "")


def column_notes(columns: Columns, now: datetime) -> Iterator[Note]:
    """Say what the cells of a column told of all of it."""
    for column in columns.values():
        if column.dates is not None:
            yield from _notes_of_dates(column, column.dates, column.date_habit(now))
        if column.amounts is not None:
            yield from _notes_of_amounts(column, column.amounts)


def _notes_of_dates(column: Column, signs: DateSigns, habit: DateHabit) -> Iterator[Note]:
    decisive = signs.day_first or signs.month_first
    if decisive is not None and signs.is_mixed and column.said_order is None:
        yield _note(column, decisive.row, _mixed(signs))
    elif decisive is not None and habit.date_order is not None and column.said_order is None:
        first = _WHAT_FIRST[habit.date_order]
        yield _note(column, decisive.row, f"the {first} comes first, as {decisive.text} in row {decisive.row} tells")
    if habit.is_exchanged and decisive is not None and signs.early is not None:
        yield _note(
            column,
            signs.early.row,
            f"text dates such as {decisive.text} in row {decisive.row} stand beside real ones, none of which is later "
            f"than the 12th: a spreadsheet has most likely exchanged day and month of these ({signs.early.count:,}), "
            "so they are rejected",
        )
    if habit.count is not None and signs.first_number is not None:
        yield _note(column, signs.first_number.row, _counted(signs.first_number, habit.count))


def _mixed(signs: DateSigns) -> str:
    day = signs.day_first
    month = signs.month_first
    examples = ""
    if day is not None and month is not None:
        examples = f" ({day.text} in row {day.row}, {month.text} in row {month.row})"
    # By which of the two an ambiguous one was meant, nobody can say: it may have been typed by either hand.
    return f"some dates begin with the day, others with the month{examples}: those that can be both are rejected"


def _counted(seen: Seen, count: Count) -> str:
    at = counted_at(seen.text, count)
    if at is None:
        return f"read as {count}"
    zone = "" if count is Count.DAYS else " UTC"
    return f"numbers are read as {count}: {seen.text} in row {seen.row} is {spoken(at)}{zone}"


def _notes_of_amounts(column: Column, signs: AmountSigns) -> Iterator[Note]:
    either = signs.either or signs.dot
    if signs.comma is not None and either is not None and column.said_decimals is None:
        yield _note(
            column,
            either.row,
            f"{signs.comma.text} in row {signs.comma.row} has a comma before its decimals, so {either.text} in row "
            f"{either.row} may be another number than it looks: amounts with a dot are rejected",
        )


def _note(column: Column, row: int, told: str) -> Note:
    about = column.about
    message = f"{of_sheet(about.sheet)}{about.column}: {told}."
    return Note(message, about.sheet, row, about.column)
