"""Decide how the dates of a column are written, by the signs of all its cells (`transforms.sheets.date_signs`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from transforms.sheets.counted_times import DAY_0, EPOCH, FIRST_MOMENT, FROM_1900_TO_1904, Count
from transforms.sheets.date_signs import DateSigns, Span
from transforms.sheets.spellings import DateOrder


@dataclass(frozen=True)
class DateHabit:
    """How a column writes its dates and times, as a layout or all of its cells say."""

    date_order: DateOrder | None = None  # None: only what can be read in one way is read
    count: Count | None = None  # what plain numbers are; None: they are refused
    has_halves: bool = False  # 6:30 beside 6:30 pm may be either
    lacks_halves: bool = False  # all hours are of a clock of 12, and some are when nobody is in a studio
    is_exchanged: bool = False  # day and month of real dates were exchanged, as far as anybody can tell


def tell_habit(signs: DateSigns, said: DateOrder | None, now: datetime, *, may_count: bool) -> DateHabit:
    """Decide how a column is written; what a layout has `said` of the order holds before all signs.

    `may_count`: whether plain numbers may be read, which takes a column that is never in the future.
    """
    has_halves = signs.half is not None
    # Hours from 1 to 4 and none past 12: a studio that is not open at night has left out "pm". Read as they stand, all
    # of a day's classes would be given for the small hours.
    has_small_hours_alone = signs.small_hour is not None and signs.wide_hour is None
    return DateHabit(
        date_order=said or _tell_order(signs),
        count=_tell_count(signs, now) if may_count else None,
        has_halves=has_halves,
        lacks_halves=has_small_hours_alone and not has_halves,
        is_exchanged=_is_exchanged(signs),
    )


def _tell_order(signs: DateSigns) -> DateOrder | None:
    """Return the one order that fits every cell; None where none does, or both do."""
    if signs.is_mixed:
        return None
    if signs.day_first is not None:
        return DateOrder.DAY_FIRST
    if signs.month_first is not None:
        return DateOrder.MONTH_FIRST
    return None


def _is_exchanged(signs: DateSigns) -> bool:
    """Tell the trace of a spreadsheet that read the wrong one first: what it could not read stayed a text."""
    has_text_of_one_order = signs.day_first is not None or signs.month_first is not None
    # Whatever it could read became a date of a first to twelfth, and none of another day.
    has_early_dates_alone = signs.early is not None and signs.late is None
    has_open_text = signs.either is not None
    return has_text_of_one_order and has_early_dates_alone and not has_open_text


def _tell_count(signs: DateSigns, now: datetime) -> Count | None:
    """Say what the numbers of a column count, where all of its cells are such and none is outside of what can be."""
    filled_count = 0 if signs.filled is None else signs.filled.count

    def are_all(span: Span | None, least: float, most: float) -> bool:
        # One cell that is something else, or is of next year, and nobody knows what the others count.
        if span is None or span.count != filled_count:
            return False
        return least <= span.least and span.most <= most

    if signs.days is not None and signs.days.count == filled_count:
        first_day = (FIRST_MOMENT - DAY_0).days
        today = (now - DAY_0) / timedelta(days=1)
        # Counted from 1904 they would be four years later: in the future, so they are not.
        is_from_1900 = signs.days.most + FROM_1900_TO_1904.days > today
        return Count.DAYS if is_from_1900 and are_all(signs.days, first_day, today) else None
    first = (FIRST_MOMENT - EPOCH).total_seconds()
    until_now = (now - EPOCH).total_seconds()
    if are_all(signs.seconds, first, until_now):
        return Count.SECONDS
    if are_all(signs.milliseconds, first * 1000, until_now * 1000):
        return Count.MILLISECONDS
    return None
