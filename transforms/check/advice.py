"""What to do about a rejected cell, where the answer depends on more than the cell: its column, its layout, its clock.

An example is always in the time that the cell would be read in, and says which that is: a Z tells nobody anything.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from transforms.check.suggestions import suggest, suggest_amount
from transforms.check.table_clocks import TableClocks
from transforms.sheets.clocks import SaidBy, SaidClock, is_utc, zone_name
from transforms.sheets.counted_times import FROM_1900_TO_1904, Count, what_number_counts
from transforms.sheets.headings import Table
from transforms.sheets.spellings import DateOrder, as_iso, plain_text
from transforms.sheets.times import Clock
from transforms.spoken_times import spoken
from transforms.vocabulary import Code

_UNREADABLE = (Code.ACTION_TIME_UNREADABLE, Code.ELIGIBILITY_DATE_UNREADABLE)
_BY_DOCUMENT = SaidClock(UTC, SaidBy.DOCUMENT)
_EXAMPLE = datetime(2026, 10, 25, 17, 0)  # noqa: DTZ001 - by the clock that is told beside it
_LONGEST = 60  # signs of a cell that is looked at
_IN_EXCEL = "in Excel, mark the column, press Ctrl+1, choose Custom, type yyyy-mm-dd hh:mm, and save again"

_UNSET = re.compile(r"0001-01-01.*|0?1/0?1/0001.*")
_ZERO_DAY = re.compile(r"1900-01-00.*|0?[01]/0?[01]/1900.*|1899-12-3[01].*")
_TIME_ALONE = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?(?:\s?[ap]\.?m\.?)?")
_SHORT_YEAR = re.compile(
    r"(?:[0-9]{1,2}[-/. ]){2}[0-9]{2}(?![0-9]).*|[0-9]{1,2}[-/. ][^\W\d_]{3,10}\.?[-/. ][0-9]{2}(?![0-9]).*"
)
_IN_NUMBERS = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}(?![0-9]).*")
_NAMED_ZONE = re.compile(r".*[0-9]\s*(?P<zone>[a-z]{2,5}(?:/[a-z_]+)?)")
_WHOLE_ISO = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?[ap]m)?z?)?"
)
_TOO_WIDE = re.compile(r".*[0-9]:[0-9]{2}.*[+-][0-9]{1,2}:?[0-9]{0,2}")
_SECOND_60 = re.compile(r".*:[0-9]{2}:60.*")
_ISO_LIKE = re.compile(r"(?P<year>[0-9]{4})-[0-9]{1,2}-[0-9]{1,2}.*")


class Advice:
    """What to say about the cells of a file."""

    def __init__(self, tables: Sequence[Table], clocks: TableClocks, currency: str | None = None) -> None:
        self._tables = tables
        self._currency = currency
        self._clocks = clocks

    def suggest(self, cell: Mapping[str, Any]) -> str | None:
        """Advise on one cell: its `code`, `value`, `table`, `field` and the place of its `clock`."""
        code = Code(cell["code"])
        if cell["value"] is None:
            return suggest(code, None)
        value = str(cell["value"])
        text = value[:_LONGEST]
        if code in _UNREADABLE:
            return self._of_unreadable(code, text, cell)
        if code is Code.ACTION_TIME_AMBIGUOUS:
            return _twice(text, self._clocks.clock(int(cell["clock"])))
        if code is Code.ACTION_TIME_NONEXISTENT:
            return _never(text, self._clocks.clock(int(cell["clock"])))
        if code is Code.AMOUNT_UNREADABLE:
            amounts = self._clocks.of_amounts(int(cell["table"]))
            return suggest_amount(value, amounts, self._currency)
        return suggest(code, value)

    def _of_unreadable(self, code: Code, text: str, cell: Mapping[str, Any]) -> str:
        # A time is read by the clock of its row's site, a date by none: whatever day the cell shows is meant.
        if code is Code.ACTION_TIME_UNREADABLE and cell["clock"] is not None:
            clock = self._clocks.clock(int(cell["clock"]))
            return _unreadable(text, clock, self._said(cell))
        of_dates = self._clocks.of_dates(int(cell["table"]), str(cell["field"]))
        return _unreadable(text, of_dates, None)

    def _said(self, cell: Mapping[str, Any]) -> SaidClock:
        place = cell["clock"]
        return _BY_DOCUMENT if place is None else self._clocks.saids[int(place)]


def example(said: SaidClock | None) -> str:
    """Show how a time is written, by the clock that holds; of None, how a day is.

    >>> from zoneinfo import ZoneInfo
    >>> example(SaidClock(ZoneInfo("Europe/Berlin"), SaidBy.SITE, ZoneInfo("Europe/Berlin")))
    "2026-10-25 17:00, in the studio's time"
    >>> example(SaidClock(UTC, SaidBy.SITE, ZoneInfo("Europe/Berlin")))
    '2026-10-25 16:00, in UTC, for 5:00 pm in the studio'
    """
    if said is None:
        return f"{_EXAMPLE:%Y-%m-%d}"
    hour = spoken(_EXAMPLE).partition(", ")[2]
    if said.said_by is SaidBy.NOBODY and said.studio is not None:
        return f"{_EXAMPLE.replace(tzinfo=said.studio).isoformat(timespec='minutes')} for {hour} in the studio"
    if not is_utc(said.zone):
        return f"{_EXAMPLE:%Y-%m-%d %H:%M}, in the studio's time"
    if said.studio is None:
        return f"{_EXAMPLE:%Y-%m-%d %H:%M}, in UTC"
    in_utc = _EXAMPLE.replace(tzinfo=said.studio).astimezone(UTC)
    return f"{in_utc:%Y-%m-%d %H:%M}, in UTC, for {hour} in the studio"


def _unreadable(value: str, how: Clock, said: SaidClock | None) -> str:
    """Say why a time, or a day where `said` is None, cannot be read, and how it is written."""
    plain = plain_text(value)
    write = f"write it like {example(said)}"
    counted = what_number_counts(plain)
    if counted is not None:
        return _number(counted[0], counted[1], write)
    for pattern, why in _REASONS:
        if pattern.fullmatch(plain):
            return f"{why}{write}"
    if how.has_halves and as_iso(value, how.date_order) is not None:
        return f"other times of the column have am or pm, and this one may be either: add it, or {write}"
    if how.lacks_halves and as_iso(value, how.date_order) is not None:
        return f"no hour of the column is after 12, so the clock may be one of 12 hours: add am or pm, or {write}"
    if how.is_exchanged and _ISO_LIKE.fullmatch(plain):
        return _exchanged(value, write)
    if _IN_NUMBERS.fullmatch(plain):
        return _which_order(value, how, write)
    zone = _NAMED_ZONE.fullmatch(plain)
    if zone is not None and zone["zone"] not in ("am", "pm", "utc", "gmt"):
        return f"several zones are called {zone['zone'].upper()}: {write}"
    return _no_such(plain, write)


_REASONS: Sequence[tuple["re.Pattern[str]", str]] = (
    (_UNSET, "this is how Mindbody writes a date that was never set: empty the cell, or "),
    (_ZERO_DAY, "a spreadsheet shows this for an empty cell, or for a time without its day: empty it, or "),
    (_TIME_ALONE, "the day is missing: "),
    (_SHORT_YEAR, f"a year of two digits can be read in several ways: {_IN_EXCEL}, or "),
    (_SECOND_60, "a minute has the seconds 0 to 59: "),
)


def _number(count: Count, at: datetime, write: str) -> str:
    if count is Count.DAYS:
        on_mac = spoken(at + FROM_1900_TO_1904)
        may_be = f"it may be {spoken(at)}, or in a workbook that began on a Mac {on_mac}"
        return f"this is a date that has lost its format ({may_be}): {_IN_EXCEL}, or {write}"
    return f"this may be {count}, {spoken(at)} in UTC: {write}"


def _exchanged(value: str, write: str) -> str:
    iso = as_iso(value)
    if iso is None:
        return write
    shown = datetime.fromisoformat(iso)
    meant = shown.replace(month=shown.day, day=shown.month)
    return (
        f"a spreadsheet may have exchanged day and month: it shows {_day(shown)}, and may mean {_day(meant)}. Type the "
        f"dates of the column anew, those that stand as text too, or {write}"
    )


def _which_order(value: str, how: Clock, write: str) -> str:
    in_each_order = [as_iso(value, order) for order in DateOrder]
    days = [iso for iso in in_each_order if iso is not None]
    if how.date_order is not None and days:
        return f"there is no such day where the {_FIRST[how.date_order]} comes first: {write}"
    if len(days) < 2:
        return f"there is no such day or time: {write}"
    could_be = " or ".join(_day(datetime.fromisoformat(iso)) for iso in days)
    return f"it can be {could_be}: {write}; where all dates have one order, `tieout layout FILE` asks which, once"


_FIRST = {DateOrder.DAY_FIRST: "day", DateOrder.MONTH_FIRST: "month"}


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _no_such(plain: str, write: str) -> str:
    found = _ISO_LIKE.fullmatch(plain)
    if found is None:
        return write
    if int(found["year"]) < 1900:
        return f"no booking system has times before 1900: {write}"
    if _TOO_WIDE.fullmatch(plain):
        return f"there is no such day, time or offset (no offset has 24 hours): {write}"
    return f"there is no such day or time: {write}" if _WHOLE_ISO.fullmatch(plain) else write


def _twice(value: str, clock: Clock) -> str:
    local = _local(value, clock)
    if local is None:
        return "add the offset, like 2026-11-01T01:30:00-07:00"
    first, second = (local.replace(tzinfo=clock.zone, fold=fold).isoformat() for fold in (0, 1))
    return f"write {first} for the first of the two, {second} for the second"


def _never(value: str, clock: Clock) -> str:
    local = _local(value, clock)
    if local is None:
        return "look up which hour was meant"
    before, after = (local.replace(tzinfo=clock.zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # With fold 0 the offset of before the change holds, which a clock shows that nobody has put forward.
    put_forward = local + abs(after - before)
    return (
        f"write {put_forward:%Y-%m-%d %H:%M} if the clock had not been put forward yet ({zone_name(clock.zone)}), else "
        "the hour that was meant"
    )


def _local(value: str, clock: Clock) -> datetime | None:
    iso = as_iso(value, clock.date_order)
    return None if iso is None else datetime.fromisoformat(iso).replace(tzinfo=None)
