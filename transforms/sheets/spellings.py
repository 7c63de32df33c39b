"""Times that people and programs write in other ways than ISO 8601, read where they have one meaning.

    2026-03-13 12:52:32.123 UTC     2026-03-13T12:52:32+0000     2026-03-13 12:52:32 +0000 UTC     …Z[UTC]
    2026-3-13 9:05     2026/03/13 12:52 PM GMT-5     20260313T125232Z     2026-03-13T24:00:00Z
    Oct 28, 2026     28 Oct 2026 6:30 pm     Sunday, 25 October 2026     28. Oktober 2026     13-Mar-2026

Which of two numbers is the day is told by the caller; 25/10/2026 tells it itself. A year has four digits: 25/10/26 may
be of 2025 or 2026. EST is the name of several zones, so a zone is an offset, or UTC.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

_MINUS_SIGNS = ("\u2212", "\u2013", "\u2010", "\u2011")
_APOSTROPHES = ("'", "\u2019")
_ENDS_WITH_CLOCK = re.compile(r"[0-9]:[0-9]{2}|[0-9]t[0-9]{4}")


class DateOrder(StrEnum):
    """Which comes first where a day is written in numbers alone: told by a person, or by the whole column."""

    DAY_FIRST = "D/M"
    MONTH_FIRST = "M/D"


# English, German, French, Spanish, Italian, Portuguese and Dutch, as far as each name has one meaning in all of them.
_MONTHS: tuple[str, ...] = (
    "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "feb february februar février fevrier févr fevr fév febrero febbraio fevereiro fev februari",
    "mar march märz maerz mär mrz mars marzo março marco maart mrt",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august août aout agosto ago augustus",
    "sep sept september septembre septiembre settembre set setembro",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre decembre déc diciembre dic dicembre dezembro",
)
_MONTH_OF: Mapping[str, int] = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAME = r"(?P<month>[^\W\d_]{3,10})"

_SPACE = re.compile(r"[\s\u00a0\u202f]+")
_ZONES = re.compile(
    r"(?P<rest>.*?[0-9m.])\s*(?:"
    r"(?P<offset>[+-][0-9]{1,2}(?::?[0-9]{2})?)(?:\s*(?:utc|gmt|z))?"
    r"|(?:utc|gmt)(?P<from_utc>\s?[+-][0-9]{1,2}(?::?[0-9]{2})?)?"
    r"|z)(?:\[(?:utc|gmt)\])?(?:\s*\([^()]*\))?",
)
_CLOCK = re.compile(
    r"(?P<date>.+?)(?:,?\s+(?:at\s+|um\s+|à\s+)?|t)(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,12})?)?)?(?:\s?(?P<half>[ap])\.?m\.?)?"
)
_BASIC = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"t(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?:[.,][0-9]{1,12})?"
)
_DATES = tuple(
    map(
        re.compile,
        (
            r"(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})",
            rf"(?:[^\W\d_]{{2,10}}\.?,?\s+)?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th|\.)?[\s-]*(?:de\s+)?{_NAME}\.?,?[\s-]*(?:de\s+)?(?P<year>[0-9]{{4}})",
            rf"(?:[^\W\d_]{{2,10}}\.?,?\s+)?{_NAME}\.?[\s-]+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,?[\s-]+(?P<year>[0-9]{{4}})",
        ),
    )
)
_NUMBERS = re.compile(r"(?P<first>[0-9]{1,2})(?P<sign>[-/.])(?P<second>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})")
_WIDEST_OFFSET = 24 * 60 - 1  # minutes


def as_iso(text: str, order: DateOrder | None = None) -> str | None:
    """Write a time as ISO 8601 does, to the second, with an offset where it has one; None where it is not sure.

    >>> as_iso("Oct 28, 2026 6:30 pm"), as_iso("2026-03-13 12:52:32 +0000 UTC"), as_iso("1/2/2026"), as_iso("13-Mar-26")
    ('2026-10-28T18:30:00', '2026-03-13T12:52:32+00:00', None, None)
    """
    plain = plain_text(text)
    rest, offset = split_zone(plain)
    if offset is None:
        return None
    found = _BASIC.fullmatch(rest)
    moment = _of_parts(found.groupdict(), found) if found else _read(rest, order)
    return None if moment is None else moment.isoformat() + offset


def plain_text(text: str) -> str:
    """Forget case, kinds of blanks and of minus signs, and the apostrophe that keeps a spreadsheet from reading."""
    plain = _SPACE.sub(" ", text).strip().casefold()
    for minus in _MINUS_SIGNS:
        plain = plain.replace(minus, "-")
    for apostrophe in _APOSTROPHES:
        plain = plain.removeprefix(apostrophe)
    return plain.strip()


def split_zone(plain: str) -> tuple[str, str | None]:
    """Take the offset off the end: "+00:00" for UTC, "" where there is none, None where there is no such offset."""
    found = _ZONES.fullmatch(plain)
    # The end of a plain date, as "-08", looks like an offset: one stands behind a clock.
    if found is None or not _ENDS_WITH_CLOCK.search(found["rest"]):
        return plain, ""
    rest = found["rest"].strip()
    written = found["offset"] or (found["from_utc"] or "").strip()
    if not written:
        return rest, "+00:00"
    return rest, _offset(written)


def _offset(written: str) -> str | None:
    sign = written[0]
    digits = written[1:].replace(":", "")
    has_minutes = len(digits) > 2
    hours = int(digits[:-2]) if has_minutes else int(digits)
    minutes = int(digits[-2:]) if has_minutes else 0
    # No clock is further from UTC; "+90:00" is a slip, and would move the action by days.
    if minutes > 59 or hours * 60 + minutes > _WIDEST_OFFSET:
        return None
    return f"{sign}{hours:02}:{minutes:02}"


def _read(rest: str, order: DateOrder | None) -> datetime | None:
    clock = _CLOCK.fullmatch(rest)
    day = read_day(clock["date"].strip() if clock else rest, order)
    if day is None:
        return None
    return on_day(day, clock)


def read_day(plain: str, order: DateOrder | None) -> date | None:
    """Read a day whose month has a name or stands between year and day, or all of whose numbers have their place."""
    numbers = _NUMBERS.fullmatch(plain)
    if numbers is not None:
        placed = _placed(int(numbers["first"]), int(numbers["second"]), order)
        return _day(int(numbers["year"]), placed[1], placed[0])
    for pattern in _DATES:
        found = pattern.fullmatch(plain)
        if found is None:
            continue
        month = found["month"]
        number = int(month) if month.isdigit() else _MONTH_OF.get(month)
        return None if number is None else _day(int(found["year"]), number, int(found["day"]))
    return None


def _placed(first: int, second: int, order: DateOrder | None) -> tuple[int, int]:
    """Return day and month; (0, 0) where nobody says which is which, and no number is too large for a month."""
    is_first_no_month = first > 12
    is_second_no_month = second > 12
    if order is None and (first == second or is_first_no_month is not is_second_no_month):
        order = DateOrder.DAY_FIRST if is_first_no_month else DateOrder.MONTH_FIRST
    # 05/10 was the 5th of October to whoever typed it, or the 10th of May. Guessed wrong, points are given under
    # another day, and the same row in another file is another event, and paid again.
    if order is None:
        return 0, 0
    return (first, second) if order is DateOrder.DAY_FIRST else (second, first)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def on_day(day: date, clock: "re.Match[str] | None") -> datetime | None:
    """Set a clock (`hour`, `minute`, `second`, `half`) on a day; midnight without one, None where no clock shows it."""
    start = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a clock without a zone
    if clock is None:
        return start
    half = clock.groupdict().get("half")
    hour, minute, second = int(clock["hour"]), int(clock["minute"] or 0), int(clock["second"] or 0)
    # An hour alone is one beside am or pm.
    if clock["minute"] is None and not half:
        return None
    # 24:00 is the end of the day, by ISO 8601; 12 am is the hour 0, and 12 pm the hour 12.
    is_end = (hour, minute, second) == (24, 0, 0) and not half
    if minute > 59 or second > 59 or (hour > 23 and not is_end) or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + 12 * (half == "p")
    try:
        return start + timedelta(hours=hour, minutes=minute, seconds=second)
    except OverflowError:
        return None


def _of_parts(parts: Mapping[str, str], clock: "re.Match[str]") -> datetime | None:
    year = int(parts["year"])
    day = _day(year, int(parts["month"]), int(parts["day"]))
    if day is None:
        return None
    return on_day(day, clock)
