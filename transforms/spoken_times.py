"""Moments as people say them: Sun 25 Oct 2026, 5:00 pm."""

import re
from datetime import date, datetime, tzinfo
from typing import Final

# As what is known about a difference is written into the ledger, whichever site it is of.
_IN_UTC: Final = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) UTC\b")


def spoken(at: datetime, *, is_to_the_second: bool = False) -> str:
    """Write a time as people say it, by the clock that it has; seconds where there are any, or wanted.

    >>> spoken(datetime(2026, 10, 25, 17, 0)), spoken(datetime(2026, 3, 1, 0, 5, 9))
    ('Sun 25 Oct 2026, 5:00 pm', 'Sun 1 Mar 2026, 12:05:09 am')
    """
    # Neither noon nor midnight is 0 o'clock.
    hour = at.hour % 12 or 12
    clock = f"{hour}:{at.minute:02}"
    if at.second or is_to_the_second:
        clock += f":{at.second:02}"
    return f"{spoken_day(at)}, {clock} {_half(at)}"


def spoken_minute(at: datetime) -> str:
    """Write the minute of a time with a zone, and the zone: seconds say nothing of when a night begins.

    >>> from datetime import UTC
    >>> spoken_minute(datetime(2026, 10, 5, 17, 0, 9, tzinfo=UTC))
    'Mon 5 Oct 2026, 5:00 pm UTC'
    """
    return f"{spoken_day(at)}, {spoken_hour(at)} {at:%Z}"


def spoken_hour(at: datetime) -> str:
    """Write the minute of a day: 5:00 pm."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {_half(at)}"


def spoken_day(day: date) -> str:
    """Write a day: Mon 5 Oct 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def spoken_date(day: date) -> str:
    """Write a day without its weekday: 5 Oct 2026."""
    return f"{day.day} {day:%b %Y}"


def _half(at: datetime) -> str:
    return "am" if at.hour < 12 else "pm"


def retold(text: str, zone: tzinfo) -> str:
    """Tell the moments in a text, which are in UTC, by another clock; all else stays.

    >>> from zoneinfo import ZoneInfo
    >>> retold("Earned 1 point at 2026-10-30 17:00:00 UTC.", ZoneInfo("America/Los_Angeles"))
    'Earned 1 point at Fri 30 Oct 2026, 10:00 am PDT.'
    """
    return _IN_UTC.sub(lambda found: _told(datetime.fromisoformat(f"{found[1]}+00:00").astimezone(zone)), text)


def _told(at: datetime) -> str:
    # Two moments of the hour that a clock change repeats differ by the name of the zone alone.
    return f"{spoken(at)} {at.tzname()}"
