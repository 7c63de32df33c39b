"""A period that is looked at and signed as one: a month, a year, or any days from one to another."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from transforms.settle.windows import first_moment

_DAY = timedelta(days=1)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # as of every time that a service tells
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Period:
    """Days of the sites, both included, under the name that a person gives them."""

    name: str
    since: date
    until: date

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return its first moment by the clock of a zone, and the first one after it, in UTC."""
        return first_moment(self.since, zone), first_moment(self.until + _DAY, zone)

    def holds(self, day: date) -> bool:
        """Return whether a day is one of it."""
        return self.since <= day <= self.until

    @property
    def spoken(self) -> str:
        """The period as a person says it.

        >>> parse_period("2026-10").spoken, parse_period("2026-10-30..2026-11-02").spoken
        ('October 2026', '30 Oct to 2 Nov 2026')
        """
        if _MONTH.fullmatch(self.name):
            return f"{self.since:%B %Y}"
        if _YEAR.fullmatch(self.name):
            return self.name
        return f"{self._first(with_year=True)} to {_day(self.until)} {self.until.year}"

    @property
    def short(self) -> str:
        """The period in a heading.

        >>> parse_period("2026-10").short, parse_period("2026-10-30..2026-11-02").short
        ('Oct 2026', '30 Oct–2 Nov')
        >>> parse_period("2026-10-26..2026-10-29").short
        '26–29 Oct'
        """
        if _MONTH.fullmatch(self.name):
            return f"{self.since:%b %Y}"
        if _YEAR.fullmatch(self.name):
            return self.name
        return f"{self._first()}–{_day(self.until)}"

    def _first(self, *, with_year: bool = False) -> str:
        """Return the first day, without what the last one says besides."""
        since, until = self.since, self.until
        if since.year != until.year:
            return f"{_day(since)} {since.year}" if with_year else _day(since)
        if since.month == until.month:
            return str(since.day)
        return _day(since)

    @property
    def before(self) -> "Period":
        """The period before it: the month before a month, the year before a year, else as many days."""
        last = self.since - _DAY
        if _MONTH.fullmatch(self.name):
            return month_of(last)
        if _YEAR.fullmatch(self.name):
            return Period(f"{last:%Y}", date(last.year, 1, 1), last)
        first = last - (self.until - self.since)
        return Period(f"{first}..{last}", first, last)


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def month_of(day: date) -> Period:
    """Return the month of a day.

    >>> month_of(date(2026, 2, 14)).until
    datetime.date(2026, 2, 28)
    """
    _, days_in_month = monthrange(day.year, day.month)
    first = day.replace(day=1)
    last = day.replace(day=days_in_month)
    return Period(f"{day:%Y-%m}", first, last)


def parse_period(text: str) -> Period | None:
    """Return the period that a text names: 2026-09, 2026, or 2026-09-01..2026-09-15; None where it names none.

    >>> parse_period("2026-09").since, parse_period("2026-13"), parse_period("2026-09-15..2026-09-01")
    (datetime.date(2026, 9, 1), None, None)
    >>> parse_period("9999-12"), parse_period("0001")  # their neighbors are on no calendar
    (None, None)
    """
    period = _named(text)
    is_whole = period is not None and is_of_our_time(period.since) and is_of_our_time(period.until)
    return period if is_whole else None


def is_of_our_time(day: date) -> bool:
    """Tell a day that something may have happened on, and that has days around it, from a slip of the keyboard."""
    return _FIRST_YEAR <= day.year <= _LAST_YEAR


def _named(text: str) -> Period | None:
    try:
        if month := _MONTH.fullmatch(text):
            return month_of(date(int(month[1]), int(month[2]), 1))
        if _YEAR.fullmatch(text):
            return Period(text, date(int(text), 1, 1), date(int(text), 12, 31))
        if days := _DAYS.fullmatch(text):
            first, last = date.fromisoformat(days[1]), date.fromisoformat(days[2])
            return Period(text, first, last) if first <= last else None
    except ValueError:
        return None
    return None
